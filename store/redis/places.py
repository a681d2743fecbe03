"""Where the servers are: of a single Redis, of the one that sentinels name, or of all that a cluster has."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.crc import key_slot

from store.errors import Unavailable
from store.redis.address import Address, Endpoint, Login
from store.redis.wire import Push, Wire

SLOTS: Final = 16384
"""Of a Redis Cluster. Where there is none, one server has all."""

ASK_S: Final = 1.0
"""Seconds for a sentinel or a node to say where the others are."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A server, and the slots that are its own: first and last of each range."""

    endpoint: Endpoint
    ranges: tuple[tuple[int, int], ...] = ((0, SLOTS - 1),)


def slot_of(channel: bytes) -> int:
    """Return the slot of a channel in a cluster."""
    return key_slot(channel)


class Places:
    """Finds servers and connects to them, always with the address's log-in and certificates."""

    def __init__(self, address: Address, name: str) -> None:
        self.address = address
        self.sharded = address.kind == "cluster"
        self._name = name
        self._tls = address.tls.context() if address.tls is not None else None
        self._known: list[Endpoint] = list(address.hosts)

    @property
    def fixed(self) -> bool:
        """Whether the answer is always the same."""
        return self.address.kind == "single"

    async def find(self) -> tuple[Shard, ...]:
        """Return the servers that messages go through now, in an order that changes only when they do.

        Raises:
            Unavailable: If nobody can say.
        """
        if self.address.kind == "sentinel":
            return (Shard(await self._ask_sentinels()),)
        if self.address.kind == "cluster":
            return await self._ask_nodes()
        return (Shard(self.address.hosts[0]),)

    async def connect(self, endpoint: Endpoint, pushed: Push, lost: Callable[[], None]) -> Wire:
        """Connect to a server that ``find`` named.

        Raises:
            Unavailable: If that fails, or it only follows another.
        """
        wire = await self._open(endpoint, self.address.login, pushed, lost)
        if self.address.kind == "sentinel":
            try:
                await self._check_role(wire)
            except BaseException:
                await wire.close()
                raise
        return wire

    async def _open(
        self, endpoint: Endpoint, login: Login, pushed: Push = lambda _: None, lost: Callable[[], None] = lambda: None
    ) -> Wire:
        return await Wire.open(endpoint, login, self._tls, self._name, pushed, lost)

    async def _check_role(self, wire: Wire) -> None:
        """See that a server leads: one that was deposed takes messages, and nobody hears them."""
        (role,) = await self._answers(wire, ("ROLE",))
        if not isinstance(role, list) or role[0] != b"master":
            raise Unavailable(f"not the leader any more: {role!r}"[:100])

    async def _answers(self, wire: Wire, *commands: tuple[str, ...]) -> list[Any]:
        try:
            async with asyncio.timeout(ASK_S):
                return await wire.ask(commands)
        except TimeoutError:
            raise Unavailable(f"no answer in {ASK_S} s") from None

    async def _asked(self, endpoint: Endpoint, login: Login, command: tuple[str, ...]) -> Any:
        """Return one answer of a server.

        Raises:
            Unavailable: If there is none, or it is a refusal.
        """
        wire = await self._open(endpoint, login)
        try:
            (answer,) = await self._answers(wire, command)
        finally:
            await wire.close()
        if isinstance(answer, Exception):
            raise Unavailable(str(answer))
        return answer

    async def _ask_sentinels(self) -> Endpoint:
        """Return what most of the sentinels that answer say: one alone may have missed the last election."""
        address = self.address
        command = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.service)
        asked = (self._asked(endpoint, address.sentinel_login, command) for endpoint in address.hosts)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        votes = Counter(
            (answer[0].decode(), int(answer[1])) for answer in answers if isinstance(answer, list) and len(answer) == 2
        )
        if votes:
            return votes.most_common(1)[0][0]
        for answer in answers:
            if isinstance(answer, Unavailable):
                raise answer
            if isinstance(answer, BaseException):
                raise answer
        raise Unavailable(f"no sentinel knows the service {address.service!r}")

    async def _ask_nodes(self) -> tuple[Shard, ...]:
        """Ask the node that answered last, and the next ones if it fails: nodes that differ must not take turns."""
        reason = Unavailable("the cluster has no nodes")
        for endpoint in list(self._known):
            try:
                shards = _shards(await self._asked(endpoint, self.address.login, ("CLUSTER", "SLOTS")), endpoint)
            except Unavailable as error:
                reason = error
                continue
            if shards:
                found = [shard.endpoint for shard in shards]
                self._known = list(dict.fromkeys([endpoint, *found, *self.address.hosts]))
                return shards
            reason = Unavailable("no node of the cluster has slots")
        raise reason

    def doubt(self) -> None:
        """Ask another node next time: what the last one said does not agree with what happens."""
        self._known.append(self._known.pop(0))


def _shards(answer: Sequence[Any], asked: Endpoint) -> tuple[Shard, ...]:
    """Read an answer to CLUSTER SLOTS."""
    ranges: dict[Endpoint, list[tuple[int, int]]] = {}
    for first, last, leader, *_ in answer:
        name = leader[0]
        # A node that does not know its own name or number says nothing, or a question mark.
        host = name.decode() if isinstance(name, bytes) and name not in (b"", b"?") else asked[0]
        ranges.setdefault((host, leader[1]), []).append((first, last))
    return tuple(Shard(endpoint, tuple(sorted(ranges[endpoint]))) for endpoint in sorted(ranges))
