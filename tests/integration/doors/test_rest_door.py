"""The REST door: addresses, methods, bodies, queries and origins, as any HTTP client may get them wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services import OPERATIONS
from services.people import profiles
from store.tables import ROOMS, Room
from tests.application import Parley, running
from tests.client.rest import Answer
from tests.people import Person
from tests.unstable import Fault

ORIGIN = "https://app.example.org"


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path, cors_origins=frozenset({ORIGIN})) as parley:
        yield parley


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


async def ask(parley: Parley, method: str, path: str, **how: Any) -> Answer:
    return await parley.site.rest.request(method, path, **how)


def errors(answer: Answer) -> list[str]:
    return [error["pointer"] for error in answer.json["errors"]]


# Addresses and methods


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/rooms/", "/api/rooms/x/y/z", "/api//rooms"])
async def test_unknown_address_is_not_found(parley: Parley, path: str) -> None:
    answer = await ask(parley, "GET", path)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/auth/login", {"POST"}),
        ("POST", "/api/users/me", {"GET", "PATCH", "DELETE"}),
        ("PUT", "/api/rooms", {"GET", "POST"}),
        ("POST", "/api/rooms/x", {"GET", "PATCH", "DELETE"}),
        ("HEAD", "/api/rooms", {"GET", "POST"}),
        ("TRACE", "/api/rooms", {"GET", "POST"}),
        ("BREW", "/api/rooms", {"GET", "POST"}),
    ],
)
async def test_unknown_method_is_refused_with_those_there_are(
    parley: Parley, method: str, path: str, allowed: set[str]
) -> None:
    answer = await ask(parley, method, path)
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == allowed | {"OPTIONS"}
    if method != "HEAD":
        assert answer.code == "method_not_allowed"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_tells_the_methods_there_are(parley: Parley, path: str) -> None:
    answer = await ask(parley, "POST", path)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


async def test_every_address_knows_its_methods_alone(parley: Parley) -> None:
    paths: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        if operation.path is not None and operation.method is not None:
            paths.setdefault(operation.path, set()).add(operation.method)
    for path, methods in paths.items():
        place = path.replace("{", "").replace("}", "")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            status = (await ask(parley, method, place)).status
            assert (status == 405) == (method not in methods), (method, path, status)


async def test_answers_are_not_kept_by_caches_nor_guessed_at(parley: Parley, ann: Person) -> None:
    for answer in (
        await ann.answer("users.me"),
        await ask(parley, "GET", "/api/users/me"),
        await ask(parley, "GET", "/api/x"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


# Who asks


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "BEARER  {}"])
async def test_scheme_is_read_whatever_its_case(parley: Parley, ann: Person, scheme: str) -> None:
    headers = {"Authorization": scheme.format(ann.account.token)}
    assert (await ask(parley, "GET", "/api/users/me", headers=headers)).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} {}"])
async def test_whoever_shows_no_token_is_unauthenticated(parley: Parley, ann: Person, header: str) -> None:
    headers = {"Authorization": header.replace("{}", ann.account.token)} if header else {}
    answer = await ask(parley, "GET", "/api/users/me", headers=headers)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_token_in_the_query_is_none(parley: Parley, ann: Person) -> None:
    assert (await ask(parley, "GET", f"/api/users/me?access_token={ann.account.token}")).status == 401


async def test_bad_token_does_not_matter_where_none_is_needed(parley: Parley, ann: Person) -> None:
    body = {"login": ann.account.username, "password": ann.account.password}
    assert (await ask(parley, "POST", "/api/auth/login", body=body, token="nonsense")).status == 200


async def test_log_in_that_cannot_be_looked_up_is_unavailable(parley: Parley, ann: Person) -> None:
    parley.store.fail(Fault.UNAVAILABLE, "get")
    answer = await ann.answer("users.me")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")


# Bodies


@pytest.mark.parametrize("media", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
async def test_body_is_json(ann: Person, media: str) -> None:
    raw = b'{"name":"x","kind":"public"}'
    headers = {"Content-Type": media}
    answer = await ann.site.rest.request("POST", "/api/rooms", token=ann.account.token, raw=raw, headers=headers)
    assert answer.status == 201


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/json2", ""])
async def test_body_of_another_type_is_refused(ann: Person, media: str) -> None:
    raw = b'{"name":"x","kind":"public"}'
    headers = {"Content-Type": media}
    answer = await ann.site.rest.request("POST", "/api/rooms", token=ann.account.token, raw=raw, headers=headers)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true"])
async def test_body_is_an_object(ann: Person, raw: bytes) -> None:
    answer = await ann.account.request("POST", "/api/rooms", raw=raw)
    assert (answer.status, answer.code, errors(answer)) == (400, "bad_request", [""])


async def test_empty_body_is_an_empty_object(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await ann.create()
    assert (await bob.account.request("POST", f"/api/rooms/{room}/members")).status == 201
    assert (await bob.account.request("POST", f"/api/rooms/{room}/members", {})).status == 200
    answer = await ann.account.request("POST", "/api/rooms")
    assert (answer.status, errors(answer)) == (400, [""])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "public"}, ""),
        ({"name": 1, "kind": "public"}, "/name"),
        ({"name": "x", "kind": "secret"}, "/kind"),
        ({"name": "", "kind": "public"}, "/name"),
        ({"name": "x", "kind": "public", "owner": "me"}, ""),
    ],
)
async def test_what_is_wrong_with_a_body_is_pointed_at(ann: Person, body: object, pointer: str) -> None:
    answer = await ann.account.request("POST", "/api/rooms", body)
    assert (answer.status, answer.code, errors(answer)) == (400, "bad_request", [pointer])


async def test_what_stands_in_the_address_does_not_stand_in_the_body(ann: Person) -> None:
    room, other = await ann.create("one"), await ann.create("other")
    answer = await ann.account.request("PATCH", f"/api/rooms/{room}", {"room": other, "name": "new"})
    assert (answer.status, errors(answer)) == (400, ["/room"])
    assert (await ann.room(other))["name"] == "other"


async def test_delete_takes_a_body_that_says_nothing(ann: Person) -> None:
    room = await ann.create()
    assert (await ann.account.request("DELETE", f"/api/rooms/{room}", {"force": True})).status == 400
    assert (await ann.account.request("DELETE", f"/api/rooms/{room}", {})).status == 204


@pytest.mark.parametrize("asked", ["POST /api/rooms", "GET /ws"])
@pytest.mark.parametrize(("size", "sent"), [(1024 * 1024 + 1, 1024 * 1024 + 1), (20 * 1024 * 1024, 0)])
async def test_large_body_is_refused(parley: Parley, asked: str, size: int, sent: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", parley.node.port)
    head = f"{asked} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
    writer.write(head.encode() + b" " * sent)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert (b"\r\nConnection: close\r\n" in answer) == (sent < size)
    body = await (reader.read() if sent < size else reader.readuntil(b"}"))
    assert json.loads(body)["code"] == "too_large"
    if sent == size:
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.transport.abort()


async def test_largest_body_is_read(ann: Person) -> None:
    head = b'{"name":"x","kind":"public","description":"'
    raw = head + b"x" * (1024 * 1024 - len(head) - 2) + b'"}'
    answer = await ann.account.request("POST", "/api/rooms", raw=raw)
    assert (answer.status, errors(answer)) == (400, ["/description"])


async def exchange(parley: Parley, request: bytes) -> tuple[bytes, Any]:
    """Send bytes; return the head of the answer and its body, read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", parley.node.port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    body = json.loads(await reader.readuntil(b"}"))
    writer.transport.abort()
    return head, body


