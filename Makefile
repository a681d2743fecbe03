# Parley's verbs. On a fresh machine `make run` and `make test` need Python 3.11 or later, and make.

.DEFAULT_GOAL := help
.NOTPARALLEL:

python := .venv/bin/python

# Options of server.py for `make run` and `make cluster`, of tools/turn.py for `make turn`, of pytest for `make test` and `make check`, of the benchmarks for `make bench`.
ARGS ?=
# Processes that run tests at once; 0 runs them in the one that is called.
WORKERS ?= 2

.PHONY: help install dev parts run cluster turn test check format formatted lint types imports docs unchanged bench bench-growth bench-forum bench-peers faults fuzz vendor lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Make .venv with what the server needs
	@tools/bootstrap.sh requirements.txt

run: install ## Start the server on http://localhost:8080 with its data in ./data; ARGS="--port 9000" changes that
	@exec $(python) server.py $(ARGS)

cluster: dev ## Start three nodes, a Redis and a load balancer on https://localhost:8443; ARGS="--port 9443" changes that
	@tools/parts.sh redis haproxy
	@exec $(python) tools/cluster.py $(ARGS)

turn: install ## Start a coturn for calls and print the file for --calls; ARGS="--open" where this machine's address is private
	@tools/parts.sh turn
	@exec $(python) tools/turn.py $(ARGS)

test: parts ## Run all tests on real parts, which are found or installed; ARGS="-k name" picks some
	@$(python) -m pytest -n $(WORKERS) --dist loadscope $(ARGS)

check: parts formatted lint types imports unchanged ## Do what CI does: all of these, the tests with coverage, and the guard of the figures
	@$(python) -m pytest -n $(WORKERS) --dist loadscope --cov --cov-report=term $(ARGS)
	@$(python) -m benchmarks.guard

format: dev ## Lay out the code and sort its imports
	@$(python) -m ruff check --quiet --fix-only --select I .
	@$(python) -m ruff format .

lint: dev ## Look for mistakes in the code
	@$(python) -m ruff check .

types: dev ## Check the types of the Python code, tests included, and of the page
	@$(python) -m mypy
	@tools/page-types.sh

imports: dev ## Check who may import whom
	@.venv/bin/lint-imports --no-logo

# Fails where `make format` would change something.
formatted: dev
	@$(python) -m ruff format --check .

# Fails where `make docs` would change something.
unchanged: dev
	@tools/documents.sh

docs: install ## Write the documents that the program generates into docs/
	@$(python) server.py documents docs

bench: dev ## Print what one node does, beside the floors; five minutes; ARGS=--write puts it into docs/performance.md
	@$(python) -m benchmarks $(ARGS)

bench-growth: dev ## The same for how it grows with members, sessions, senders, messages and nodes; longer
	@$(python) -m benchmarks.growth $(ARGS)

bench-forum: dev ## What lists of posts and comments and the feed cost with a hundred times the posts and votes; ten minutes
	@$(python) -m benchmarks.forum $(ARGS)

bench-peers: dev ## What others do with the same work, installed apart from everything; half an hour
	@$(python) -m benchmarks.peers $(ARGS)

faults: parts ## Break nodes and Redis under load and print what is left; long; ARGS="--only kills --seed 7"
	@$(python) -m tests.faults $(ARGS)

fuzz: dev ## Give what reads bytes of anybody a million inputs; ARGS="frames -runs=5000000" picks a target and how many
	@$(python) -m tests.fuzz $(ARGS)

vendor: install ## Fetch the vendored files of the page anew, at their pinned releases; needs npm
	@$(python) tools/vendor.py

lock: ## Compile the requirements files from pyproject.toml, on Python 3.11; ARGS=--upgrade takes newer releases
	@tools/lock.sh $(ARGS)

clean: ## Remove everything that make made, but never ./data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
	@rm -rf tools/typescript/node_modules .peers .fuzz .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the targets above stand on.
dev:
	@tools/bootstrap.sh requirements-dev.txt

parts: dev
	@tools/parts.sh
