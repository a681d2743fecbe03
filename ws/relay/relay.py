"""The relay: one node's side of what nodes tell each other."""

import asyncio
import logging
from collections.abc import Callable, Iterable

import msgspec

from services.logs import security
from services.loop import tasks
from services.metrics import Metrics
from services.streams.batch import Batch
from store.broker import Broker
from store.database import Database
from store.errors import StoreError
from store.presence import Presence
from ws.hub.hub import Hub
from ws.relay.announcer import Announcer
from ws.relay.canary import Canary
from ws.relay.envelopes import Envelopes, Kind
from ws.relay.leases import Leases
from ws.relay.subscriptions import Subscriptions
from ws.relay.sweeps import Sweeps
from ws.relay.tail import EVERY_S, NOTE_S, Tail

log = logging.getLogger(__name__)

BATCH_BYTES = 256 * 1024
"""Longest batch that is sent whole; of a longer one only how far the stream has come."""

NODES = "nodes"
"""The channel that every node hears."""

LOGINS_S = 2.0
"""Pause between two looks at the log-ins of all sessions, while other nodes' words may not arrive."""

STEADY_S = 3.0
"""Time in which all nodes hear each other again, once one of them does: a canary goes through each link each second."""

Heard = Callable[[str, str, bytes], None]


class Relay:
    """Sends what happens here, hands on what happens elsewhere, and finds what was not heard. Nothing waits for it."""

    def __init__(
        self,
        broker: Broker,
        presence: Presence,
        database: Database,
        hub: Hub,
        subscriptions: Subscriptions,
        envelopes: Envelopes,
        metrics: Metrics,
        node: str,
    ) -> None:
        """Take the parts of the node; what is heard goes where the public fields say."""
        self.on: dict[Kind, Heard] = {}
        """What is called with channel, node and body of a message of another node."""
        self.ended: Callable[[str, str], None] = _nobody
        """Is called with a log-in of this node's sessions or tokens that is over, and why."""
        self.believed: Callable[[], Iterable[str]] = tuple
        """Gives the log-ins that are taken to be live though no session here is theirs."""
        self.recovered: list[Callable[[], None]] = []
        """Are called when the links are known to carry again."""
        self.leases = Leases(presence, node)
        self._broker = broker
        self._hub = hub
        self._envelopes = envelopes
        self._metrics = metrics
        metrics.channels.set_function(lambda: len(broker.subscribed))
        self._subscriptions = subscriptions
        self._canary = Canary(broker, envelopes, subscriptions)
        self._announcer = Announcer(self._tell_head, self._say)
        self._sweeps = Sweeps(database, hub, self._believed, self._end)
        self._tail = Tail(database, self._heard_of)
        self._turned = asyncio.Event()
        self._broke = False
        """Whether the links have broken since they carried first."""
        self._steady_at = 0.0
        self._doubted = True
        """Whether the links were in doubt since the last look at the store began."""
        self._blind = False
        """Whether the last look at the store failed."""
        self._tasks: list[asyncio.Task[None]] = []
        self._bind()

    @property
    def degraded(self) -> bool:
        """Whether other nodes' messages may not arrive, so that the store is watched instead."""
        return self._canary.degraded

    def faults(self) -> list[str]:
        """Tell what is not well between this node and the others, in words."""
        faults = self.leases.faults()
        if self.degraded:
            faults.append("the broker does not carry: what other nodes write is read from the store, a second late")
        elif self.leases.lapsed():  # it carries, and yet keeps nothing: it is full, or forbids it
            faults.append("the leases of nodes are not kept: who is there on other nodes is not known")
        if self._blind:
            faults.append("the store does not tell what other nodes write")
        return faults

    def want(self, channel: str) -> None:
        """Hear of a channel from soon on."""
        self._subscriptions.want(channel)

    def drop(self, channel: str) -> None:
        """Hear nothing more of a channel."""
        self._subscriptions.drop(channel)

    def send(self, channel: str, kind: Kind, body: bytes) -> None:
        """Tell other nodes something, at most once.

        What is not kept is not told while in doubt: it would wait, and come when it is true no more.
        """
        if self._broker.alone or (kind is Kind.SIGNAL and self.degraded):
            return
        self._broker.publish(channel, self._envelopes.seal(kind, body))

    def insist(self, kind: Kind, body: bytes) -> None:
        """Tell every other node something, and again over six seconds."""
        if self._broker.alone:
            return
        message = self._envelopes.seal(kind, body)
        self._say(message)
        self._announcer.repeat(message)

    def repeat(self, kind: Kind, body: bytes) -> None:
        """Tell every other node something over the next six seconds, three times."""
        if not self._broker.alone:
            self._announcer.repeat(self._envelopes.seal(kind, body))

    def publish(self, batch: Batch) -> None:
        """Tell other nodes what is durable; without events how far a stream has come."""
        if self._broker.alone:
            return
        body = msgspec.msgpack.encode(batch)
        if batch.events and len(body) <= BATCH_BYTES:
            self.send(batch.stream, Kind.BATCH, body)
        else:
            self._tell_head(batch.stream, batch.last)
        self._announcer.wrote(batch.stream, batch.last)

    async def open(self) -> None:
        """Begin, in the background: a node starts with no broker to be reached, too."""
        if self._broker.alone:
            return
        self.want(NODES)
        await self._broker.open(self._receive, self._subscriptions.changed)
        self._subscriptions.changed()
        works = (
            self._subscriptions.run,
            self._subscriptions.check,
            self._canary.run,
            self._announcer.run,
            self._sweeps.run,
            self._sweeps.run_urgent,
            self._watch_store,
            self.leases.run,
        )
        self._tasks = [tasks.keep(work) for work in works]

    async def close(self) -> None:
        """Tell the others what has not been told, and that this node is gone."""
        if self._tasks:
            self._announcer.tell()
            self.send(NODES, Kind.LEFT, b"")
            await tasks.end(*self._tasks)
            await self.leases.leave()

    def _bind(self) -> None:
        subscriptions, canary = self._subscriptions, self._canary
        subscriptions.lost = canary.doubt
        subscriptions.settled = canary.send
        subscriptions.late = self._sweeps.hurry
        subscriptions.trusted = lambda: not canary.degraded
        canary.turned = self._turn
        self.leases.gone.append(self._node_gone)
        self.on[Kind.LEFT] = lambda _channel, node, _body: self.leases.leaving(node)

    def _node_gone(self, _node: str) -> None:
        self._sweeps.hurry()
        self._turned.set()

    @property
    def steady(self) -> bool:
        """Whether what is told once arrives: the links carry, and have carried for ``STEADY_S`` since they broke.

        Those of other nodes have broken with ours, and who is back first would speak to nobody.
        """
        return not self.degraded and asyncio.get_running_loop().time() >= self._steady_at

    def _turn(self) -> None:
        if self.degraded:
            self._broke = True
        elif self._broke:
            self._steady_at = asyncio.get_running_loop().time() + STEADY_S
        self._doubted |= self.degraded
        self._turned.set()

    def _receive(self, channel: str, message: bytes) -> None:
        if self._envelopes.is_own(message):
            return
        opened = self._envelopes.open(message)
        if opened is None:
            # Forged, damaged, or of another version of ours: what a node told in it is found in the store.
            self._metrics.unheard.inc()
            security.warning("what was heard from the broker is no word of a node", extra={"size": len(message)})
            return
        kind, node, body = opened
        if kind is Kind.CANARY:
            self._canary.heard(channel, body)
        elif kind in self.on:
            try:
                self.on[kind](channel, node, body)
            except msgspec.DecodeError as error:
                log.warning("a node says what cannot be read", extra={"from": node, "error": str(error)})
            except Exception:
                # A mistake of ours, which is no reason to lose the link that it came through.
                log.exception("what a node said was not taken", extra={"from": node, "kind": kind.name})

    def _say(self, message: bytes) -> None:
        self._broker.publish(NODES, message)

    def _tell_head(self, stream: str, rev: int) -> None:
        self.send(stream, Kind.BATCH, msgspec.msgpack.encode(Batch(stream, rev, rev, [])))

    def _believed(self) -> Iterable[str]:
        return self.believed()

    def _end(self, login: str, reason: str) -> None:
        self.ended(login, reason)

    def _heard_of(self, stream: str, rev: int) -> None:
        self._hub.deliver(Batch(stream, rev, rev, []))

    async def _watch_store(self) -> None:
        """Look each second while in doubt, or a node is missing, and once more when the links are known to carry."""
        clock = asyncio.get_running_loop().time
        logins_at = 0.0
        while True:
            self._turned.clear()
            degraded, missing = self.degraded, self.leases.any_missing()
            doubted, self._doubted = degraded or self._doubted, degraded
            self._metrics.degraded.set(degraded)
            self._metrics.nodes.set(len(self.leases.living))
            self._metrics.clock_ahead.set(self.leases.skew_s)
            try:
                if doubted or missing:
                    await self._tail.look()
                    if clock() >= logins_at:
                        logins_at = clock() + LOGINS_S
                        await self._sweeps.end_logins()
                else:
                    await self._tail.note()
                self._blind = False
            except StoreError:
                # What could not be read is read later, from further back.
                self._blind = self._doubted = degraded = True
            if doubted and not degraded:
                for told in self.recovered:
                    told()
            try:
                async with asyncio.timeout(EVERY_S if degraded or missing else NOTE_S):
                    await self._turned.wait()
            except TimeoutError:
                continue


def _nobody(_login: str, _reason: str) -> None:
    pass