async def test_large_body_in_chunks_is_refused(parley: Parley) -> None:
    chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
    request = b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 5 + b"0\r\n\r\n"
    head, body = await exchange(parley, request)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert body["code"] == "too_large"


async def test_body_in_chunks_is_read(parley: Parley, ann: Person) -> None:
    request = (
        b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        b"Authorization: Bearer %s\r\n\r\n"
        b'8\r\n{"name":\r\n19\r\n"chunks","kind":"public"}\r\n0\r\n\r\n'
    ) % ann.account.token.encode()
    head, body = await exchange(parley, request)
    assert head.startswith(b"HTTP/1.1 201 ")
    assert body["name"] == "chunks"


async def test_mistake_of_ours_is_told_without_its_cause(
    parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_user: object) -> None:
        raise ZeroDivisionError("secret cause")

    monkeypatch.setattr(profiles, "myself", broken)
    request = f"GET /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.account.token}\r\n\r\n"
    head, body = await exchange(parley, request.encode())
    assert head.startswith(b"HTTP/1.1 500 ")
    assert body["code"] == "internal"
    assert "secret" not in str(body)
    assert "an operation failed" in [record.message for record in caplog.records]


# Queries and places


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=2&limit=3", "/limit"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=x", "/limit"),
        ("limit=%31%30x", "/limit"),
        ("scope=theirs", "/scope"),
        ("unknown=1", ""),
        ("q=%FF&scope=public", "/q"),
        ("q=&scope=public", "/q"),
    ],
)
async def test_what_is_wrong_with_a_query_is_pointed_at(ann: Person, query: str, pointer: str) -> None:
    answer = await ann.account.request("GET", f"/api/rooms?{query}")
    assert (answer.status, answer.code, errors(answer)) == (400, "bad_request", [pointer])


