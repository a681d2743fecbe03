"""A session: what a client may say, in which order it is done, and what ends it."""

import asyncio
import json
from typing import Any

import pytest

from services.messages import reading
from services.operations import context
from tests.application import Parley
from tests.client.rest import Refused
from tests.client.socket import Socket
from tests.client.wire import Closed
from tests.people import Live, Person
from tests.unstable import Fault
from ws.sessions import requests
from ws.sessions.heartbeat import HELLO_S


@pytest.fixture
async def ann(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return ann


@pytest.fixture
async def live(ann: Person) -> Live:
    return await ann.connect()


async def later(live: Live) -> None:
    """Let the server do what it can do without being told more."""
    for _ in range(3):
        await live.call("ping")


async def closed(socket: Socket) -> int:
    return (await socket.closed).code


# What is a request


@pytest.mark.parametrize("text", ["", "{", "nonsense", "{'op':'ping'}", '{"op":"ping"}}', '{"op":"ping",}'])
async def test_text_that_is_not_json_ends_the_session(live: Live, text: str) -> None:
    live.socket.wire.send(text)
    assert await closed(live.socket) == 4500


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", '"ping"', "1", "null", '{"id":1,"d":{}}', '{"op":null}', '{"op":7,"id":1}', '{"op":["ping"],"id":1}'],
)
async def test_request_without_an_op_ends_the_session(live: Live, text: str) -> None:
    live.socket.wire.send(text)
    assert await closed(live.socket) == 4500


@pytest.mark.parametrize("id_", ['"1"', "1.0", "true", "{}", "1e2"])
async def test_id_that_is_no_whole_number_ends_the_session(live: Live, id_: str) -> None:
    live.socket.wire.send(f'{{"op":"ping","id":{id_}}}')
    assert await closed(live.socket) == 4500


async def test_byte_that_is_not_utf_8_ends_the_session(live: Live) -> None:
    live.socket.wire.send('{"op":"\ud800"}')
    assert await closed(live.socket) in (1007, 4500)


@pytest.mark.parametrize(
    "text",
    [
        '{"op":"ping","id":50,"op":"ping"}',
        '{"op":"ping","id":50,"d":{"a":1,"a":2}}',
        '{"op":"ping","id":50,"d":{"a":NaN}}',
        '{"op":"ping","id":50,"d":{"a":-Infinity}}',
        '{"op":"ping","id":50,"d":{"a":"\\ud800"}}',
        '{"op":"ping","id":50,"d":{"a":18446744073709551616}}',
        '{"op":"ping","id":50,"d":{"a":' + "[" * 16 + "]" * 16 + "}}",
        '{"op":"ping","id":50,"more":1}',
        '{"op":"ping","id":50,"d":[]}',
        '{"op":"ping","id":50,"d":null}',
        '{"op":"ping","id":50,"d":{"more":1}}',
        '{"op":"","id":50}',
        '{"op":"message.fly","id":50}',
        '{"op":"auth.login","id":50,"d":{}}',
        '{"op":"hello","id":50,"d":{"token":"x"}}',
        '{"op":"message.send","id":50,"d":{}}',
    ],
)
async def test_request_that_cannot_be_meant_so_is_refused_by_its_id(live: Live, text: str) -> None:
    with pytest.raises(Refused) as refused:
        await live.socket.start_raw(text, "ping", 50)
    assert refused.value.code == "bad_request"
    assert await live.call("ping") == {}


@pytest.mark.parametrize("id_", [0, -1, 2**53, 2**63 - 1, -(2**63)])
async def test_id_comes_back_as_it_was(live: Live, id_: int) -> None:
    assert await live.socket.start_raw(f'{{"op":"ping","id":{id_}}}', "ping", id_) == {}


async def test_request_without_an_id_is_done_and_not_answered(ann: Person) -> None:
    room = await ann.create()
    live = await ann.connect()
    d = {"room": room, "text": "quiet", "cid": "quiet"}
    for d_ in (d, d | {"text": "conflict"}, {"nonsense": 1}):
        live.socket.wire.send(json.dumps({"op": "message.send", "d": d_}))
    assert (await live.next("message"))["d"]["text"] == "quiet"
    assert await live.pending() == []


