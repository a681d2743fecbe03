"""What this node knows of rooms and their members, kept in step by the rooms' own streams.

A room and the members asked about are remembered with the rev they are true at. Every change of membership is a rev of
the room's stream, so what is known at a stream's head is true, whoever wrote.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial

import msgspec

from services.errors import RoomNotFound
from services.ids import member_id
from services.loop.shared import Latest
from services.streams.batch import Batch
from services.streams.reading import read_batch, read_head
from store.database import Database
from store.tables import MEMBERS, ROOMS, Effect, Member, Room

ROOMS_KEPT = 20_000
"""Rooms remembered on a node, the own streams of its people among them; about 1 KiB each with the members that were
asked about."""

CATCH_UP_REVS = 256
"""Revs read to learn what changed; further behind the room is read anew."""


@dataclass(slots=True)
class RoomFacts:
    """One room as known at ``rev``."""

    room: Room
    rev: int
    members: dict[str, Member | None] = field(default_factory=dict)
    stale: bool = False
    """Whether the record of the room itself has to be read again."""
    version: int = 0
    """Moves with everything learnt: what was checked at another version has to be checked again."""


class Facts:
    """The rooms this node knows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rooms: OrderedDict[str, RoomFacts] = OrderedDict()
        self._heads: Latest[tuple[int, int]] = Latest()
        self._told: dict[str, int] = {}
        """The last rev that was handed to ``apply``, of the streams that moved lately."""

    async def known(self, room: str) -> RoomFacts:
        """Return a room as last known: enough for an append, whose lane notices what is newer.

        Raises:
            RoomNotFound: If there is no such room, or it is no more.
        """
        facts = self._rooms.get(room)
        if facts is None or facts.stale:
            head, _ = await read_head(self._database, room)
            facts = await self._load(room, head)
        else:
            self._rooms.move_to_end(room)
        if facts.room.deleted:
            raise RoomNotFound
        return facts

    def room(self, room: str, head: int) -> Room | None:
        """Return a room's record where it is known as it is at just this head of its stream; nothing is asked."""
        facts = self._rooms.get(room)
        if facts is None or facts.stale or facts.rev != head:
            return None
        self._rooms.move_to_end(room)
        return facts.room

    def noted(self, room: str) -> Room | None:
        """Return a room's record as it was read last, where it is remembered; nothing is asked."""
        facts = self._rooms.get(room)
        return None if facts is None else facts.room

    def keep(self, room: Room, head: int) -> None:
        """Remember a room's record that was read after its stream had come to ``head`` here."""
        if room.deleted or self._told.get(room.id, 0) > head:
            return  # the stream moved while it was read
        facts = self._rooms.get(room.id)
        if facts is None or facts.rev < head:
            self._put(RoomFacts(room, head))
        elif facts.rev == head and facts.stale:
            # Its members are known at this rev as before. A copy: who reads one for the old facts notes it there.
            self._put(RoomFacts(room, head, dict(facts.members)))

    async def current(self, room: str) -> tuple[RoomFacts, int]:
        """Return a room as it is, and the head of its stream that this was asked at.

        Raises:
            RoomNotFound: If there is no such room, or it is no more.
        """
        head, _ = await self._heads.read(room, partial(read_head, self._database, room))
        facts = self._rooms.get(room)
        if facts is not None and not facts.stale and head - CATCH_UP_REVS <= facts.rev < head:
            self.apply(await read_batch(self._database, room, facts.rev, head - facts.rev))
            facts = self._rooms.get(room)
        if facts is None or facts.stale or facts.rev < head:
            facts = await self._load(room, head)
        if facts.room.deleted:
            raise RoomNotFound
        return facts, head

    async def member(self, facts: RoomFacts, user: str) -> Member | None:
        """Return somebody's membership as known with these facts, hidden ones included."""
        if user not in facts.members:
            rev = facts.rev
            found = await self._database.get(MEMBERS, member_id(facts.room.id, user))
            if facts.rev != rev:
                return found  # the stream moved meanwhile: good for this answer, not to be remembered
            facts.members[user] = found
        return facts.members[user]

    def apply(self, batch: Batch) -> None:
        """Learn from a batch of a room's stream, in order."""
        # An older head may be told once more.
        self._told[batch.stream] = max(self._told.pop(batch.stream, 0), batch.last)
        if len(self._told) > ROOMS_KEPT:
            del self._told[next(iter(self._told))]
        facts = self._rooms.get(batch.stream)
        if facts is None or batch.last <= facts.rev:
            return
        if batch.prev > facts.rev:
            self.forget(batch.stream)  # something in between was missed
            return
        for event in batch.events:
            if event.rev > facts.rev and event.effect is not None:
                _learn(facts, event.effect)
        facts.rev = batch.last

    def forget(self, room: str) -> None:
        """Read a room anew when it is asked for next."""
        facts = self._rooms.pop(room, None)
        if facts is not None:
            facts.version += 1

    async def _load(self, room: str, head: int) -> RoomFacts:
        while True:
            found = await self._database.get(ROOMS, room)
            if found is None:
                raise RoomNotFound
            told = self._told.get(room, 0)
            if told <= head:
                break
            head = told  # delivered on this node since the head was read: the record may be older than it
        facts = RoomFacts(found, head)
        known = self._rooms.get(room)
        if known is not None and not known.stale and known.rev >= head:
            return known  # the stream moved while we read
        self._put(facts)
        return facts

    def _put(self, facts: RoomFacts) -> None:
        self.forget(facts.room.id)
        self._rooms[facts.room.id] = facts
        if len(self._rooms) > ROOMS_KEPT:
            self.forget(next(iter(self._rooms)))


def _learn(facts: RoomFacts, effect: Effect) -> None:
    if effect.room not in {None, facts.room.id}:
        return  # a person's own stream tells of other rooms
    user = effect.user
    facts.version += 1
    if effect.type in {"room", "shut", "closed"}:
        facts.stale = True
        return
    if user is None:
        return
    known = facts.members.pop(user, None)
    if effect.type == "role" and known is not None and effect.role is not None:
        after = msgspec.structs.replace(known, role=effect.role, permissions=effect.permissions)
        facts.members[user] = after
    elif effect.type in {"joined", "left"}:
        facts.stale = True  # the count of members is in the room's record
