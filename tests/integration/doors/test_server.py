"""The program: how it starts, what it refuses to start with, what it says meanwhile, and how it ends."""

import asyncio
import contextlib
import json
import logging
import re
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers import health, pages
from handlers.pages import version_of
from store import open_database
from tests.application import running
from tests.client.rest import Rest
from tests.client.site import Site
from tests.people import Person
from tests.processes import ROOT, ServerProcess, environment
from tests.processes import running as running_process
from tests.unstable import Fault


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program until it ends."""
    command = [sys.executable, "server.py", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(**variables), capture_output=True, text=True, timeout=30, check=False
    )


# Starting


def test_help_is_told_and_nothing_else_happens(tmp_path: Path) -> None:
    done = run("--help", "--data-dir", tmp_path / "data")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("--port", "PARLEY_PORT", "--data-dir", "--mongo-url", "--redis-url", "backup", "restore"):
        assert word in done.stdout
    assert not (tmp_path / "data").exists()


def test_all_bad_settings_are_told_at_once(tmp_path: Path) -> None:
    done = run("--port", "http", "--data-dir", tmp_path, "--nonsense", PARLEY_LIMITS="maybe", PARLEY_SECRET="short")
    assert (done.returncode, done.stdout) == (2, "")
    for word in ("--port", "--nonsense", "PARLEY_LIMITS", "PARLEY_SECRET"):
        assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--port", str(taken.getsockname()[1]), "--data-dir", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("server.py: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "statement",
    ["UPDATE _meta SET value = 99 WHERE key = 'version'", "UPDATE _meta SET value = 'other' WHERE key = 'product'"],
)
async def test_database_of_another_version_or_product_is_refused(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "parley.db"
    async with open_database(tmp_path, None):
        pass
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    before = path.read_bytes()
    done = run("--port", "0", "--data-dir", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_sample_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    secret = "changeme" * 5
    (tmp_path / "secret").write_text(secret)
    done = run("--port", "0", "--data-dir", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sample" in done.stderr
    assert secret not in done.stderr


# Running


def _logged(process: ServerProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.log if line.startswith("{")]


async def test_program_drains_and_keeps_what_it_has(tmp_path: Path) -> None:
    """Its whole life, seen from outside: started twice on the same data, ended in order."""
    variables = {"PARLEY_LOG": "json", "PARLEY_METRICS_PORT": "0"}
    process = ServerProcess(tmp_path / "data", variables=variables, forked=False)
    text, password = "words nobody else may read", "a password nobody else may read"
    async with running_process(process), Site(process.address) as site:
        ann = Person(site, await site.register("ann", password=password))
        room = await ann.create()
        await ann.say(room, text)
        live = await ann.connect()
        rest = await site.rest.request("GET", "/metrics")
        ending = asyncio.create_task(asyncio.to_thread(process.stop))
        assert (await live.next("goaway"))["d"] == {"after": 0, "spread": 6}
        assert await live.code() == 4000
        assert await ending == 0
    assert rest.status == 404, "it has a port of its own"
    secret = tmp_path / "data" / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    lines = _logged(process)
    loud = [line["message"] for line in lines if line["level"] == "warning"]
    assert [re.match(r"[A-Z ]+", line)[0].strip() for line in loud[:2]] == ["LIMITS ARE OFF", "BCRYPT COST IS"]  # type: ignore[index]
    whole = "\n".join(process.log)
    for private in (text, password, ann.account.token, ann.account.refresh_token, secret.read_text().strip()):
        assert private not in whole
    async with running_process(process), Site(process.address) as site:
        again = Person(site, await site.log_in(ann.account))
        assert await again.texts(room) == [text]
        assert (await site.rest.request("GET", "/api/users/me", token=ann.account.token)).status == 200


# Health and metrics


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(tmp_path) as parley:
        yield parley.site


async def test_ready_tells_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as parley:
        rest = parley.site.rest
        good = await rest.request("GET", "/health/ready")
        assert (good.status, good.json) == (200, {"status": "ok", "reasons": []})
        assert good.headers["cache-control"] == "no-store"
        bad = {"status": "unavailable", "reasons": ["the store does not keep writes"]}
        for fault in (Fault.UNAVAILABLE, Fault.UNANSWERED):
            parley.store.fail(fault, "ping")
            answer = await rest.request("GET", "/health/ready")
            assert (answer.status, answer.json) == (503, bad)
        monkeypatch.setattr(health, "READY_S", 0.05)
        gate = parley.store.hold("ping")
        answer = await rest.request("GET", "/health/ready")
        assert (answer.status, answer.json) == (503, bad)
        gate.release()
        assert (await rest.request("GET", "/health/live")).json == {"status": "ok", "reasons": []}


async def test_metrics_count_what_happens(tmp_path: Path) -> None:
    async with running(tmp_path) as parley:
        ann, bob = await parley.people("ann", "bob")
        room = await ann.create()
        live = await ann.connect()
        await ann.say(room)
        await live.next("message")
        await bob.refused("message.list", room=room)
        text = (await parley.site.rest.request("GET", "/metrics")).body.decode()
        for line in (
            'parley_operations_total{code="ok",operation="message.send"} 1.0',
            'parley_operations_total{code="not_a_member",operation="message.list"} 1.0',
            'parley_operation_seconds_count{operation="room.create"} 1.0',
            "parley_sessions 1.0",
            "parley_watched_streams 2.0",
            "parley_appends_waiting 0.0",
        ):
            assert line in text.splitlines()
        assert ann.account.username not in text
        await live.socket.close()
        await parley.door.empty.wait()
        text = (await parley.site.rest.request("GET", "/metrics")).body.decode()
        assert "parley_sessions 0.0" in text
        assert 'parley_sockets_closed_total{code="1000"} 1.0' in text


async def test_metrics_may_have_a_port_of_their_own(tmp_path: Path) -> None:
    async with running(tmp_path, metrics_port=0) as parley:
        assert parley.node.metrics_port is not None
        own = Rest(("127.0.0.1", parley.node.metrics_port))
        assert (await own.request("GET", "/metrics")).status == 200
        assert (await own.request("GET", "/")).status == 404
        assert (await parley.site.rest.request("GET", "/metrics")).status == 404
        await own.close()


# The page


@pytest.mark.parametrize("path", ["/", "/index.html", "/app.js"])
async def test_page_comes_under_a_strict_policy(site: Site, path: str) -> None:
    answer = await site.rest.request("GET", path)
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name, value in {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-cache",
    }.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers


async def test_files_of_the_page_are_kept_for_good_by_their_version(site: Site) -> None:
    page = await site.rest.request("GET", "/")
    names = re.findall(rb' (?:href|src)="([^"]+)"', page.body)
    assert len(names) > 10
    for name in map(bytes.decode, names):
        assert re.fullmatch(r"/files/[0-9a-f]{16}/.+", name)
        for method in ("GET", "HEAD"):
            answer = await site.rest.request(method, name)
            assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
            assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_page_is_not_kept_once_there_is_another(site: Site) -> None:
    page = await site.rest.request("GET", "/")
    again = await site.rest.request("GET", "/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status, again.headers["cache-control"]) == (304, "no-cache")


async def test_file_that_has_changed_since_the_start_is_not_kept_by_the_old_version(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/files/{pages.VERSION}/app.js"
    assert "immutable" in (await site.rest.request("GET", path)).headers["cache-control"]
    monkeypatch.setitem(pages.STATES, str(pages.STATIC / "app.js"), (0, 0))
    assert (await site.rest.request("GET", path)).headers["cache-control"] == "no-cache"


async def test_answer_that_there_are_no_such_bytes_is_not_kept(site: Site) -> None:
    past = {"Range": "bytes=99999999-"}
    answer = await site.rest.request("GET", f"/files/{pages.VERSION}/app.js", headers=past)
    assert (answer.status, answer.headers["cache-control"]) == (416, "no-cache")


@pytest.mark.parametrize("path", ["/files/0123456789abcdef/app.js", "/app.js?v=1", "/files/0123456789abcdef/none.js"])
async def test_files_by_another_version_are_asked_about_each_time(site: Site, path: str) -> None:
    answer = await site.rest.request("GET", path)
    assert answer.status == (404 if "none" in path else 200)
    assert answer.headers["cache-control"] == "no-cache"
    assert "expires" not in answer.headers


@pytest.mark.parametrize("change", ["its content", "its name", "another one", "content that was a name"])
def test_version_changes_with_every_file(tmp_path: Path, change: str) -> None:
    path = tmp_path / "style" / "some.css"
    path.parent.mkdir()
    path.write_text("a {}")
    before = version_of(tmp_path)
    assert version_of(tmp_path) == before
    if change == "its content":
        path.write_text("b {}")
    elif change == "its name":
        path.rename(path.with_name("other.css"))
    elif change == "another one":
        (tmp_path / "empty.js").touch()
    else:
        path.write_text(" {}")
        path.rename(path.with_name("some.cssa"))
    assert version_of(tmp_path) != before


@pytest.mark.parametrize(
    "path", ["/nothing", "/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "/.git/config", "/%00"]
)
async def test_nothing_but_the_page_is_served(site: Site, path: str) -> None:
    assert (await site.rest.request("GET", path)).status in (403, 404)


# The log


async def test_slow_and_failed_operations_are_logged_by_name_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("services.operations.operation.SLOW_S", 0.0)
    text = "words\r\n2026-01-01 forged line"
    async with running(tmp_path) as parley:
        (ann,) = await parley.people("ann")
        room = await ann.create()
        parley.store.fail(Fault.UNAVAILABLE, "batch")
        assert await ann.refused("message.send", room=room, text=text, cid="c1") == "unavailable"
        await ann.say(room, text)
        said = [vars(record) for record in caplog.records if record.name.startswith(("services", "handlers", "ws"))]
    slow = [record for record in said if record["message"] == "slow operation"]
    assert ("message.send", "unavailable") in [(record["operation"], record["code"]) for record in slow]
    assert "forged" not in str(said)
    assert ann.account.token not in str(said)