async def test_what_is_wrong_is_pointed_at(live: Live) -> None:
    with pytest.raises(Refused) as refused:
        await live.call("message.send", room="x", text="", cid="x")
    assert [error["pointer"] for error in refused.value.errors] == ["/text"]


# Before hello


@pytest.mark.parametrize("text", ['{"op":"ping","id":1}', '{"op":"auth.refresh","id":1,"d":{"token":"x"}}'])
async def test_first_request_is_hello(parley: Parley, text: str) -> None:
    socket = await parley.site.open()
    socket.wire.send(text)
    assert await closed(socket) == 4501


async def test_hello_that_is_not_as_described_may_be_said_again(parley: Parley, ann: Person) -> None:
    socket = await parley.site.open()
    for d in ({}, {"token": 1}, {"token": "x", "cursors": {"r": -1}}, {"token": "x", "more": 1}):
        with pytest.raises(Refused) as refused:
            await socket.start_raw(json.dumps({"op": "hello", "id": 1, "d": d}), "hello", 1)
        assert refused.value.code == "bad_request"
    assert (await socket.hello(ann.account.token))["user"]["id"] == ann.id


async def test_hello_without_an_id_is_not_answered_and_greets(parley: Parley, ann: Person) -> None:
    socket = await parley.site.open(deaf=True)
    socket.wire.send(json.dumps({"op": "hello", "d": {"token": ann.account.token}}))
    assert await socket.call("ping", {}) == {}


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
async def test_bad_token_is_closed_without_a_word(parley: Parley, token: str) -> None:
    socket = await parley.site.open()
    with pytest.raises(Closed) as end:
        await socket.hello(token)
    assert (end.value.code, socket.events.qsize()) == (4501, 0)


async def test_whoever_does_not_say_hello_is_sent_away(parley: Parley, ann: Person) -> None:
    silent, greeted = await parley.site.open(), await ann.connect()
    now = asyncio.get_running_loop().time()
    parley.door.wheel.turn(now + HELLO_S - 1.5)
    assert await greeted.call("ping") == {}
    assert not silent.closed.done()
    parley.door.wheel.turn(now + HELLO_S + 1)
    assert await closed(silent) == 4501
    assert await greeted.call("ping") == {}


# Many at once


