"""What holds of every answer and every address: headers that bind browsers, bounds, and pages of other sites."""

import asyncio
import contextlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from handlers.entrance.bodies import ADDRESS_BYTES
from services import OPERATIONS
from services.operations.context import Context
from services.people import profiles
from tests.application import Parley, running
from tests.client.rest import Answer
from tests.people import Person

LISTED = "https://app.example.org"
EVERYWHERE = ["/", "/app.js", "/none", "/docs", "/redoc", "/docs/protocol", "/openapi.json", "/asyncapi.json"]
EVERYWHERE += ["/health/live", "/health/ready", "/metrics", "/api/users/me", "/api/none", "/ws"]


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    networks = frozenset({ip_network("127.0.0.0/8")})
    origins = frozenset({LISTED})
    async with running(tmp_path, trusted_proxies=networks, cors_origins=origins, url="https://chat.example") as parley:
        yield parley


async def ask(parley: Parley, method: str, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await parley.site.rest.request(method, path, headers=named)


# Headers


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_no_answer_tells_what_made_it(parley: Parley, path: str) -> None:
    for method in ("GET", "HEAD", "DELETE", "TRACE", "BREW"):
        answer = await ask(parley, method, path)
        said = json.dumps(answer.headers).lower() + ("" if path == "/metrics" else answer.body.decode().lower())
        assert answer.status < 500
        assert "server" not in answer.headers, method
        assert "tornado" not in said
        assert "traceback" not in said


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if path != "/ws"])
async def test_no_answer_is_guessed_at_or_told_of_to_others(parley: Parley, path: str) -> None:
    for method in ("GET", "BREW"):
        answer = await ask(parley, method, path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if path != "/ws"])
async def test_browsers_that_came_over_tls_ask_over_nothing_else(parley: Parley, path: str) -> None:
    over_tls = await ask(parley, "GET", path, X_Forwarded_Proto="https")
    assert over_tls.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "strict-transport-security" not in (await ask(parley, "GET", path)).headers


@pytest.mark.parametrize("path", ["/api/users/me", "/api/none", "/health/live", "/health/ready", "/metrics", "/ws"])
async def test_what_is_true_for_a_moment_is_not_kept(parley: Parley, path: str) -> None:
    assert (await ask(parley, "GET", path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if path not in {"/ws", "/api/none", "/none"}])
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "get"])
async def test_methods_that_nobody_knows_are_refused(parley: Parley, path: str, method: str) -> None:
    answer = await ask(parley, method, path)
    assert answer.status == 405
    assert b"BREW" not in answer.body


async def test_page_may_use_what_calls_need_and_nothing_else(parley: Parley) -> None:
    policy = (await ask(parley, "GET", "/")).headers["permissions-policy"]
    rights = dict(part.strip().split("=") for part in policy.split(","))
    assert {name for name, who in rights.items() if who == "(self)"} == {"camera", "microphone", "display-capture"}
    assert set(rights.values()) == {"(self)", "()"}


async def test_browser_forgets_what_it_kept_at_a_log_out(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    answer = await ann.account.request("POST", "/api/auth/logout")
    assert (answer.status, answer.headers["clear-site-data"]) == (204, '"storage"')


# Pages of other sites

OURS: list[dict[str, str]] = [
    {},
    {"Sec_Fetch_Site": "same-origin", "Origin": "https://chat.example"},
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "none"},
    {"Origin": "https://chat.example"},
    {"Origin": "http://here.example", "Host": "here.example"},
    {"Origin": "https://here.example", "Host": "here.example"},
    {"Sec_Fetch_Site": "cross-site", "Origin": LISTED},
    {"Origin": LISTED},
]
OTHERS: list[dict[str, str]] = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "surprise"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "https://chat.example"},
    {"Sec_Fetch_Site": "same-site", "Origin": "https://evil.chat.example"},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://chat.example.evil.example"},
    {"Origin": "https://chat.example:8443"},
    {"Origin": "http://chat.example", "Host": "here.example"},
]


@pytest.mark.parametrize("headers", OURS, ids=str)
async def test_our_page_programs_and_listed_sites_may_change_things(parley: Parley, headers: dict[str, str]) -> None:
    assert (await ask(parley, "POST", "/api/auth/refresh", **headers)).code == "unauthenticated"


