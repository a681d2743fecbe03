"""What must hold of every frame and object that a Parley server sends, whatever a client does with it."""

import json
import re
from typing import Any

from tests.client.wire import Violation

Json = dict[str, Any]

DURABLE = frozenset({"message", "room"})
"""Events that carry a rev; all others carry none."""

KINDS = frozenset({"text", "notice", "call", "post", "comment", "notification"})
MEDIA = frozenset({"audio", "video"})
CALL_STATES = frozenset({"ringing", "connecting", "active", "ended"})
IN_CALL = frozenset({"connecting", "connected", "reconnecting"})
"""States of legs that are in a call."""
LEG_STATES = IN_CALL | {"ringing", "left", "answered_elsewhere", "declined_elsewhere"}
ROOM_KINDS = frozenset({"public", "private", "direct", "self", "topic", "page", "post"})

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def demand(holds: bool, what: str, about: object = "") -> None:
    """Raise ``Violation`` unless ``holds``."""
    if not holds:
        raise Violation(f"{what}: {about}"[:2000])


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    demand(len({key for key, _ in pairs}) == len(pairs), "a duplicate key", pairs)
    return dict(pairs)


def _constant(name: str) -> None:
    raise Violation(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_constant)
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Json:
    """Read one frame: a compact JSON object without duplicate keys, NaN or lone surrogates, ``re`` or ``ev`` first."""
    try:
        value = _decoder.decode(text)
    except ValueError as error:
        raise Violation(f"not JSON: {error}: {text[:200]}") from None
    demand(isinstance(value, dict), "not an object", text)
    again = _encoder.encode(value)
    if again != text:
        again.encode()  # lone surrogates, escaped in the text, end here
        demand(not re.search(r"\s", _STRING.sub('""', text)), "not compact", text)
        json.loads(text, object_pairs_hook=_pairs)
    first = next(iter(value), None)
    demand(first in ("re", "ev"), "re or ev must come first", text)
    return value  # type: ignore[no-any-return]  # a dict, as demanded above


def check_time(value: object, what: str) -> None:
    """RFC 3339 in UTC with milliseconds."""
    demand(isinstance(value, str) and bool(_TIME.fullmatch(value)), f"{what} is no time", value)


def check_item(item: Json) -> None:
    """An item as the protocol draws it."""
    for key in ("id", "room", "seq", "rev", "kind", "author", "cid", "created_at", "edited_at", "deleted"):
        demand(key in item, f"an item without {key}", item)
    demand(isinstance(item["id"], str) and isinstance(item["room"], str), "ids are strings", item)
    demand(type(item["seq"]) is int and type(item["rev"]) is int, "seq and rev are whole numbers", item)
    demand(1 <= item["seq"] <= item["rev"], "seq is the first rev of an item", item)
    demand(item["kind"] in KINDS, "an unknown kind", item)
    demand(type(item["deleted"]) is bool, "deleted is a bool", item)
    check_time(item["created_at"], "created_at")
    if item["edited_at"] is not None:
        check_time(item["edited_at"], "edited_at")
    author = item["author"]
    if author is not None:
        check_author(author)
        demand("anonymous" not in author or item["cid"] == f"~{item['id']}", "a cid that tells of its person", item)
    if item["kind"] == "text":
        _check_text(item)
    elif item["kind"] == "call":
        demand(item["media"] in MEDIA and (item["outcome"] is None) == (item["seconds"] is None), "a call", item)
    elif item["kind"] == "notice":
        demand(all(key in item for key in ("type", "user", "by")), "a notice has type, user, by", item)
    elif item["kind"] in {"post", "comment"}:
        _check_voted(item)


def check_author(author: Json) -> None:
    """Somebody, or the other name of somebody: nothing but id and name, and whose name it is nobody is told."""
    demand(isinstance(author.get("id"), str) and isinstance(author.get("username"), str), "an author", author)
    demand(author.keys() <= {"id", "username", "anonymous"}, "nothing else of an author", author)
    demand(author["id"].startswith("a_") == author.get("anonymous", False), "the id of another name", author)


