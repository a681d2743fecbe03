"""Several nodes in one process, as far as streams go: lanes, hub and relay each, on one store and one exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.accounts.logins.tokens import Tokens
from services.metrics import Metrics
from services.rooms.rights.facts import Facts
from services.streams.append import Append, Plan
from services.streams.batch import Batch
from services.streams.lanes.lanes import Lanes
from store.broker_memory import Exchange, MemoryBroker
from store.database import Database
from store.presence_memory import MemoryPresence
from store.tables import Entry, Text
from tests.entries import text_entry
from tests.peers import until
from tests.unit.ws.ears import Ear
from ws.hub.watched import Watched
from ws.relay.joining import Links, join

KEY = b"k" * 32


class Member:
    """One node."""

    def __init__(self, name: str, database: Database, exchange: Exchange, presence: MemoryPresence) -> None:
        self.broker = MemoryBroker(name, exchange)
        self.learned: list[Batch] = []
        self.tokens = Tokens(KEY, database)
        self.metrics = Metrics()
        links = Links(name, self.broker, presence, KEY)
        joined = join(links, database, self.metrics, self.tokens, Facts(database))
        self.hub, self.relay, self.live = joined.hub, joined.relay, joined.live
        self.lanes = Lanes(database, self.live.deliver, self.live.learn)
        self.live.written = self._written
        self._sent = 0

    def _written(self, batch: Batch) -> None:
        self.learned.append(batch)
        self.lanes.heard(batch)

    async def listen(self, ear: Ear, stream: str = "r") -> Watched:
        """Have somebody hear a stream from its head on."""
        if ear.session not in self.hub.sessions(ear.user):
            self.hub.add(ear.session, ear.user)
        watched = await self.hub.watch(stream, ear.session)
        self.hub.attach(ear.session, watched)
        return watched

    async def write(self, stream: str = "r", author: str = "ann") -> Entry:
        """Write an item, and return it when it is durable."""
        self._sent += 1
        entry = text_entry(stream, author, author, f"{id(self)}-{self._sent}", Text(text="x"), "d")

        async def plan(_view: object) -> Plan:
            raise AssertionError("plain items are not planned again by a node alone in its stream")

        outcome = await self.lanes.append(Append((stream,), plan, entry))
        return outcome.item

    def flush(self) -> None:
        """Let the tick end."""
        self.hub.flush()


async def hear(member: Member, ear: Ear, stream: str = "r") -> Ear:
    """Have an ear listen on a node, flushing each turn."""
    await member.listen(ear, stream)
    return ear


async def heard(member: Member, ear: Ear, *revs: int) -> None:
    """Wait until an ear has heard these revs, in this order."""

    def complete() -> bool:
        member.flush()
        return ear.revs == list(revs)

    await until(complete)


@asynccontextmanager
async def nodes(database: Database, exchange: Exchange, count: int = 2) -> AsyncIterator[list[Member]]:
    """Run nodes until the block ends; their links are proven when it begins, where there are any."""
    presence = MemoryPresence()
    made = [Member(f"n{number}", database, exchange, presence) for number in range(count)]
    try:
        for member in made:
            await member.relay.open()
        await until(lambda: not exchange.up or not any(member.relay.degraded for member in made))
        yield made
    finally:
        for member in made:
            await member.lanes.stop()
            await member.relay.close()
            await member.hub.close()
            await member.broker.close()