async def test_answers_may_overtake_each_other(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    live = await ann.connect()
    gate = parley.store.hold("find")
    slow = live.socket.start("message.list", {"room": room})
    await gate.reached.wait()
    assert await live.call("ping") == {}
    assert not slow.done()
    gate.release()
    assert len((await slow)["items"]) == 1


async def test_only_so_many_are_open_at_once(parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "OPEN_LIMIT", 4)
    room = await ann.create()
    live, other = await ann.connect(), await ann.connect()
    gate = parley.store.hold("find", times=100)
    asked = [live.socket.start("message.list", {"room": room}) for _ in range(6)]
    while gate.waiting < 4:
        await later(other)
    await later(other)
    assert gate.waiting == 4
    gate.release()
    assert [len((await one)["items"]) for one in asked] == [1] * 6


async def test_appends_of_one_session_keep_their_order(ann: Person) -> None:
    room = await ann.create()
    live = await ann.connect()
    first = await live.call("message.send", room=room, text="0", cid="0")
    asked = []
    for number in range(1, 41):
        asked.append(live.socket.start("message.send", {"room": room, "text": f"{number}", "cid": f"{number}"}))
        edit = {"room": room, "message": first["id"], "text": f"edit {number}"}
        asked.append(live.socket.start("message.edit", edit))
    items = await asyncio.gather(*asked)
    assert [item["text"] for item in items[::2]] == [f"{number}" for number in range(1, 41)]
    assert [item["seq"] for item in items[::2]] == sorted(item["seq"] for item in items[::2])
    assert await ann.texts(room) == ["edit 40", *(f"{number}" for number in range(1, 41))]


async def test_append_that_has_to_look_first_is_not_overtaken(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    first = await ann.say(room, "0")
    live, other = await ann.connect(), await ann.connect()
    gate = parley.store.hold("get")
    d = {"room": room, "text": "1", "cid": "1", "reply_to": first["id"]}
    asked = [live.socket.start("message.send", d)]
    await gate.reached.wait()
    asked.append(live.socket.start("message.send", {"room": room, "text": "2", "cid": "2"}))
    await later(other)
    assert not asked[1].done()
    gate.release()
    await asyncio.gather(*asked)
    assert await ann.texts(room) == ["0", "1", "2"]


async def test_request_that_stands_on_the_one_before_waits_for_it(parley: Parley, ann: Person) -> None:
    (bob,) = await parley.people("bob")
    room = await bob.create()
    live = await ann.connect()
    gate = parley.store.hold("together")
    asked = [
        live.socket.start("room.join", {"room": room}),
        live.socket.start("message.send", {"room": room, "text": "as a member", "cid": "1"}),
        live.socket.start("room.leave", {"room": room}),
        live.socket.start("message.send", {"room": room, "text": "no more", "cid": "2"}),
    ]
    await gate.reached.wait()
    gate.release()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [getattr(outcome, "code", "ok") for outcome in outcomes] == ["ok", "ok", "ok", "not_a_member"]


async def test_refused_append_lets_the_next_one_on(ann: Person) -> None:
    room = await ann.create()
    live = await ann.connect()
    asked = [
        live.socket.start("message.send", {"room": "nowhere", "text": "x", "cid": "1"}),
        live.socket.start("message.send", {"room": room, "text": ""}),
        live.socket.start("message.send", {"room": room, "text": "good", "cid": "2"}),
    ]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [outcome.code for outcome in outcomes[:2] if isinstance(outcome, Refused)] == [
        "room_not_found",
        "bad_request",
    ]
    assert outcomes[2]["text"] == "good"  # type: ignore[index]  # the answer


# What goes wrong


async def test_store_that_is_away_is_told_and_the_session_lives(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    live = await ann.connect()
    parley.store.fail(Fault.UNAVAILABLE, "batch")
    with pytest.raises(Refused) as refused:
        await live.call("message.send", room=room, text="x", cid="x")
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1.0)
    assert (await live.call("message.send", room=room, text="x", cid="x"))["text"] == "x"


async def test_answer_has_a_deadline_and_what_was_begun_goes_on(
    parley: Parley, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "DEADLINE_S", 0.05)
    room = await ann.create()
    live = await ann.connect()
    gate = parley.store.hold("batch")
    assert await live.refused("message.send", room=room, text="kept", cid="x") == "unavailable"
    gate.release()
    assert (await live.next("message"))["d"]["text"] == "kept"
    assert (await live.call("message.send", room=room, text="kept", cid="x"))["text"] == "kept"
    assert await ann.texts(room) == ["kept"]


async def test_mistake_of_ours_is_told_without_its_cause(
    ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = await ann.create()
    live = await ann.connect()

    def broken(*_values: Any) -> None:
        raise ZeroDivisionError("secret cause")

    monkeypatch.setattr(reading, "TypingEvent", broken)
    with pytest.raises(Refused) as refused:
        await live.call("room.typing", room=room)
    assert (refused.value.code, "secret" in refused.value.detail) == ("internal", False)
    assert await live.call("ping") == {}
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["an operation failed"]


async def test_what_was_asked_is_done_though_the_socket_is_gone(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    live, other = await ann.connect(), await ann.connect()
    gate = parley.store.hold("batch")
    _unheard = live.socket.start("message.send", {"room": room, "text": "kept", "cid": "x"})
    await gate.reached.wait()
    live.socket.cut()
    while parley.door.sockets > 1:
        await later(other)
    gate.release()
    assert (await other.next("message"))["d"]["text"] == "kept"


async def test_appends_that_were_read_are_done_in_order_though_the_socket_is_gone(parley: Parley, ann: Person) -> None:
    room = await ann.create()
    live, other = await ann.connect(), await ann.connect()
    gate = parley.store.hold("batch")
    _unheard = live.socket.start("message.send", {"room": room, "text": "1", "cid": "1"})
    await gate.reached.wait()
    for number in "23":
        _unheard = live.socket.start("message.send", {"room": room, "text": number, "cid": number})
    await live.call("ping")
    live.socket.cut()
    gate.release()
    assert [(await other.next("message"))["d"]["text"] for _ in range(3)] == ["1", "2", "3"]