async def test_query_is_percent_encoded(ann: Person) -> None:
    await ann.create("tea & cake=?")
    for query in ("q=tea+cake", "q=tea%20%26%20cake%3D%3F", "q=%74ea"):
        answer = await ann.account.request("GET", f"/api/rooms?scope=public&limit=%35&{query}")
        assert len(answer.json["items"]) == 1, query


async def test_only_what_reads_takes_a_query(ann: Person) -> None:
    answer = await ann.account.request("POST", "/api/rooms?name=x", {"name": "x", "kind": "public"})
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_places_are_percent_encoded_once(parley: Parley, ann: Person) -> None:
    """An id may hold anything: what is decoded is what was encoded, neither more nor less."""
    for id_ in ("a/b", "a b", "a%41", "ü", "%2541", "a+b", "..", "%"):
        await parley.database.insert(ROOMS, Room(id=id_, kind="public", name=id_, created_at=1))
        answer = await ann.account.request("GET", f"/api/rooms/{quote(id_, safe='')}")
        assert (answer.status, answer.json["id"]) == (200, id_)


@pytest.mark.parametrize("place", ["%FF", "%C3%28", "%ED%A0%80"])
async def test_place_that_is_not_utf_8_is_refused(ann: Person, place: str) -> None:
    answer = await ann.account.request("GET", f"/api/rooms/{place}")
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_reaction_stands_in_the_address(ann: Person) -> None:
    room = await ann.create()
    item = await ann.say(room)
    path = f"/api/rooms/{room}/messages/{item['id']}/reactions/"
    for emoji in ("👨‍👩‍👧‍👦", "%", "#️⃣", ":+1:"):
        put = await ann.account.request("PUT", path + quote(emoji, safe=""))
        assert [reaction["emoji"] for reaction in put.json["reactions"]] == [emoji]
        taken = await ann.account.request("DELETE", path + quote(emoji, safe=""))
        assert taken.json["reactions"] == []


# Pages of other sites


async def test_page_of_a_listed_site_may_read_the_answers(parley: Parley) -> None:
    for path in ("/api/users/me", "/api/nothing"):
        answer = await ask(parley, "GET", path, headers={"Origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "Origin"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example.org", f"{ORIGIN}:8443", "null", "*"])
async def test_page_of_another_site_may_not(parley: Parley, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await ask(parley, method, "/api/users/me", headers={"Origin": origin})
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_browser_that_asks_first_is_told_what_may_be_sent(parley: Parley) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    answer = await ask(parley, "OPTIONS", "/api/rooms/some-room", headers=headers)
    assert (answer.status, answer.body) == (204, b"")
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == {"GET", "PATCH", "DELETE"}
    assert set(answer.headers["access-control-allow-headers"].split(", ")) == {"Authorization", "Content-Type"}
    assert answer.headers["access-control-max-age"] == "600"


async def test_refused_page_still_reads_why(parley: Parley) -> None:
    answer = await ask(parley, "PUT", "/api/rooms", headers={"Origin": ORIGIN})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (405, ORIGIN)