def _check_text(item: Json) -> None:
    demand(item["author"] is not None and isinstance(item["cid"], str), "a text has an author and a cid", item)
    demand(isinstance(item["text"], str) and "reply_to" in item, "a text has text and reply_to", item)
    demand((item["text"] == "") == item["deleted"], "a text is empty where it is deleted, and nowhere else", item)
    demand(isinstance(item["attachments"], list), "attachments is a list", item)
    emojis = [reaction["emoji"] for reaction in item["reactions"]]
    demand(len(set(emojis)) == len(emojis), "an emoji twice", item)
    for reaction in item["reactions"]:
        users = reaction["users"]
        demand(reaction["count"] >= 1 and len(users) == min(20, reaction["count"]), "a reaction's users", item)
        demand(len(set(users)) == len(users), "a user twice in a reaction", item)


def _check_voted(item: Json) -> None:
    demand(item["author"] is not None and isinstance(item["cid"], str), "it has an author and a cid", item)
    demand(item["up"] >= 0 and item["down"] >= 0, "votes are counted", item)
    demand(item["score"] == item["up"] - item["down"], "a score is what is for it less what is against it", item)
    demand(not item["deleted"] or item["text"] == "", "a deleted one says nothing", item)
    if item["kind"] == "comment":
        demand(0 <= item["depth"] <= 10 and (item["parent"] is None) == (item["depth"] == 0), "a depth", item)
        return
    demand((item["title"] == "") == item["deleted"], "a title is empty where it is deleted, and nowhere else", item)
    demand(item["status"] in {"open", "closed"} and item["comments"] >= 0, "open or closed, with comments", item)


def check_room(room: Json, *, viewer: bool = True) -> None:
    """A room; ``viewer``: as one person sees it, so with that person's role."""
    for key in ("id", "kind", "name", "description", "picture", "owner", "member_count", "head"):
        demand(key in room, f"a room without {key}", room)
    demand(room["kind"] in ROOM_KINDS, "an unknown kind of room", room)
    demand(type(room["head"]) is int and room["head"] >= 0, "a head is a whole number", room)
    if viewer:
        demand("role" in room, "a room without role", room)
    if viewer and room["kind"] == "direct":
        demand(isinstance(room.get("peer", {}).get("username"), str), "a direct room has a peer", room)


def check_call(call: Json) -> None:
    """A call: what its state, its legs and its times say of each other."""
    demand(type(call["version"]) is int and call["version"] >= 1, "a version", call)
    demand(call["state"] in CALL_STATES and call["media"] in MEDIA, "an unknown state, or media", call)
    over = call["state"] == "ended"
    told = [call[key] is not None for key in ("reason", "ended_at", "seconds")]
    demand(told == [over] * 3, "an end where it has ended, and nowhere else", call)
    demand((call["deadline"] is None) == (call["state"] in {"active", "ended"}), "a deadline while it waits", call)
    states = [leg["state"] for leg in call["legs"]]
    demand(LEG_STATES.issuperset(states), "an unknown state of a leg", call)
    demand(over == IN_CALL.isdisjoint(states), "somebody is in a call until it ends", call)
    demand(not over or "ringing" not in states, "nobody rings when it is over", call)
    orders = [leg["order"] for leg in call["legs"] if leg["order"] > 0]
    demand(orders == sorted(set(orders)), "legs have an order", call)
    demand(len({leg["id"] for leg in call["legs"]}) == len(states), "a leg twice", call)


ITEM_OPERATIONS = frozenset({"message.send", "message.edit", "message.delete", "message.react", "message.get"})
POST_OPERATIONS = frozenset({"post.create", "post.publish", "post.get", "post.edit", "post.status", "post.restore"})
ROOM_OPERATIONS = frozenset({"room.create", "room.direct", "room.get", "room.update"})


def check_answer(op: str, d: Json, ok: Any) -> None:
    """Hold a successful answer of either door to the shape that the protocol gives it."""
    if op in ITEM_OPERATIONS or op in POST_OPERATIONS:
        _check_one(d, ok)
    elif op in ROOM_OPERATIONS:
        check_room(ok)
        demand(ok["id"] == d.get("room", ok["id"]), "the room asked for", ok)
    elif op.startswith("call.") or op == "room.calls":
        _check_calls(d, ok)
    elif op in ("message.list", "room.changes"):
        for item in ok["items"]:
            check_item(item)
            demand(item["room"] == d["room"], "items of the room asked for", item)
        demand(type(ok["head"]) is int, "a head", ok["head"])
        demand(type(ok["has_more" if op == "message.list" else "complete"]) is bool, "whether there is more", op)
    elif op == "presence.watch":
        demand([one["user"] for one in ok] == list(dict.fromkeys(d["users"])), "those asked for, in that order", ok)
        list(map(check_presence, ok))
    elif op == "room.read":
        demand(type(ok["read"]) is int and 0 <= ok["unread"] <= 100, "read and unread", ok)