@pytest.mark.parametrize("headers", OTHERS, ids=str)
async def test_pages_of_other_sites_may_change_nothing(parley: Parley, headers: dict[str, str]) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create("quiet")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    paths = {(operation.method, operation.path) for operation in OPERATIONS if operation.path}
    for method, path in sorted((str(method), str(path)) for method, path in paths):
        if method != "GET":
            place = path.replace("{room}", room).replace("{", "").replace("}", "")
            answer = await parley.site.rest.request(method, place, {}, token=ann.account.token, headers=named)
            assert (answer.status, answer.code) == (403, "cross_site"), (method, path)
    assert (await ann.room(room))["name"] == "quiet"
    answer = await parley.site.rest.request("GET", "/api/users/me", token=ann.account.token, headers=named)
    assert answer.status == 200, "what only reads is between the browser and the origins that it lets read"


def contents(folder: Path) -> list[str]:
    """Return every record of a store."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'data' / 'parley.db'}?mode=ro", uri=True)) as store:
        return list(store.iterdump())


async def test_reading_changes_nothing(parley: Parley, tmp_path: Path) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create("quiet")
    item = await ann.say(room)
    await bob.account.request("POST", f"/api/rooms/{room}/members", {})
    places = {"room": room, "message": item["id"], "user": ann.account.id}
    before = contents(tmp_path)
    read = [str(operation.path) for operation in OPERATIONS if operation.method == "GET" and operation.path]
    for path in read:
        place = re.sub(r"\{(\w+)\}", lambda found: places.get(found[1], "x"), path)
        answer = await parley.site.rest.request("GET", place, token=bob.account.token)
        assert answer.status < 500, path
        answer = await parley.site.rest.request("HEAD", place, token=bob.account.token)
        assert answer.status == 405, path
    assert len(read) > 8
    assert contents(tmp_path) == before


# Bounds


@pytest.mark.parametrize("path", ["/api/rooms", "/", "/health/live", "/ws"])
async def test_address_has_a_bound(parley: Parley, path: str) -> None:
    longest = f"{path}?{'a' * (ADDRESS_BYTES - len(path) - 1)}"
    assert (await ask(parley, "GET", f"{longest}a")).status == 400
    answer = await ask(parley, "GET", longest)
    assert b"an address has at most" not in answer.body


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "media", [FORM, f"{FORM}; charset=utf-8", "multipart/form-data; boundary=b", "MULTIPART/mixed"]
)
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/none", "/", "/ws"])
async def test_forms_are_not_taken_apart_anywhere(parley: Parley, media: str, path: str) -> None:
    answer = await parley.site.rest.request("POST", path, raw=b"a=b&" * 250_000, headers={"Content-Type": media})
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


async def test_form_that_says_nothing_is_no_form(parley: Parley) -> None:
    """Some programs name this type whatever they ask."""
    assert (await ask(parley, "GET", "/health/live", Content_Type=FORM)).status == 200


async def test_compressed_body_is_not_unpacked(parley: Parley) -> None:
    raw, headers = b"\x1f\x8b\x08" + bytes(100), {"Content-Encoding": "gzip"}
    answer = await parley.site.rest.request("POST", "/api/auth/login", raw=raw, headers=headers)
    assert (answer.status, answer.code) == (400, "bad_request")


# Mistakes of ours


async def test_mistake_of_ours_can_be_found_in_the_log(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (ann,) = await parley.people("ann")

    def broken(_user: object) -> None:
        raise ZeroDivisionError("secret cause")

    monkeypatch.setattr(profiles, "myself", broken)
    reader, writer = await asyncio.open_connection("127.0.0.1", parley.node.port)
    writer.write(
        b"GET /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % ann.account.token.encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    problem = json.loads(await reader.readuntil(b"}"))
    writer.transport.abort()
    assert head.startswith(b"HTTP/1.1 500 ")
    (logged,) = [vars(record) for record in caplog.records if record.levelname == "ERROR" and record.exc_info]
    assert problem["instance"] == logged["instance"]
    assert "secret" not in json.dumps(problem)


async def test_mistake_of_ours_on_a_socket_can_be_found_in_the_log(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (ann,) = await parley.people("ann")
    socket = (await Person.connect(ann)).socket

    def broken(_context: Context) -> None:
        raise ZeroDivisionError("secret cause")

    monkeypatch.setattr(Context, "until", property(broken))
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(socket, "_frame", lambda text, _frame: said.put_nowait(text))
    _answer = socket.start("users.get", {"users": [ann.account.id]})
    text = await said.get()
    (logged,) = [vars(record) for record in caplog.records if record.message == "an operation failed"]
    assert json.loads(text)["err"]["instance"] == logged["instance"]
    assert "secret" not in text
    monkeypatch.undo()
