"""Which channels this node wants to hear, and making the broker's subscriptions equal to that."""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable

from store.broker import Broker
from store.errors import Unavailable

log = logging.getLogger(__name__)

BATCH_CHANNELS = 500
"""Channels asked for at once: one answer of the broker then takes about a millisecond."""

READY_S = 0.1
"""Longest that opening a stream waits for its subscription: over that its head is read again when it is there."""

RETRY_S = 0.25
"""Pause after the broker did not confirm."""

CHECK_S = 10.0
"""Pause between two looks at whether the broker knows of what it confirmed."""

CHECK_CHANNELS = 500
"""Channels looked at each time, one after the other in turn."""


class Subscriptions:
    """Wanted against actual. It implements ``ws.hub.interest.Interest``."""

    def __init__(self, broker: Broker) -> None:
        self.lost: Callable[[], None] = _nothing
        """Is called when something that was subscribed is so no more."""
        self.settled: Callable[[], None] = _nothing
        """Is called when everything wanted is subscribed after something was lost."""
        self.late: Callable[[str], None] = _nothing
        """Is called with a channel that was confirmed after ``ready`` had given up."""
        self.trusted: Callable[[], bool] = bool
        """Tells whether the links are known to carry; while not, ``ready`` does not wait."""
        self._broker = broker
        self._wanted: set[str] = set()
        self._confirmed: set[str] = set()
        self._dirty: set[str] = set()
        self._lost: set[str] = set()
        self._own: set[str] = set()
        self._given_up: set[str] = set()
        self._ready: dict[str, asyncio.Future[None]] = {}
        self._wake = asyncio.Event()
        self._turn = 0

    @property
    def complete(self) -> bool:
        """Whether nothing that was lost is still to be subscribed again."""
        return not self._lost

    def want(self, channel: str) -> None:
        """See ``Interest.want``."""
        if not self._broker.alone and channel not in self._wanted:
            self._wanted.add(channel)
            self._note(channel)

    def drop(self, channel: str) -> None:
        """See ``Interest.drop``."""
        if channel in self._wanted:
            self._wanted.discard(channel)
            self._lost.discard(channel)
            self._given_up.discard(channel)
            self._ready.pop(channel, None)  # nobody may ever confirm it
            self._note(channel)

    async def ready(self, channel: str) -> None:
        """See ``Interest.ready``."""
        if self._broker.alone or channel in self._confirmed:
            return
        if not self.trusted():
            self._given_up.add(channel)  # the doubt may be over before this channel is subscribed
            return
        future = self._ready.get(channel)
        if future is None:
            future = self._ready[channel] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.shield(future)
        except TimeoutError:
            if channel in self._wanted:
                self._given_up.add(channel)

    def changed(self) -> None:
        """Compare with what the broker has now: a link was made or lost."""
        own = set(self._broker.canaries())
        for channel in self._own - own:
            self.drop(channel)
        for channel in own - self._own:
            self.want(channel)
        self._own = own
        lost = {channel for channel in self._confirmed if channel not in self._broker.subscribed}
        if lost:
            self._confirmed -= lost
            self._lost |= lost & self._wanted
            self._dirty |= lost & self._wanted
            self.lost()
        self._wake.set()

    async def run(self) -> None:
        """Subscribe and unsubscribe until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while self._dirty:
                    await self._step()
            except Unavailable:
                # The broker connects again by itself, and says so; this is for what it merely did not confirm.
                await asyncio.sleep(random.uniform(RETRY_S / 2, RETRY_S))  # noqa: S311  spreads them
                self._wake.set()

    async def check(self) -> None:
        """Ask the broker, again and again until cancelled, whether it knows of what it has confirmed."""
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                await self._check()
            except Unavailable:
                continue  # the canary judges the links

    def _note(self, channel: str) -> None:
        self._dirty.add(channel)
        self._wake.set()

    async def _step(self) -> None:
        part = list(itertools.islice(self._dirty, BATCH_CHANNELS))
        self._dirty.difference_update(part)  # what changes while we wait is noted anew
        try:
            extra = [each for each in part if each not in self._wanted and each in self._broker.subscribed]
            missing = [each for each in part if each in self._wanted and each not in self._broker.subscribed]
            if extra:
                self._confirmed.difference_update(extra)  # at once: whoever wants one meanwhile waits for it
                await self._broker.unsubscribe(extra)
            if missing:
                await self._broker.subscribe(missing)
        finally:
            # Where it failed some may be as they should all the same.
            subscribed = self._broker.subscribed
            self._dirty.update(each for each in part if (each in self._wanted) != (each in subscribed))
            for channel in part:
                if channel in subscribed:
                    self._confirm(channel)

    def _confirm(self, channel: str) -> None:
        self._confirmed.add(channel)
        future = self._ready.pop(channel, None)
        if future is not None and not future.done():
            future.set_result(None)
        if channel in self._given_up:
            self._given_up.discard(channel)
            self.late(channel)
        if channel in self._lost:
            self._lost.discard(channel)
            if not self._lost:
                self.settled()

    async def _check(self) -> None:
        asked = sorted(self._confirmed)[self._turn : self._turn + CHECK_CHANNELS]
        self._turn = self._turn + len(asked) if asked else 0
        if not asked:
            return
        found = await self._broker.listeners(asked)
        unheard = [channel for channel in asked if not found.get(channel) and channel in self._confirmed]
        if unheard:
            log.warning("the broker has forgotten subscriptions", extra={"channels": len(unheard)})
            await self._broker.unsubscribe(unheard)
            self.changed()


def _nothing(*_: object) -> None:
    pass
