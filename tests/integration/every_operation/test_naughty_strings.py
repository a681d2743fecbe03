"""Strings that break software, wherever people may write something, through both doors."""

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.client.rest import Answer, Refused, path_of
from tests.client.site import Site
from tests.client.socket import Socket

STRINGS: list[str] = json.loads((Path(__file__).parents[2] / "data" / "naughty-strings.json").read_text("utf-8"))
MORE = [
    "undefined\n",
    "\n",
    "\0",
    "a\0b",
    "x" * 64,
    "x" * 65,
    "~x",
    " ",
    "\u202eabc",
    "é",
    "e\u0301",
    ":+1:",
    "👍🏽",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "🇩🇪🇫🇷",
    "x" * 4000,
]
"""Edges of our own rules that the list does not have."""

ALL = list(dict.fromkeys([*STRINGS, *MORE]))

Attempt = Callable[[str], Awaitable[str]]
"""Sends one string and returns ``kept``, or the code with which it was refused."""


async def _each(attempt: Attempt, strings: list[str] = ALL) -> dict[str, str]:
    """Try every string, some at a time; return what became of each."""
    gate = asyncio.Semaphore(16)

    async def one(string: str) -> str:
        async with gate:
            return await attempt(string)

    results = await asyncio.gather(*(one(string) for string in strings))
    return dict(zip(strings, results, strict=True))


def _refusal(answer: Answer, *allowed: int) -> str:
    """Return the code of a refusal that has one of these statuses."""
    assert answer.status in allowed, answer
    assert answer.code is not None
    return answer.code


async def _caught(call: Awaitable[Any]) -> tuple[Any, str]:
    """Return the answer, or None and the code of the refusal."""
    try:
        return await call, "kept"
    except Refused as refused:
        return None, refused.code


def _only(results: dict[str, str], legal: Callable[[str], bool], *codes: str) -> None:
    """Demand that what is legal was kept and the rest refused with one of these codes."""
    wrong = {string: result for string, result in results.items() if (result == "kept") != legal(string)}
    assert not wrong, dict(list(wrong.items())[:10])
    assert set(results.values()) <= {"kept", *codes}, Counter(results.values())


async def _room(account: Account) -> str:
    room: Json = await account.post("rooms", body={"name": "naughty", "kind": "private"})
    return str(room["id"])


@pytest.fixture
async def account(site: Site) -> Account:
    return await site.register()


@pytest.fixture
async def socket(site: Site, account: Account) -> Socket:
    return await site.connect(account, deaf=True)


@pytest.fixture
async def room(account: Account) -> str:
    return await _room(account)


def _legal_text(string: str) -> bool:
    return 1 <= len(string) <= 4000


def _legal_cid(string: str) -> bool:
    return bool(re.fullmatch(r"[\x20-\x7d][\x20-\x7e]{0,63}", string))


