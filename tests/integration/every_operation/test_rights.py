"""Who may do what in which room: every operation by every standing, both allowed and refused, in one table."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services import OPERATIONS
from tests.application import Parley, running
from tests.client.rest import Refused
from tests.people import Person

STANDINGS = {
    "public": ("owner", "moderator", "member", "left", "removed", "banned", "stranger"),
    "private": ("owner", "moderator", "member", "left", "removed", "banned", "stranger"),
    "direct": ("peer", "blocked", "stranger"),
    "self": ("self", "stranger"),
}
"""Kinds of rooms, and how the one who asks stands to each."""

TABLE = """
                          public    private   direct  self
message.clear             +++nnnn   +++rrrr   ++r     +r
message.delete            ++fnnnn   ++frrrr   ffr     mr
message.edit              +ffnnnn   +ffrrrr   fkr     mr
message.get               +++nnnn   +++rrrr   ++r     mr
message.hidden            +++nnnn   +++rrrr   ++r     +r
message.hide              +++nnnn   +++rrrr   ++r     mr
message.list              +++nnnn   +++rrrr   ++r     +r
message.react             +++nnnn   +++rrrr   +kr     mr
message.reaction.delete   +++nnnn   +++rrrr   +kr     mr
message.reaction.put      +++nnnn   +++rrrr   +kr     mr
message.send              +++nnnn   +++rrrr   +kr     fr
message.show              +++nnnn   +++rrrr   ++r     mr
room.add                  ++fnnnn   ++frrrr   ddr     fr
room.ban                  ++fnnnn   ++frrrr   ddr     fr
room.bans                 ++fnnnn   ++frrrr   ddr     fr
room.calls                +++nnnn   +++rrrr   ++r     +r
room.changes              +++nnnn   +++rrrr   ++r     +r
room.delete               +ffnnnn   +ffrrrr   ddr     fr
room.get                  +++++++   +++rrrr   ++r     +r
room.join                 +++++b+   +++rrrr   ++r     +r
room.leave                s++nnnn   s++rrrr   ++r     fr
room.members              +++nnnn   +++rrrr   ++r     +r
room.presence             +++nnnn   +++rrrr   ++r     +r
room.read                 +++nnnn   +++rrrr   +kr     +r
room.remove               ++fnnnn   ++frrrr   ddr     fr
room.role                 +ffnnnn   +ffrrrr   ddr     fr
room.typing               +++nnnn   +++rrrr   +kr     +r
room.unban                ++fnnnn   ++frrrr   ffr     +r
room.unwatch              +++++++   +++++++   +++     ++
room.update               ++fnnnn   ++frrrr   ddr     fr
room.watch                +++++++   +++rrrr   ++r     +r
"""
"""What each operation answers whom, in the order of ``STANDINGS``."""

WORDS = {
    "+": "ok",
    "f": "forbidden",
    "n": "not_a_member",
    "r": "room_not_found",
    "b": "banned",
    "k": "blocked",
    "d": "direct_room",
    "s": "owner_must_stay",
    "m": "message_not_found",
}


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


class Scene:
    """A room of a kind, with its owner, a member, a message, and somebody who asks."""

    owner: Person
    other: Person
    asker: Person
    room: str
    message: str

    async def given(self, op: str) -> dict[str, object]:
        """Return what an operation is asked with."""
        more: dict[str, dict[str, object]] = {
            "room.update": {"name": "new"},
            "room.add": {"user": self.outsider.id},
            "room.remove": {"user": self.other.id},
            "room.role": {"user": self.other.id, "role": "member"},
            "room.ban": {"user": self.other.id},
            "room.unban": {"user": self.outsider.id},
            "message.send": {"text": "x", "cid": "right"},
            "message.edit": {"message": self.message, "text": "y"},
            "message.delete": {"message": self.message},
            "message.react": {"message": self.message, "emoji": "👍", "on": True},
            "message.reaction.put": {"message": self.message, "emoji": ":ok:"},
            "message.reaction.delete": {"message": self.message, "emoji": ":ok:"},
            "message.get": {"message": self.message},
            "message.hide": {"message": self.message},
            "message.show": {"message": self.message},
            "room.changes": {"since": 0},
            "room.read": {"seq": 1},
        }
        return {"room": self.room} | more.get(op, {})

    def __init__(self, people: list[Person]) -> None:
        self.owner, self.other, self.asker, self.outsider = people

    @classmethod
    async def of(cls, parley: Parley, kind: str, standing: str) -> "Scene":
        scene = cls(await parley.people("owner", "other", "asker", "outsider"))
        owner, asker = scene.owner, scene.asker
        if kind == "self":
            scene.room, scene.message = owner.stream, "none"
            scene.asker = owner if standing == "self" else asker
            return scene
        if kind == "direct":
            scene.room = (await owner.do("room.direct", user=asker.id if standing != "stranger" else scene.other.id))[
                "id"
            ]
            scene.message = (await owner.say(scene.room))["id"]
            if standing == "blocked":
                assert (await owner.account.request("PUT", f"/api/users/me/blocks/{asker.id}")).status < 300
            return scene
        scene.room = await owner.create(kind=kind)
        scene.message = (await owner.say(scene.room))["id"]
        await owner.do("room.add", room=scene.room, user=scene.other.id)
        await scene._stand(standing)
        return scene

    async def _stand(self, standing: str) -> None:
        """Have the asker stand so to a room that people make."""
        owner, asker, room = self.owner, self.asker, self.room
        if standing == "owner":
            self.asker = owner
        elif standing != "stranger":
            await owner.do("room.add", room=room, user=asker.id)
        if standing == "moderator":
            await owner.do("room.role", room=room, user=asker.id, role="moderator")
        elif standing == "left":
            await asker.do("room.leave", room=room)
        elif standing in ("removed", "banned"):
            await owner.do("room.remove" if standing == "removed" else "room.ban", room=room, user=asker.id)


OPS = sorted(
    operation.name
    for operation in OPERATIONS
    if "room" in getattr(operation.input, "__struct_fields__", ()) and operation.name.startswith(("room.", "message."))
)


async def answered(scene: Scene, op: str) -> str:
    """Return the code that an operation is answered with, on the socket where it has that door, else over REST."""
    operation = next(operation for operation in OPERATIONS if operation.name == op)
    given = await scene.given(op)
    if not operation.socket:
        path = str(operation.path).format(**given)
        rest = {name: value for name, value in given.items() if "{" + name + "}" not in str(operation.path)}
        answer = await scene.asker.account.request(str(operation.method), path, rest or None)
        return answer.code or "ok"
    live = await scene.asker.connect()
    try:
        await live.call(op, **given)
    except Refused as refused:
        return refused.code
    finally:
        await live.socket.close()
    return "ok"


ROWS = {row.split()[0]: row.split()[1:] for row in TABLE.strip().splitlines()[1:]}


def test_table_has_every_operation_of_a_room() -> None:
    assert sorted(ROWS) == OPS
    assert all([len(part) for part in row] == [len(who) for who in STANDINGS.values()] for row in ROWS.values())


@pytest.mark.parametrize("kind", STANDINGS)
@pytest.mark.parametrize("op", OPS)
async def test_only_whom_the_table_allows_may(parley: Parley, kind: str, op: str) -> None:
    words = ROWS[op][list(STANDINGS).index(kind)]
    found = {who: await answered(await Scene.of(parley, kind, who), op) for who in STANDINGS[kind]}
    assert found == {who: WORDS[word] for who, word in zip(STANDINGS[kind], words, strict=True)}
