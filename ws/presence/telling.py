"""Putting this node's people where all nodes can read of them, and telling those who listen."""

import asyncio
import itertools
import math
from collections.abc import Sequence

import msgspec

from services.ids import now_ms
from services.presence.seen import LastSeen
from store.errors import StoreError
from store.presence import Presence
from ws.presence.here import Here
from ws.presence.others import AT_ONCE, CHANNEL, RETRY_S, Others, Round, Said, spread, witness
from ws.relay.envelopes import Kind
from ws.wheel import Wheel

PUT_EVERY_S = 60.0
"""Time in which everybody who is here is put again; half of ``store.presence.ENTRY_S``."""

SEEN_EVERY_S = 600.0
"""Time in which everybody who is here is noted as seen: what a node that is killed leaves behind is that old."""

LATE_LIMIT = 20_000
"""Tellings kept for when the links carry again; the rest is found by looking."""


class Telling:
    """What other nodes learn of this one. Nobody waits for it."""

    def __init__(self, node: str, store: Presence, others: Others, wheel: Wheel, here: Here, seen: LastSeen) -> None:
        self._node = node
        self._store = store
        self._others = others
        self._wheel = wheel
        self._here = here
        self._seen = seen
        self._puts: dict[str, str | None] = {}
        self._tells: dict[str, Said] = {}
        self._late: dict[str, Said] = {}
        self._wake = asyncio.Event()
        self._put_round = Round(self._everybody, PUT_EVERY_S)
        self._seen_round = Round(here.users, SEEN_EVERY_S)

    def changed(self, user: str, status: str | None, at: int) -> None:
        """Put and tell that somebody is another way here."""
        self._puts[user] = status
        self._tells[user] = Said(user, status, at)
        self._wake.set()

    def forgotten(self) -> None:
        """Put everybody again: everything was lost, or this node was taken for dead; tell so, a part at a time."""
        self._put(self._everybody())
        users = self._here.users()
        spread(self._wheel, users, 0.0, math.ceil(len(users) / AT_ONCE), self._tell_again)

    def recovered(self) -> None:
        """Put everybody, and tell what could not be heard."""
        self._put(self._everybody())
        late, self._late = self._late, {}
        for user, said in late.items():
            self._puts.setdefault(user, said.status)
            self._tells.setdefault(user, said)

    def turn(self) -> None:
        """Go on with everybody's round by one second."""
        self._put(self._put_round.part())
        now = now_ms()
        for user in self._seen_round.part():
            self._seen.note(user, now)

    async def run(self) -> None:
        """Put and tell until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._puts:
                part = dict(itertools.islice(self._puts.items(), AT_ONCE))
                told = []
                for user in part:
                    del self._puts[user]
                    if user in self._tells:
                        told.append(self._tells.pop(user))
                kept = await self._keep(part)
                self._tell(told)  # after the put: who looks because of it finds it
                if not kept:
                    await asyncio.sleep(RETRY_S)

    async def _keep(self, part: dict[str, str | None]) -> bool:
        try:
            await self._store.put(self._node, part)
        except StoreError:
            for user, status in part.items():
                self._puts.setdefault(user, status)  # what came meanwhile is newer
            return False
        return True

    def _everybody(self) -> list[str]:
        return [*self._here.users(), witness(self._node)]

    def _put(self, users: list[str]) -> None:
        for user in users:
            self._puts[user] = "online" if user == witness(self._node) else self._here.status(user)
        self._wake.set()

    def _tell(self, told: list[Said]) -> None:
        for said in told:
            self._others.send(CHANNEL + said.user, Kind.PRESENCE, msgspec.msgpack.encode(said))
            if self._others.degraded and len(self._late) < LATE_LIMIT:
                self._late[said.user] = said

    def _tell_again(self, users: Sequence[str]) -> None:
        self._tell([Said(user, status) for user in users if (status := self._here.status(user)) is not None])
