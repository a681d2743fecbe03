"""What the page of security says of the program by name: where cryptography is used, and what is logged."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from tests.processes import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
LISTED = (ROOT / "docs" / "security" / "cryptography.md").read_text(encoding="utf-8")
PRODUCT = [
    ROOT / "server.py",
    *(path for part in ("handlers", "services", "store", "ws") for path in (ROOT / part).rglob("*.py")),
]
CRYPTOGRAPHY = {"bcrypt", "cryptography", "hashlib", "hmac", "jwt", "pyotp", "random", "secrets", "ssl", "webauthn"}
HASHES = {"sha256", "sha384", "blake2b"}
NAMES = {("ws/wire/handshake.py", "sha1"), ("store/redis/link.py", "sha1")}
"""A handshake's answer (RFC 6455) and the name of a script in Redis are SHA-1: nothing rests on it."""


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree(path))


def imported(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_use_of_cryptography_is_listed() -> None:
    listed = {
        file: set(uses.split(", "))
        for file, uses in re.findall(r"^\| `([\w/]+\.py)` \| ([\w, ]+) \| .+ \|$", LISTED, re.MULTILINE)
    }
    used = {path.relative_to(ROOT).as_posix(): imported(path) & CRYPTOGRAPHY for path in PRODUCT}
    assert listed == {file: uses for file, uses in used.items() if uses}


def test_hashes_are_approved_ones() -> None:
    """Every name of ``hashlib`` that is used; ruff sees to those that are given as text."""
    used = set()
    for path in PRODUCT:
        file = path.relative_to(ROOT).as_posix()
        for node in nodes(path):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hashlib":
                used.add((file, node.attr))
            elif isinstance(node, ast.ImportFrom) and node.module == "hashlib":
                used |= {(file, alias.name) for alias in node.names}
    assert {(file, name) for file, name in used if name not in HASHES} == NAMES


def test_every_event_of_the_security_log_is_told() -> None:
    texts = set()
    for path in PRODUCT:
        for node in nodes(path):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            logger, words = node.func.value, node.args[0]
            if isinstance(logger, ast.Name) and logger.id == "security" and isinstance(words, ast.Constant):
                texts.add(words.value)
    told = set(re.findall(r"^\| `([^`]+)` \| .+ \|$", section("What is logged"), re.MULTILINE))
    assert texts
    assert told == texts


def test_product_starts_no_other_program() -> None:
    modules = {"ctypes", "multiprocessing", "pty", "runpy", "subprocess"}
    calls = re.compile(r"os\.(exec|fork|popen|posix_spawn|spawn|system)|asyncio\.create_subprocess")
    found = set()
    for path in PRODUCT:
        file = path.relative_to(ROOT).as_posix()
        found |= {(file, module) for module in imported(path) & modules}
        named = (ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute))
        found |= {(file, name) for name in named if calls.match(name)}
    assert found == set()


def test_connections_go_out_from_where_it_is_told() -> None:
    drivers = re.compile(r"(pymongo|redis|aiosmtplib|http\.client|urllib\.request|tornado\.(simple_)?httpclient)\b")
    connect = re.compile(r"\.(open_connection|open_unix_connection|create_connection|sock_connect|connect_ex)$")
    found = set()
    for path in PRODUCT:
        for node in nodes(path):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                named = [node.module or ""]
            else:
                named = []
            connects = isinstance(node, ast.Attribute) and connect.search(ast.unparse(node))
            if connects or any(drivers.match(name) for name in named):
                found.add(path.relative_to(ROOT).as_posix())
    told = tuple(re.findall(r"`([\w/]+(?:/|\.py))`", section("Whom a node talks to")))
    assert found
    assert {file for file in found if not file.startswith(told)} == set()
    assert {place for place in told if not any(file.startswith(place) for file in found)} == set()


def test_program_catches_what_nobody_does_before_it_begins() -> None:
    main = next(
        node for node in tree(ROOT / "server.py").body if isinstance(node, ast.FunctionDef) and node.name == "main"
    )
    calls = [ast.unparse(node.func) for node in ast.walk(main) if isinstance(node, ast.Call)]
    assert calls.index("logs.configure") < calls.index("logs.catch_all")
    begins = next(n for n, node in enumerate(main.body) if isinstance(node, ast.Try))
    assert "logs.catch_all()" in [ast.unparse(node) for node in main.body[:begins]]
