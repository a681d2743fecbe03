"""The links to all servers, kept to what there is of servers."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from store.errors import Unavailable
from store.redis.address import Endpoint
from store.redis.backlog import Backlog
from store.redis.listener import Hearing, Listener
from store.redis.outlet import Outlet
from store.redis.owned import end, start
from store.redis.places import SLOTS, Places, Shard, slot_of
from store.redis.reasons import Reasons

LOOK_S: Final = 2.0
"""Seconds between two looks for the servers: a leader that was deposed may go on to answer, and nobody hears it."""

DOUBT_S: Final = 0.2
"""Least seconds between two looks while something is wrong."""

SUBJECT: Final = "servers"
"""What the log calls the question where they are."""


class Link:
    """A server, what hears there and what publishes there."""

    def __init__(self, shard: Shard, listener: Listener, outlet: Outlet) -> None:
        self.shard = shard
        self.listener = listener
        self.outlet = outlet
        self.tasks = [start(listener.run()), start(outlet.run())]

    @property
    def works(self) -> bool:
        """Whether none of its tasks has failed."""
        return not any(task.done() for task in self.tasks)


class Shards:
    """A link to each server."""

    def __init__(self, places: Places, backlog: Backlog, hearing: Hearing, moved: Callable[[], None]) -> None:
        self.links: dict[Endpoint, Link] = {}
        self._places = places
        self._backlog = backlog
        self._hearing = hearing
        self._moved = moved
        self._reasons = Reasons()
        # Each slot's link, where there are slots.
        self._table: list[Link | None] = [None] * SLOTS
        self._doubted = asyncio.Event()
        self._looked = asyncio.Condition()
        backlog.route = self._route
        backlog.filled = self._filled

    async def run(self) -> None:
        """Look for the servers, and keep a link to each, until cancelled."""
        while True:
            await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._places.fixed and self.links else LOOK_S):
                    await self._doubted.wait()
            self._doubted.clear()
            await asyncio.sleep(DOUBT_S)

    def doubt(self) -> None:
        """Look again soon: what happens does not agree with what was found."""
        self._doubted.set()

    async def looked(self) -> None:
        """Return when there was another look."""
        self.doubt()
        async with self._looked:
            await self._looked.wait()

    def of(self, channel: bytes) -> Link | None:
        """Return the link of a channel; None where its server is not known."""
        if not self._places.sharded:
            return next(iter(self.links.values()), None)
        return self._table[slot_of(channel)]

    async def close(self) -> None:
        """End all links."""
        await self._end(list(self.links))

    def _route(self, channel: bytes) -> Endpoint | None:
        link = self.of(channel)
        return None if link is None else link.shard.endpoint

    def _filled(self, endpoint: Endpoint) -> None:
        if (link := self.links.get(endpoint)) is not None:
            link.outlet.fill()

    async def _look(self) -> None:
        try:
            found = await self._places.find()
        except Unavailable as error:
            self._reasons.failed(SUBJECT, str(error))
            found = tuple(link.shard for link in self.links.values())
        else:
            self._reasons.well(SUBJECT)
        await self._keep(found)
        async with self._looked:
            self._looked.notify_all()

    async def _keep(self, found: tuple[Shard, ...]) -> None:
        """Make the links those of the servers found."""
        links = self.links
        if found == tuple(link.shard for link in links.values()) and all(link.works for link in links.values()):
            return
        wanted = {shard.endpoint for shard in found}
        await self._end([endpoint for endpoint, link in links.items() if endpoint not in wanted or not link.works])
        kept = {shard.endpoint: links.get(shard.endpoint) or self._link(shard) for shard in found}
        links.clear()
        links.update(kept)
        self._table = [None] * SLOTS
        for shard in found:
            link = links[shard.endpoint]
            link.shard = shard
            for first, last in shard.ranges:
                self._table[first : last + 1] = [link] * (last + 1 - first)
        for link in links.values():
            # A server tells of slots that it gave away, but only if it was there when it did.
            link.listener.drop({channel for channel in link.listener.held if self.of(channel) is not link})
        self._backlog.sort()
        self._moved()

    def _link(self, shard: Shard) -> Link:
        host, port = shard.endpoint
        subject = f"{host}:{port}"

        def failed(reason: str) -> None:
            self._reasons.failed(subject, reason)
            self.doubt()

        def well() -> None:
            self._reasons.well(subject)

        listener = Listener(self._places, shard, self._hearing, well, failed)
        return Link(shard, listener, Outlet(self._places, shard, self._backlog, well, failed))

    async def _end(self, endpoints: list[Endpoint]) -> None:
        await end(task for endpoint in endpoints for task in self.links.pop(endpoint).tasks)
        for host, port in endpoints:
            self._reasons.forget(f"{host}:{port}")
