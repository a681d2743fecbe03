"""Every operation through both doors: the same answer, the same code."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.routes import ROUTES, normal, request_of
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.integration.every_operation.parity_rows import ROWS, STATUS, Stage
from tests.integration.every_operation.published import SAME, codes_of, documents, rest_operations, socket_operations
from tests.integration.every_operation.rows import Row
from tests.integration.every_operation.world import Person
from tests.processes import ServerProcess, running

EVERYWHERE = frozenset(
    {
        "bad_request",
        "unauthenticated",
        "account_banned",
        "scope_missing",
        "cross_site",
        "rate_limited",
        "unavailable",
        "internal",
        "too_large",
        "unsupported_media_type",
    }
)
"""Codes that any operation may answer: they are made before it runs, and have tests of their own, here and in
test_refusals."""

WITHOUT_ANSWER = frozenset({"hello"})
"""Operations of the websocket that no route could have: test_websocket has them."""

ANYTHING = {"call.signal": {"data"}}
"""Fields that may hold any object."""

CHANGING = frozenset({"blocked", "direct", "page"})
"""Kinds of rows whose stage other rows change, for there is but one of each."""

Outcome = tuple[str, Any]


async def _by_rest(stage: Stage, op: str, who: str, d: Json) -> Outcome:
    method, path, body = request_of(op, d)
    answer = await stage.site.rest.request(method, path, body, token=stage.people[who].account.token)
    code = answer.code or "ok"
    assert answer.status in STATUS[code], f"{op}: {answer.status} {code}"
    return code, normal(answer.json) if code == "ok" and answer.body else _words(answer.json) if answer.body else None


async def _by_socket(stage: Stage, op: str, who: str, d: Json) -> Outcome:
    try:
        ok = await stage.people[who].socket.call(op, d)
    except Refused as refused:
        return refused.code, [refused.detail, list(refused.errors)]
    return "ok", normal(ok)


def _words(problem: Json) -> list[Any]:
    return [problem["detail"], problem.get("errors", [])]


async def _outcomes(stage: Stage, row: Row) -> list[Outcome]:
    """Ask through each door that the operation has, each time on a fresh stage if the first may have changed it."""
    route = ROUTES[row.op]
    asks = [ask for ask, door in ((_by_rest, route.method), (_by_socket, route.socket)) if door]
    changes = row.code == "ok" and route.method != "GET"
    kept = not (changes or row.before or row.call or row.kind in CHANGING)
    d = await stage.prepare(row, kept=kept)
    outcomes: list[Outcome] = []
    for ask in asks:
        d = await stage.prepare(row) if outcomes and changes else d
        outcomes.append(await ask(stage, row.op, row.who, d))
    return outcomes


def _agree(row: Row, outcomes: list[Outcome]) -> str | None:
    """Say what is wrong with what the doors answered."""
    if any(code != row.code for code, _ in outcomes):
        return f"{row}: {[code for code, _ in outcomes]}"
    bodies = [body for _, body in outcomes if body not in (None, {})]
    if any(body != bodies[0] for body in bodies):
        return f"{row}: {bodies}"
    return None


@pytest.fixture
async def stage(site: Site) -> Stage:
    stage = Stage(site)
    await stage.begin()
    return stage


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_both_doors_answer_alike(stage: Stage) -> None:
    wrong = [_agree(row, await _outcomes(stage, row)) for row in ROWS]
    assert [text for text in wrong if text] == []


async def test_every_published_operation_and_code_of_both_doors_has_a_row(site: Site) -> None:
    openapi, asyncapi = await documents(site.rest)
    missing = []
    rows = {(row.op, row.code) for row in ROWS}
    by_socket = socket_operations(asyncapi)
    # What has one door alone has nothing to agree with: its codes are shown by the tests of its subject.
    rest = {name: op for name, (_, _, op) in rest_operations(openapi).items() if SAME.get(name, name) in by_socket}
    for doors, document in ((rest, openapi), (by_socket, asyncapi)):
        for name, operation in doors.items():
            op = SAME.get(name, name)
            if name in WITHOUT_ANSWER:
                continue
            codes = codes_of(operation, document)
            assert codes, name
            wanted = {"ok", *codes} - EVERYWHERE
            # One route joins and adds; one removes others and oneself.
            siblings = {"room.join": "room.add", "room.remove": "room.leave"}.get(op, op)
            missing += [f"{op} {code}" for code in wanted if not {(op, code), (siblings, code)} & rows]
    assert missing == []


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_unknown_field_is_a_bad_request_everywhere(stage: Stage) -> None:
    for row in (row for row in ROWS if row.code == "ok"):
        route = ROUTES[row.op]
        d = await stage.prepare(row, kept=True)
        if route.method in ("POST", "PATCH", "PUT", "GET") and row.op != "message.react":
            code, _ = await _by_rest(stage, row.op, row.who, d | {"unheard_of": 1})
            assert code == "bad_request", row
        if route.socket:
            code, _ = await _by_socket(stage, row.op, row.who, d | {"unheard_of": 1})
            assert code == "bad_request", row


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_wrong_type_is_a_bad_request_everywhere(stage: Stage) -> None:
    for row in (row for row in ROWS if row.code == "ok"):
        d = await stage.prepare(row, kept=True)
        for field in d.keys() - ANYTHING.get(row.op, set()):
            if ROUTES[row.op].socket:
                code, words = await _by_socket(stage, row.op, row.who, d | {field: {"$ne": None}})
                assert code == "bad_request", (row, field)
                assert [error["pointer"] for error in words[1]] == [f"/{field}"], (row, words)
            method, _, body = ("", "", None) if ROUTES[row.op].method is None else request_of(row.op, d)
            if body is not None and field in body:
                code, words = await _by_rest(stage, row.op, row.who, d | {field: {"$ne": None}})
                assert code == "bad_request", (row, method, field)
                assert [error["pointer"] for error in words[1]] == [f"/{field}"], (row, words)


async def test_nobody_is_unauthenticated_everywhere(stage: Stage) -> None:
    for row in (row for row in ROWS if row.code == "ok"):
        if ROUTES[row.op].method is not None and row.op not in ("auth.register", "auth.login", "auth.refresh"):
            method, path, body = request_of(row.op, await stage.prepare(row, kept=True))
            for token in (None, "nonsense", stage.people["owner"].account.refresh_token):
                answer = await stage.site.rest.request(method, path, body, token=token)
                assert (answer.status, answer.code) == (401, "unauthenticated"), row
        if ROUTES[row.op].socket:
            socket = await stage.site.open()
            unanswered = socket.start(row.op, {})
            assert (await asyncio.wait_for(socket.closed, 30)).code == 4501, row
            assert unanswered.done()


AT_ONE_SOCKET = 40
"""Operations that one socket is hurried with: one that is refused 60 times at once is closed."""


@contextlib.asynccontextmanager
async def _limited(store: Store) -> AsyncIterator[Stage]:
    async with running(store.server(PARLEY_LIMITS="on")) as server, Site(server.address) as site:
        stage = Stage(site)
        await stage.begin(("owner",))
        yield stage


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_hurried_person_is_rate_limited_everywhere(store: Store) -> None:
    async with _limited(store) as stage:
        account = stage.people["owner"].account
        rows = {row.op: row for row in ROWS if row.code == "ok" and not row.op.startswith("auth.")}
        for number, (op, row) in enumerate(rows.items(), 1):
            if number % AT_ONE_SOCKET == 0:
                stage.people["owner"] = Person(account, await stage.site.connect(account, deaf=True))
            d = {key: "none" if str(value).startswith("$") else value for key, value in row.d.items()}
            for door in ("rest", "socket") if ROUTES[op].socket else ("rest",):
                if ROUTES[op].method is not None or door == "socket":
                    assert await _hurried(stage, op, d, door, account.token) == "rate_limited", (op, door)


async def _hurried(stage: Stage, op: str, d: Json, door: str, token: str) -> str:
    """Ask again and again until refused for the hurry, or 300 times; return the last code."""
    code = ""
    for _ in range(300):
        if door == "rest":
            method, path, body = request_of(op, d)
            code = (await stage.site.rest.request(method, path, body, token=token)).code or "ok"
        else:
            code, _ = await _by_socket(stage, op, "owner", d)
        if code == "rate_limited":
            break
    return code


WRITES = [row for row in ROWS if row.code == "ok" and row.writes]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_locked_store_is_unavailable_everywhere(tmp_path: Any) -> None:
    async with running(Store("sqlite", tmp_path, None).server()) as server, Site(server.address) as site:
        stage = Stage(site)
        await stage.begin()
        asks = []
        for row in WRITES:
            if ROUTES[row.op].method is not None:
                asks.append(_by_rest(stage, row.op, row.who, await stage.prepare(row)))
            if ROUTES[row.op].socket:
                asks.append(_by_socket(stage, row.op, row.who, await stage.prepare(row)))
        with _locked(server):
            codes = [code for code, _ in await asyncio.gather(*asks)]
        assert codes == ["unavailable"] * len(asks)
        code, _ = (await _outcomes(stage, next(row for row in WRITES if row.op == "message.send")))[0]
        assert code == "ok", "it goes on when the store does"


@contextlib.contextmanager
def _locked(server: ServerProcess) -> Any:
    """Hold the write lock of a server's SQLite file, as a backup tool gone wrong would."""
    (path,) = server.data.glob("*.db")
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()