async def _found(account: Account, room: str, item: Json) -> Json:
    """Return the item as GET has it, which must be as it was answered."""
    again: Json = await account.get("rooms", room, "messages", item["id"])
    assert again == item
    return again


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_text_is_stored_as_sent(account: Account, socket: Socket, room: str) -> None:
    path = path_of("api", "rooms", room, "messages")

    async def by_rest(text: str) -> str:
        answer = await account.request("POST", path, {"text": text, "cid": f"rest-{ALL.index(text)}"})
        if answer.status >= 400:
            return _refusal(answer, 400)
        assert (await _found(account, room, answer.json))["text"] == text
        return "kept"

    async def by_socket(text: str) -> str:
        d = {"room": room, "text": text, "cid": f"ws-{ALL.index(text)}"}
        item, result = await _caught(socket.call("message.send", d))
        if item is not None:
            assert (await _found(account, room, item))["text"] == text
        return result

    for attempt in (by_rest, by_socket):
        _only(await _each(attempt), _legal_text, "bad_request")
    texts = Counter(item["text"] for item in await account.history(room) if item["kind"] == "text")
    assert texts == {text: 2 for text in ALL if _legal_text(text)}


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_cid_is_kept_or_refused(account: Account, socket: Socket, room: str) -> None:
    path = path_of("api", "rooms", room, "messages")

    async def by_rest(cid: str) -> str:
        answer = await account.request("POST", path, {"text": "x", "cid": cid})
        if answer.status >= 400:
            return _refusal(answer, 400)
        assert (await _found(account, room, answer.json))["cid"] == cid
        return "kept"

    async def by_socket(cid: str) -> str:
        item, result = await _caught(socket.call("message.send", {"room": room, "text": "x", "cid": cid}))
        if item is not None:
            assert (await _found(account, room, item))["cid"] == cid
        return result

    for attempt in (by_rest, by_socket):
        _only(await _each(attempt), _legal_cid, "bad_request")
    # The second round met the cids of the first: the same items, not new ones.
    cids = [item["cid"] for item in await account.history(room) if item["kind"] == "text"]
    assert sorted(cids) == sorted(cid for cid in ALL if _legal_cid(cid))


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_room_name_is_kept_or_refused(account: Account, socket: Socket) -> None:
    async def by_rest(name: str) -> str:
        answer = await account.request("POST", "/api/rooms", {"name": name, "kind": "private"})
        if answer.status >= 400:
            return _refusal(answer, 400)
        assert (await account.get("rooms", answer.json["id"]))["name"] == answer.json["name"] == name
        return "kept"

    async def by_socket(name: str) -> str:
        room, result = await _caught(socket.call("room.create", {"name": name, "kind": "private"}))
        if room is not None:
            assert (await account.get("rooms", room["id"]))["name"] == room["name"] == name
        return result

    rest, socketed = await _each(by_rest), await _each(by_socket)
    assert rest == socketed
    assert set(rest.values()) <= {"kept", "bad_request"}
    assert all(
        rest[name] == "kept" for name in ("undefined", "null", "<script>alert(123)</script>", "田中さんにあげて下さい")
    )


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_username_is_kept_or_refused(site: Site) -> None:
    taken: set[str] = set()
    legal = re.compile(r"[A-Za-z0-9_-]{3,20}")

    async def register(name: str) -> str:
        body = {"username": name, "email": "someone@example.org", "password": PASSWORD}
        answer = await site.rest.request("POST", "/api/auth/register", body)
        if answer.status >= 400:
            return _refusal(answer, 400, 409)
        taken.add(name.lower())
        user, token = answer.json["user"], answer.json["access_token"]
        found = await site.rest.request("GET", path_of("api", "users", user["id"]), token=token)
        assert found.ok()["username"] == user["username"] == name
        return "kept"

    results = await _each(register)
    for name, result in results.items():
        if not legal.fullmatch(name):
            assert result == "bad_request", name
        elif result != "kept":
            assert result == "username_taken", name
            assert name.lower() in taken
    assert taken == {name.lower() for name in ALL if legal.fullmatch(name)}

    async def log_in(name: str) -> str:
        answer = await site.rest.request("POST", "/api/auth/login", {"login": name, "password": PASSWORD})
        return "kept" if answer.status < 400 else _refusal(answer, 400, 401)

    _only(await _each(log_in), lambda name: name.lower() in taken, "bad_credentials", "bad_request")


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_emoji_is_kept_or_refused(account: Account, socket: Socket, room: str) -> None:
    numbers = itertools.count()

    async def fresh() -> Json:
        body = {"text": "x", "cid": f"carrier-{next(numbers)}"}
        item: Json = await account.post("rooms", room, "messages", body=body)
        return item

    async def kept(item: Json, emoji: str) -> None:
        assert item["reactions"] == [{"emoji": emoji, "count": 1, "users": [account.id]}]
        await _found(account, room, item)

    async def by_rest(emoji: str) -> str:
        item = await fresh()
        path = path_of("api", "rooms", room, "messages", item["id"], "reactions", emoji)
        answer = await account.request("PUT", path)
        if answer.status >= 400:
            return _refusal(answer, 400, 404, 405) and "refused"
        await kept(answer.json, emoji)
        assert (await account.request("DELETE", path)).ok()["reactions"] == []
        return "kept"

    async def by_socket(emoji: str) -> str:
        item = await fresh()
        d = {"room": room, "message": item["id"], "emoji": emoji}
        changed, result = await _caught(socket.call("message.react", d | {"on": True}))
        if changed is None:
            assert result == "bad_request", emoji
            return "refused"
        await kept(changed, emoji)
        assert (await socket.call("message.react", d | {"on": False}))["reactions"] == []
        return "kept"

    rest, socketed = await _each(by_rest), await _each(by_socket)
    assert rest == socketed
    assert all(rest[emoji] == "kept" for emoji in (":+1:", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪"))
    assert all(
        rest[emoji] == "refused" for emoji in ("", "undefined", "🇩🇪🇫🇷", "❤️ 💔 💌 💕 💞 💓 💗 💖 💘 💝 💟 💜 💛 💚 💙")
    )


NOT_JSON = [
    b"",
    b"{",
    b"[1",
    b'{"text":"x" "cid":"y"}',
    b"\xff\xfe",
    b'{"text":"\xc3("}',
    b"{}{}",
    b"nul",
    b"'x'",
    b"\xef\xbb\xbf{}",
]
NOT_STRICT = [
    b'{"text":"x","cid":"c","text":"y"}',
    b'{"text":"\\ud800","cid":"c"}',
    b'{"text":"\\udc00\\ud800","cid":"c"}',
    b'{"text":"x","cid":"c","more":NaN}',
    b'{"text":"x","cid":"c","more":-Infinity}',
    b'{"text":"x","cid":"c","reply_to":18446744073709551616}',
    b'{"text":"x","cid":"c","reply_to":-9223372036854775809}',
    b'{"text":"x","cid":"c","more":1}',
    b'{"text":"x","cid":"c","reply_to":' + b"[" * 16 + b"]" * 16 + b"}",
    b'{"text":"x","cid":"c","reply_to":{"$ne":null}}',
    b'{"text":{"$gt":""},"cid":"c"}',
    b'{"text":"x","cid":["c"]}',
    b'{"text":1,"cid":"c"}',
    b'{"text":null,"cid":"c"}',
    b'{"text":"x"}',
    b"[]",
    b"null",
    b"7",
    b'"text"',
]


NO_FRAMES = [
    "",
    "{",
    "[1",
    '{"op":"ping" "id":1}',
    "{}{}",
    "nul",
    "'x'",
    "[]",
    "7",
    "null",
    "{}",
    '{"id":1}',
    '{"op":7}',
]


async def test_malformed_body_is_a_bad_request(account: Account, room: str) -> None:
    path = path_of("api", "rooms", room, "messages")
    for body in [*NOT_JSON, *NOT_STRICT]:
        answer = await account.request("POST", path, raw=body)
        assert (answer.status, answer.code) == (400, "bad_request"), body
    assert [item for item in await account.history(room) if item["kind"] == "text"] == []


async def test_body_over_1_mib_is_too_large(account: Account, room: str) -> None:
    body = json.dumps({"text": "x", "cid": "c", "more": "x" * 1024 * 1024}).encode()
    answer = await account.request("POST", path_of("api", "rooms", room, "messages"), raw=body)
    assert (answer.status, answer.code) == (413, "too_large")


async def test_malformed_operation_is_a_bad_request(site: Site, account: Account, room: str) -> None:
    for body in NOT_STRICT:
        socket = await site.connect(account, deaf=True)
        d = body.decode()
        inner = d.replace("{", f'{{"room":"{room}",', 1) if d.startswith('{"') else d
        _, code = await _caught(socket.start_raw(f'{{"op":"message.send","id":9,"d":{inner}}}', "message.send", 9))
        assert code == "bad_request", inner
        assert await socket.call("ping", {}) == {}
        await socket.close()
    assert [item for item in await account.history(room) if item["kind"] == "text"] == []


async def test_frame_that_is_no_operation_closes_the_socket(site: Site, account: Account) -> None:
    for text in NO_FRAMES:
        socket = await site.connect(account, deaf=True)
        socket.wire.send(text)
        assert (await asyncio.wait_for(socket.closed, 30)).code == 4500, text
