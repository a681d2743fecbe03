"""The client sees each fault that a server could have: planted here, one at a time."""

import copy
from typing import Any

import pytest

from tests.client.checks import Json, Order, check_call, check_item, check_problem, check_room, decode
from tests.client.wire import Violation

ITEM: Json = {
    "id": "i",
    "room": "r",
    "seq": 3,
    "rev": 5,
    "kind": "text",
    "author": {"id": "u", "username": "name"},
    "cid": "c",
    "created_at": "2026-01-02T03:04:05.678Z",
    "edited_at": None,
    "deleted": False,
    "text": "hello",
    "reply_to": None,
    "reactions": [{"emoji": ":x:", "count": 1, "users": ["u"]}],
    "attachments": [],
}
ROOM: Json = {
    "id": "r",
    "kind": "public",
    "name": "n",
    "description": "",
    "picture": None,
    "owner": "u",
    "member_count": 1,
    "head": 4,
    "role": "owner",
}
LEG: Json = {"id": "l", "user": {"id": "u", "username": "name"}, "state": "connected", "order": 1}
CALL: Json = {
    "id": "c",
    "room": "r",
    "media": "audio",
    "state": "active",
    "reason": None,
    "version": 3,
    "deadline": None,
    "ended_at": None,
    "seconds": None,
    "legs": [LEG, LEG | {"id": "m", "order": 2}],
}
OVER: Json = {"state": "ended", "reason": "completed", "ended_at": "2026-01-02T03:04:05.678Z", "seconds": 1}
SELF: Json = ROOM | {"id": "s", "kind": "self", "state": "new"}


@pytest.mark.parametrize(
    "text",
    [
        '{"re":1, "ok":{}}',
        '{"ok":{},"re":1}',
        '{"ev":"x","d":NaN}',
        '{"ev":"x","ev":"y"}',
        '{"ev":"x","d":"\\ud800"}',
        '["ev"]',
        '{"ev":',
        '{"room":"r"}',
    ],
)
def test_bad_frame_is_seen(text: str) -> None:
    with pytest.raises((Violation, UnicodeEncodeError)):
        decode(text)


@pytest.mark.parametrize("text", ['{"re":1,"ok":{}}', '{"ev":"x","d":"a b \\u0000 \\" /"}', '{"ev":"x","d":"\\u00e9"}'])
def test_good_frame_is_read(text: str) -> None:
    assert decode(text)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 6},
        {"rev": "5"},
        {"kind": "marker"},
        {"text": ""},
        {"deleted": True},
        {"author": None},
        {"cid": None},
        {"created_at": "2026-01-02T03:04:05Z"},
        {"reactions": [{"emoji": ":x:", "count": 0, "users": []}]},
        {"reactions": [{"emoji": ":x:", "count": 2, "users": ["u", "u"]}]},
        {"reactions": [*ITEM["reactions"], *ITEM["reactions"]]},
    ],
)
def test_bad_item_is_seen(change: Json) -> None:
    check_item(ITEM)
    with pytest.raises(Violation):
        check_item(ITEM | change)


@pytest.mark.parametrize("field", sorted(ITEM))
def test_item_without_a_field_is_seen(field: str) -> None:
    with pytest.raises((Violation, KeyError)):
        check_item({key: value for key, value in ITEM.items() if key != field})


def test_bad_room_and_problem_are_seen() -> None:
    check_room(ROOM)
    for change in ({"kind": "secret"}, {"head": -1}, {"kind": "direct"}):
        with pytest.raises(Violation):
            check_room(ROOM | change)
    with pytest.raises(Violation):
        check_problem({"type": "x", "title": "x", "status": 404, "code": "x", "detail": "x"}, 400)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"state": "idle"},
        {"media": "smell"},
        {"reason": "completed"},
        {"deadline": "2026-01-02T03:04:05.678Z"},
        {"legs": []},
        {"legs": [LEG, LEG]},
        {"legs": [LEG | {"order": 2}, LEG | {"id": "m"}]},
        {"legs": [LEG | {"state": "asleep"}]},
        OVER,
        OVER | {"legs": [LEG | {"state": "ringing", "order": 0}]},
        OVER | {"legs": [], "seconds": None},
    ],
)
def test_bad_call_is_seen(change: Json) -> None:
    check_call(CALL)
    check_call(CALL | OVER | {"legs": [LEG | {"state": "left"}]})
    with pytest.raises(Violation):
        check_call(CALL | change)


def _order(state: str = "ok") -> Order:
    order = Order()
    cursors = {} if state == "new" else {"r": 4}
    order.hello({"rooms": [SELF, ROOM | {"state": state}], "calls": []}, cursors)
    return order


def _message(rev: int, **changes: Any) -> Json:
    return {"ev": "message", "room": "r", "rev": rev, "d": ITEM | {"rev": rev}} | changes


def test_rising_revs_pass() -> None:
    order = _order()
    for rev in (5, 6, 9):
        order.event(_message(rev))


@pytest.mark.parametrize(
    "event",
    [
        _message(4),
        _message(5, d=ITEM | {"rev": 6}),
        _message(5, room="other"),
        {"ev": "message", "room": "r", "d": ITEM},
        {"ev": "typing", "room": "r", "rev": 9, "d": {}},
        {"ev": "room", "room": "r", "rev": 9, "d": ROOM | {"id": "other"}},
        {"ev": "room.left", "d": {"room": "r", "reason": "bored", "by": None}},
    ],
)
def test_bad_event_is_seen(event: Json) -> None:
    with pytest.raises(Violation):
        _order().event(copy.deepcopy(event))


def test_rev_that_comes_twice_is_seen() -> None:
    order = _order()
    order.event(_message(5))
    with pytest.raises(Violation):
        order.event(_message(5))


def test_version_of_a_call_that_comes_twice_is_seen() -> None:
    order = _order()
    order.event({"ev": "call", "d": CALL})
    order.event({"ev": "call", "d": CALL | {"version": 4}})
    with pytest.raises(Violation):
        order.event({"ev": "call", "d": CALL | {"version": 4}})


def test_event_after_leaving_is_seen_and_after_rejoining_passes() -> None:
    order = _order()
    order.event({"ev": "room.left", "d": {"room": "r", "reason": "left", "by": "u"}})
    with pytest.raises(Violation):
        order.event(_message(9))
    order.event({"ev": "room.joined", "d": ROOM | {"head": 9}})
    with pytest.raises(Violation):
        order.event(_message(9))
    order.event(_message(10))


def test_event_before_hello_is_seen() -> None:
    with pytest.raises(Violation):
        Order().event(_message(5))


def test_new_state_with_a_cursor_is_seen() -> None:
    with pytest.raises(Violation):
        Order().hello({"rooms": [SELF, ROOM | {"state": "new"}], "calls": []}, {"r": 4})


def test_live_twice_is_seen() -> None:
    order = _order()
    order.event({"ev": "live"})
    with pytest.raises(Violation):
        order.event({"ev": "live"})
