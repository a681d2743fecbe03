"""Presence in Redis: a lease of each node, a hash of each person, a sketch of each large room.

Leases are keys that expire, so the clock of Redis is the only one there is. Those of nodes share a hash tag, and so do
the sketches of one room: a cluster keeps each of these families in one place.
"""

import asyncio
import functools
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, ParamSpec, TypeVar

from store.errors import Unavailable
from store.presence import COMMAND_S, ENTRY_S, LEASE_S, Beat
from store.redis.link import Link, Script

LEASE_MS = int(LEASE_S * 1000)
ENTRY_MS = int(ENTRY_S * 1000)

CLOCK = Script("return redis.call('TIME')")
"""The clock of the server that has the leases. As a command alone it would be of no server in particular."""

RUBBISH_S = 60.0
"""How long a node is gone before others remove what it left in the hash of somebody who is there elsewhere.

A node that was paused may be about to put again just what would be removed; after so long it has.
"""

P = ParamSpec("P")
T = TypeVar("T")


def _bounded(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Bound the whole of a call that takes several turns."""

    @functools.wraps(call)
    async def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with asyncio.timeout(COMMAND_S):
                return await call(*args, **kwargs)
        except TimeoutError:
            raise Unavailable("Redis did not answer in time") from None

    return bounded


class RedisPresence:
    """Implements ``store.presence.Presence``. It connects when it is first used, and again whenever it must."""

    def __init__(self, link: Link, prefix: str) -> None:
        """Use a link; keys begin with ``prefix``."""
        self._link = link
        self._prefix = prefix
        self._nodes = f"{prefix}{{nodes}}"
        self._gone: dict[str, float] = {}
        """When nodes were first found gone whose entries are still there; see ``RUBBISH_S``."""

    @_bounded
    async def beat(self, node: str) -> Beat:
        """See ``Presence.beat``."""
        lease = self._lease(node)
        before, _, _, names = await self._link.pipeline(
            [
                ("SET", lease, 1, "PX", LEASE_MS, "GET"),
                ("SADD", self._nodes, node),
                ("PEXPIRE", self._nodes, ENTRY_MS),
                ("SMEMBERS", self._nodes),
            ]
        )
        known = {name.decode() for name in names}
        living = await self._living(known)
        if dead := known - living - {node}:
            # One that comes back just now adds itself again with its next beat.
            await self._link.execute("SREM", self._nodes, *dead)
        return Beat(frozenset(living | {node}), before is None)

    @_bounded
    async def clock(self) -> int:
        """See ``Presence.clock``."""
        seconds, micros = await self._link.script(CLOCK, [self._nodes])
        return int(seconds) * 1000 + int(micros) // 1000

    @_bounded
    async def leave(self, node: str) -> None:
        """See ``Presence.leave``."""
        await self._link.pipeline([("DEL", self._lease(node)), ("SREM", self._nodes, node)])

    @_bounded
    async def put(self, node: str, statuses: Mapping[str, str | None]) -> None:
        """See ``Presence.put``."""
        commands: list[tuple[str | int, ...]] = []
        for user, status in statuses.items():
            key = self._person(user)
            if status is None:
                commands.append(("HDEL", key, node))
            else:
                commands += [("HSET", key, node, status), ("PEXPIRE", key, ENTRY_MS)]
        await self._link.pipeline(commands)

    @_bounded
    async def get(self, users: Collection[str]) -> dict[str, dict[str, str]]:
        """See ``Presence.get``."""
        asked = list(users)
        hashes = await self._link.pipeline([("HGETALL", self._person(user)) for user in asked])
        entries = {
            user: {node.decode(): status.decode() for node, status in found.items()}
            for user, found in zip(asked, hashes, strict=True)
            if found
        }
        named = {node for found in entries.values() for node in found}
        living = await self._living(named)
        await self._clear(entries, self._long_gone(named - living, living))
        counting = {
            user: {node: status for node, status in found.items() if node in living} for user, found in entries.items()
        }
        return {user: found for user, found in counting.items() if found}

    @_bounded
    async def fill(self, node: str, room: str, users: Collection[str]) -> None:
        """See ``Presence.fill``."""
        key = self._sketch(room, node)
        if not users:
            await self._link.execute("DEL", key)
            return
        fresh = f"{key}:fresh"  # whoever counts meanwhile sees the old one or the new one, never half of it
        await self._link.pipeline(
            [("DEL", fresh), ("PFADD", fresh, *users), ("PEXPIRE", fresh, ENTRY_MS), ("RENAME", fresh, key)]
        )

    @_bounded
    async def count(self, room: str) -> int:
        """See ``Presence.count``."""
        names = await self._link.execute("SMEMBERS", self._nodes)
        living = await self._living({name.decode() for name in names})
        if not living:
            return 0
        return int(await self._link.execute("PFCOUNT", *(self._sketch(room, node) for node in sorted(living))))

    async def close(self) -> None:
        """See ``Presence.close``."""
        await self._link.close()

    def _lease(self, node: str) -> str:
        return f"{self._nodes}:{node}"

    def _person(self, user: str) -> str:
        return f"{self._prefix}person:{user}"

    def _sketch(self, room: str, node: str) -> str:
        return f"{self._prefix}room:{{{room}}}:{node}"

    async def _living(self, nodes: Collection[str]) -> set[str]:
        """Return those of some nodes whose leases run."""
        if not nodes:
            return set()
        listed = list(nodes)
        leases = await self._link.execute("MGET", *(self._lease(node) for node in listed))
        return {node for node, lease in zip(listed, leases, strict=True) if lease is not None}

    def _long_gone(self, gone: set[str], living: set[str]) -> set[str]:
        """Return those that were gone for so long that nothing of them comes back."""
        now = time.monotonic()
        self._gone = {node: at for node, at in self._gone.items() if node not in living and now - at < ENTRY_S}
        for node in gone:
            self._gone.setdefault(node, now)
        return {node for node in gone if now - self._gone[node] >= RUBBISH_S}

    async def _clear(self, entries: Mapping[str, Mapping[str, str]], nodes: set[str]) -> None:
        """Remove what nodes left behind with people who are there elsewhere: those hashes do not end by themselves."""
        left = {user: nodes & found.keys() for user, found in entries.items()} if nodes else {}
        await self._link.pipeline([("HDEL", self._person(user), *names) for user, names in left.items() if names])
