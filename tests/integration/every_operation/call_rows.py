"""The rows of calls in the parity table."""

from tests.integration.every_operation.rows import MEMBER, Row, of_room

_CALL = {"call": "$call"}
_NONE = {"call": "none"}
_START = MEMBER | {"media": "audio"}
_LEG = _CALL | {"leg": "$leg"}
_SIGNAL = _CALL | {"to": "$other", "kind": "offer", "data": {}}
_SET = _CALL | {"muted": True, "speaking": True}
_OFF = (("owner", "room.update", MEMBER | {"voip_enabled": False}),)
_BLOCKED = (("peer", "users.block", {"user": "$member"}),)


def _coming_in(op: str) -> list[Row]:
    """Return the rows of those who want to come in, and may not."""
    return [
        Row(op, "not_found", "member", _NONE),
        Row(op, "not_found", "stranger", _CALL, call="ringing"),
        Row(op, "call_over", "member", _CALL, call="over"),
        Row(op, "call_full", "member", _CALL, call="full"),
        Row(op, "busy", "member", _CALL, call="busy"),
        Row(op, "calls_off", "member", _CALL, call="ringing", before=_OFF),
        Row(op, "blocked", "peer", _CALL, kind="direct", call="ringing", before=_BLOCKED),
    ]


def _of_legs(op: str) -> list[Row]:
    """Return the rows of those who are neither in the call nor rung, or know of none."""
    return [
        Row(op, "not_found", "member", _NONE),
        Row(op, "not_found", "stranger", _CALL, call="ringing"),
        Row(op, "not_in_call", "moderator", _CALL, call="ringing"),
    ]


def _of_hosts(op: str, d: dict[str, str]) -> list[Row]:
    return [
        Row(op, "ok", "moderator", d, call="open"),
        Row(op, "not_found", "owner", d | _NONE, call="open"),
        Row(op, "not_found", "stranger", d, call="open"),
        Row(op, "forbidden", "member", d, call="open"),
    ]


CALLS = [
    Row("call.start", "ok", "member", _START, writes=True),
    Row("call.start", "ok", "member", _START, call="open"),
    *of_room("call.start", _START),
    Row("call.start", "forbidden", "member", _START | {"room": "$self"}),
    Row("call.start", "blocked", "member", _START, kind="blocked"),
    Row("call.start", "member_not_found", "member", _START | {"ring": ["$stranger"]}),
    Row("call.start", "calls_off", "member", _START, before=_OFF),
    Row("call.start", "call_full", "moderator", _START, call="full"),
    Row("call.start", "busy", "member", _START, call="busy"),
    Row("call.ringing", "ok", "member", _CALL, call="ringing"),
    *_of_legs("call.ringing"),
    Row("call.accept", "ok", "member", _CALL, call="ringing"),
    *_coming_in("call.accept"),
    Row("call.accept", "not_in_call", "moderator", _CALL, call="ringing"),
    Row("call.accept", "answered_elsewhere", "member", _CALL, call="answered"),
    Row("call.decline", "ok", "member", _CALL, call="ringing"),
    *_of_legs("call.decline"),
    Row("call.cancel", "ok", "owner", _CALL, call="ringing"),
    *_of_legs("call.cancel"),
    Row("call.join", "ok", "moderator", _CALL, call="open"),
    *_coming_in("call.join"),
    Row("call.leave", "ok", "owner", _CALL, call="open"),
    *_of_legs("call.leave"),
    Row("call.connected", "ok", "moderator", _CALL, call="joined"),
    *_of_legs("call.connected"),
    Row("call.connected", "call_over", "owner", _CALL, call="over"),
    Row("call.signal", "ok", "owner", _SIGNAL, call="joined"),
    Row("call.signal", "not_found", "stranger", _SIGNAL, call="joined"),
    Row("call.signal", "not_in_call", "member", _SIGNAL, call="joined"),
    Row("call.signal", "call_over", "owner", _SIGNAL | {"to": "$leg"}, call="over"),
    Row("call.set", "ok", "owner", _SET, call="open"),
    Row("call.set", "not_found", "stranger", _SET, call="open"),
    Row("call.set", "not_in_call", "member", _SET, call="open"),
    Row("call.set", "call_over", "owner", _SET, call="over"),
    *_of_hosts("call.end", _CALL),
    *_of_hosts("call.mute", _LEG),
    Row("call.mute", "not_in_call", "owner", _LEG | {"leg": "none"}, call="open"),
    Row("call.mute", "call_over", "owner", _LEG, call="over"),
    *_of_hosts("call.remove", _LEG),
    Row("call.remove", "not_in_call", "owner", _LEG | {"leg": "none"}, call="open"),
    Row("call.ice", "ok", "owner", _CALL, call="open"),
    Row("call.ice", "not_found", "stranger", _CALL, call="open"),
    Row("call.ice", "call_over", "owner", _CALL, call="over"),
    Row("call.servers", "ok", "owner"),
    Row("call.list", "ok", "owner", call="open"),
    Row("call.get", "ok", "owner", _CALL, call="open"),
    Row("call.get", "not_found", "stranger", _CALL, call="open"),
    Row("room.calls", "ok", "member", MEMBER | {"limit": 1}, call="over"),
    *of_room("room.calls", MEMBER),
]
