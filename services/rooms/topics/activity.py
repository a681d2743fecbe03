"""When something was last said in topics and in their rooms: noted as it is kept, written in the background."""

import logging
from collections import OrderedDict
from collections.abc import Callable

from services.ids import now_ms
from services.loop.noted import Noted
from services.rooms.rights.facts import Facts
from services.streams.batch import Batch
from store.database import Database, Max
from store.errors import Mismatch
from store.tables import ROOMS, Room

log = logging.getLogger(__name__)

EVERY_MS = 60_000
"""How often a place moves in the order of activity, on each node: what is said meanwhile does not count."""

PLACES_KEPT = 20_000
"""Places of which a node knows when they moved; of those it has forgotten one moves sooner, which does no harm."""


class Activity:
    """The places that moved lately on this node. Belongs to one loop."""

    def __init__(self, database: Database, facts: Facts, clock_ms: Callable[[], int] = now_ms) -> None:
        self._database = database
        self._facts = facts
        self._clock_ms = clock_ms
        self._moved: OrderedDict[str, int] = OrderedDict()
        self._noted = Noted("activity", self._write)

    def heard(self, batch: Batch) -> None:
        """Note what this node has kept: a new item that changes nobody's place, where it is in a topic."""
        room = self._facts.noted(batch.stream)
        if room is None or (room.active_at is None and room.place is None):
            return  # most rooms
        if any(event.item and event.seq == event.rev and event.effect is None for event in batch.events):
            self.note(room)

    def note(self, room: Room) -> None:
        """Note that something was said in a topic, a room or a post in it: the topic moves with what is in it."""
        for place in (room.id if room.active_at is not None else None, room.place):
            if place is not None:
                self._note(place)

    def _note(self, place: str) -> None:
        now = self._clock_ms()
        if now < self._moved.get(place, 0) + EVERY_MS:
            return
        self._moved[place] = now
        self._moved.move_to_end(place)
        self._noted.note(place, now)
        if len(self._moved) > PLACES_KEPT:
            forgotten, _ = self._moved.popitem(last=False)
            self._noted.drop(forgotten)

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        await self._noted.run()

    async def flush(self) -> None:
        """Write what is noted now; what the store does not take stays noted."""
        await self._noted.flush()

    async def _write(self, part: dict[str, int]) -> None:
        found = await self._database.get_many(ROOMS, list(part))
        # A page has no place in the order, and what is closed has none any more.
        moving = [id_ for id_, room in found.items() if room.active_at is not None]
        if not moving:
            return
        try:
            await self._database.together([Max(ROOMS, id_, "active_at", part[id_]) for id_ in moving])
        except Mismatch as gone:
            log.info("a place is no more", extra={"place": gone.id})
