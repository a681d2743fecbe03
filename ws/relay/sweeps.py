"""Asking the store how far the watched streams have come: slowly and always, and at once where a node has died."""

import asyncio
import itertools
import math
from collections.abc import Callable, Iterable

from services.accounts.logins.tokens import BANNED, State, states_of
from services.streams.batch import Batch
from store.database import FIND_LIMIT, Database
from store.errors import StoreError
from ws.hub.hub import Hub

ROUND_S = 60.0
"""Time in which every watched stream is asked about once."""

STEP_S = 1.0
"""Pause between two parts of a round."""

ENDED = "the session has ended"
"""Why a session ends of which nothing else is known."""

AT_ONCE = 16
"""Questions under way where all are to be asked at once."""


class Sweeps:
    """Finds what nobody told, and log-ins that ended unheard."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        believed: Callable[[], Iterable[str]],
        ended: Callable[[str, str], None],
    ) -> None:
        """Take the store, the hub, what gives the log-ins taken to be live, and what ends one that is over."""
        self._database = database
        self._hub = hub
        self._believed = believed
        self._ended = ended
        self._urgent: dict[str, None] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Go round the watched streams, a part each second, until cancelled."""
        while True:
            streams = self._hub.streams()
            part = math.ceil(len(streams) * STEP_S / ROUND_S) or 1
            for start in range(0, max(len(streams), 1), part):
                await asyncio.sleep(STEP_S if streams else ROUND_S / 10)
                await self._check_all(streams[start : start + part])
            await self.end_logins()

    def hurry(self, *streams: str) -> None:
        """Ask about these streams soon, or about all that are watched."""
        self._urgent.update(dict.fromkeys(streams or self._hub.streams()))
        self._wake.set()

    async def run_urgent(self) -> None:
        """Ask what is urgent until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._urgent:
                part = list(itertools.islice(self._urgent, AT_ONCE))
                for stream in part:
                    del self._urgent[stream]
                await self._check_all(part)

    async def end_logins(self) -> None:
        """End the sessions and tokens of log-ins that are over: whoever ended them may not have been heard."""
        logins = sorted({session.login for session in self._hub.sessions() if session.login}.union(self._believed()))
        for start in range(0, len(logins), FIND_LIMIT):
            part = logins[start : start + FIND_LIMIT]
            try:
                states = await states_of(self._database, part)
            except StoreError:
                return  # nobody is sent away on a guess; the next round asks again
            for login, state in states.items():
                if state is not State.LIVE:
                    self._ended(login, BANNED if state is State.BANNED else ENDED)

    async def _check_all(self, streams: list[str]) -> None:
        await asyncio.gather(*(self._check(stream) for stream in streams))

    async def _check(self, stream: str) -> None:
        watched = self._hub.find(stream)
        if watched is None or watched.delivered is None:
            return
        delivered = watched.head
        try:
            head = await self._hub.proof.head(stream, delivered)
        except StoreError:
            return  # a later sweep asks again, and where nothing else came between finds the same
        if head < delivered:
            self._hub.reset(watched, head)  # a backup was restored: what was delivered is no more
        else:
            self._hub.deliver(Batch(stream, head, head, []))