def _check_one(d: Json, item: Json) -> None:
    check_item(item)
    room, id_ = d.get("room", d.get("topic", item["room"])), d.get("message", d.get("post", item["id"]))
    demand((item["room"], item["id"]) == (room, id_), "the item asked for, of the room asked for", item)
    # Of what is said under another name the cid is none of the client's.
    demand(item["cid"] == d.get("cid", item["cid"]) or item["author"].get("anonymous"), "the cid asked with", item)


def _check_calls(d: Json, ok: Json) -> None:
    for call in ok.get("items", [ok] if "version" in ok else []):
        check_call(call)
        demand(call["id"] == d.get("call", call["id"]), "the call asked for", call)
        demand(call["room"] == d.get("room", call["room"]), "a call of the room asked for", call)


def check_presence(shown: Json) -> None:
    """Hold how somebody is to the protocol."""
    demand(shown.keys() == {"user", "status", "last_seen"}, "user, status and last_seen", shown)
    demand(shown["status"] in ("online", "away", "busy", "offline"), "an unknown status", shown)
    demand(shown["last_seen"] is None or shown["status"] == "offline", "last seen, and there", shown)


def check_problem(problem: Json, status: int) -> None:
    """An error of REST."""
    for key in ("type", "title", "status", "code", "detail"):
        demand(key in problem, f"a problem without {key}", problem)
    demand(problem["status"] == status, f"a problem of status {status}", problem)


class Order:
    """The rules that span the frames of one connection: who may speak when, and how revs rise."""

    def __init__(self) -> None:
        self.revs: dict[str, int] = {}
        """The highest rev seen in each room, or where the room stood at the hello."""
        self.left: set[str] = set()
        self.live = False
        self._answered = False
        self._calls: dict[str, int] = {}
        """The version of each call that was heard of last."""

    def hello(self, answer: Json, cursors: dict[str, int]) -> None:
        """Learn from the answer of hello where each room's events begin."""
        for room in answer["rooms"]:
            check_room(room)
            demand(room["state"] in ("new", "ok", "delta", "behind", "reset"), "an unknown state", room)
            demand((room["state"] == "new") == (room["id"] not in cursors), "new is a room without a cursor", room)
            known = cursors.get(room["id"], 0)
            self.revs[room["id"]] = known if room["state"] in ("ok", "delta") else 0
        for call in answer["calls"]:
            check_call(call)
        kinds = [room["kind"] for room in answer["rooms"]]
        demand(kinds[:1] == ["self"] and "self" not in kinds[1:], "the self stream comes first", kinds)
        self._answered = True

    def event(self, frame: Json) -> None:
        """Hold an event to the rules."""
        name, room, rev = frame["ev"], frame.get("room"), frame.get("rev")
        demand(self._answered or name == "goaway", "an event before the answer of hello", frame)
        if name == "room.joined":
            check_room(frame["d"])
            self.left.discard(frame["d"]["id"])
            self.revs[frame["d"]["id"]] = frame["d"]["head"]
        elif name == "room.left":
            left = frame["d"]
            demand(left["reason"] in ("left", "removed", "banned", "deleted") and "by" in left, "a reason", frame)
            self.left.add(left["room"])
        elif name == "call":
            check_call(frame["d"])
            demand(frame["d"]["version"] > self._calls.get(frame["d"]["id"], 0), "the version of a call rises", frame)
            self._calls[frame["d"]["id"]] = frame["d"]["version"]
        elif name == "presence":
            check_presence(frame["d"])
        elif name == "live":
            demand(not self.live, "live twice", frame)
            self.live = True
        if room is not None:
            demand(room not in self.left, "an event of a room that was left", frame)
        demand((name in DURABLE) == ("rev" in frame), "durable events have a rev, others none", frame)
        if name in DURABLE:
            self._durable(frame, str(room), rev)

    def _durable(self, frame: Json, room: str, rev: object) -> None:
        demand(type(rev) is int and rev > self.revs.get(room, 0), f"rev must rise above {self.revs.get(room)}", frame)
        assert isinstance(rev, int)
        self.revs[room] = rev
        if frame["ev"] == "message":
            check_item(frame["d"])
            demand(frame["d"]["room"] == room and frame["d"]["rev"] == rev, "an item of another room or rev", frame)
        else:
            check_room(frame["d"], viewer=False)
            demand(frame["d"]["id"] == room, "another room", frame)
