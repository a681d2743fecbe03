"""The hub: which sessions of this node watch which streams, and the fan-out to them."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from services.loop import tasks
from services.metrics import Metrics
from services.streams.batch import Batch, Event
from services.streams.proof import Proof
from services.streams.reading import gathered_heads
from store.database import Database
from store.errors import Unavailable
from store.tables import Effect
from ws.hub.gaps import Gaps
from ws.hub.idle import Idle
from ws.hub.interest import Interest
from ws.hub.watched import Watched
from ws.signals import BehindEvent, Head, ResetEvent
from ws.wire.codes import CloseCode
from ws.wire.flusher import Flusher
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.sessions.session import Session

REACH_S = 2.0
"""Longest that a session waits for this node to learn what another one wrote, once it is known that there is more."""


class Hub:
    """The registry of this node: what ``services.live.Live`` does for the sessions here. Nothing waits but ``watch``.

    Without ``interest`` no other node writes to the streams.
    """

    def __init__(
        self, database: Database, flusher: Flusher, metrics: Metrics, interest: Interest | None = None
    ) -> None:
        self._heads = gathered_heads(database)
        self.proof = Proof(database)
        self._interest = interest
        self.gaps = Gaps(database, metrics, self._accept, self._skip, self._fell_behind)
        self._flusher = flusher
        self._metrics = metrics
        self._watched: dict[str, Watched] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._idle = Idle(self._opening)
        self._dirty: dict[Watched, None] = {}
        self._users: dict[str, dict[Session, None]] = {}
        self.leaving: list[Callable[[str, Effect], None]] = []
        """Are called where somebody may see a room no more that is watched here: with a left, shut or closed."""

    # Sessions.

    def add(self, session: "Session", user: str) -> None:
        """Count a session as one of a person's."""
        self._users.setdefault(user, {})[session] = None
        self._metrics.sessions.inc()

    def remove(self, session: "Session", user: str, streams: Iterable[str]) -> None:
        """Forget a session and what it watches."""
        mine = self._users.get(user, {})
        if mine.pop(session, session) is None:
            self._metrics.sessions.dec()
        if not mine:
            self._users.pop(user, None)
        for stream in list(streams):
            watched = self._watched.get(stream)
            if watched is not None:
                self.detach(session, watched)

    def sessions(self, user: str | None = None) -> "list[Session]":
        """Return a person's sessions here, or all."""
        if user is not None:
            return list(self._users.get(user, ()))
        return [session for mine in self._users.values() for session in mine]

    # Watching.

    async def watch(self, stream: str, session: "Session") -> Watched:
        """Return a stream with its head known, held for a session that is to be attached.

        Raises:
            StoreError: If the head cannot be read.
        """
        watched = self._watched.get(stream)
        if watched is None:
            watched = self._watched[stream] = Watched(stream)
            self._metrics.streams.inc()
            if self._interest is not None:
                self._interest.want(stream)
        self._idle.take(stream)
        watched.holding[session] = object()
        if watched.delivered is None:
            opening = self._opening.get(stream)
            if opening is None:
                opening = self._opening[stream] = asyncio.create_task(self._open(watched))
            try:
                await asyncio.shield(opening)
            except BaseException:
                self.detach(session, watched)
                raise
        return watched

    def streams(self) -> list[str]:
        """Return the streams that are watched, or were until lately."""
        return list(self._watched)

    async def reach(self, watched: Watched, rev: int) -> None:
        """Return when a stream has come to ``rev`` here, or as far as the store has: another node may be ahead.

        Raises:
            StoreError: If the store does not say within ``REACH_S``.
        """
        if watched.head >= rev:
            return
        head = await self.proof.head(watched.id, rev)
        self.deliver(Batch(watched.id, head, head, []))
        try:
            async with asyncio.timeout(REACH_S):
                while watched.head < min(rev, head) and watched.filling is not None:
                    await asyncio.wait((watched.filling,))
        except TimeoutError:
            raise Unavailable("what another node wrote cannot be read") from None

    def find(self, stream: str) -> Watched | None:
        """Return a stream that is watched, or was until lately."""
        return self._watched.get(stream)

    def attach(self, session: "Session", watched: Watched, first_seq: int = 0) -> None:
        """Give a session every event above the stream's head; with ``first_seq`` only those of items from there on."""
        self._flush_tick(watched)
        watched.holding.pop(session, None)
        if first_seq > 0:
            watched.floors[session] = first_seq
        else:
            watched.sessions[session] = None

    def detach(self, session: "Session", watched: Watched) -> None:
        """Give a session nothing more of a stream."""
        self._flush_tick(watched)
        for watchers in (watched.sessions, watched.floors, watched.holding):
            watchers.pop(session, None)
        if watched.idle and self._watched.get(watched.id) is watched:
            self._idle.put(watched)
            self._give_up()

    def _give_up(self) -> None:
        for stream in self._idle.surplus():
            del self._watched[stream]
            self._metrics.streams.dec()
            if self._interest is not None:
                self._interest.drop(stream)

    async def _open(self, watched: Watched) -> None:
        try:
            if self._interest is not None:
                await self._interest.ready(watched.id)
            rev, at = await self._heads.read(watched.id)
        finally:
            self._opening.pop(watched.id, None)
        watched.begin(rev, at, asyncio.get_running_loop().time())
        self.gaps.found(Batch(watched.id, rev, rev, []))
        self.gaps.take(watched)
        self.gaps.fill_later(watched)

    # Delivering: see ``services.live.Live``.

    def deliver(self, batch: Batch) -> None:
        """Hand a batch to those who watch its stream, in order, each rev once.

        A batch that comes too early waits for its predecessor, then the store is asked.
        """
        watched = self._watched.get(batch.stream)
        if watched is None or (watched.delivered is None and watched.id not in self._opening):
            return  # nobody watches, or its head is read when somebody does
        if watched.delivered is None or batch.prev > watched.delivered:
            self.gaps.wait(watched, batch)
            return
        self._accept(watched, batch)
        self.gaps.take(watched)

    def signal(self, stream: str, data: bytes, *, but_user: str | None = None, but: object | None = None) -> None:
        """See ``Live.signal``."""
        watched = self._watched.get(stream)
        if watched is None:
            return
        frame = text_frame(data)
        for watchers in (watched.sessions, watched.floors):
            for session in watchers:
                # Who only visits is told what is kept: not who reads, types, or how many there are.
                if session is not but and session.user != but_user and stream in session.streams:
                    session.outbox.push_ephemeral(frame)

    def tell(self, user: str, data: bytes, *, but: object | None = None) -> None:
        """See ``Live.tell``."""
        frame = text_frame(data)
        for session in self._users.get(user, ()):
            if session is not but and session.user:  # before hello is answered it is told nothing
                session.outbox.push_ephemeral(frame)

    def end_login(self, login: str, reason: str) -> None:
        """See ``Live.end_login``."""
        for session in self.sessions():
            if session.login == login:
                session.end(CloseCode.of_ended(reason), reason)

    def end_user(self, user: str, reason: str) -> None:
        """See ``Live.end_user``."""
        for session in self.sessions(user):
            session.end(CloseCode.of_ended(reason), reason)

    def flush(self) -> None:
        """Hand the frames of this tick to the outboxes; the flusher calls it before it sends."""
        for watched in list(self._dirty):
            self._flush_tick(watched)

    async def close(self) -> None:
        """End what is under way."""
        await self.gaps.close()
        await tasks.end(*self._opening.values())
        await self.proof.close()

    def _flush_tick(self, watched: Watched) -> None:
        frames = watched.tick
        self._dirty.pop(watched, None)
        if not frames:
            return
        watched.tick = []
        joined = frames[0] if len(frames) == 1 else b"".join(frames)
        for session in watched.sessions:
            session.outbox.push(joined)
        self._metrics.deliveries.inc(len(frames) * len(watched.sessions))

    def _accept(self, watched: Watched, batch: Batch) -> None:
        delivered = watched.head
        for event in batch.events:
            if event.rev > delivered:
                self._push(watched, event)
        if watched.tick and watched not in self._dirty:
            self._dirty[watched] = None
            self._flusher.wake()
        if watched.idle:
            self._idle.grew(watched.id, sum(len(event.data) for event in batch.events))
            self._give_up()

    def _skip(self, watched: Watched, events: list[Event]) -> None:
        """Pass over events that are not told, but for what they do to the audience."""
        self._flush_tick(watched)
        for event in events:
            if event.rev > watched.head:
                watched.pass_over(event)
                if event.effect is not None:
                    self._affect(watched, event.effect)

    def _fell_behind(self, watched: Watched) -> None:
        self._say(watched, BehindEvent(watched.id, Head(watched.head)))

    def reset(self, watched: Watched, head: int) -> None:
        """Take a stream as one of another history, whose head is lower: those who watch it forget and fetch anew."""
        self._flush_tick(watched)
        watched.begin_anew(head)
        self._say(watched, ResetEvent(watched.id, Head(head)))

    def _say(self, watched: Watched, event: msgspec.Struct) -> None:
        frame = text_frame(msgspec.json.encode(event))
        for watchers in (watched.sessions, watched.floors):
            for session in watchers:
                session.outbox.push(frame)

    def _push(self, watched: Watched, event: Event) -> None:
        frame = watched.keep(event)
        if frame:
            watched.tick.append(frame)
            for session, first_seq in watched.floors.items():
                if event.seq == 0 or event.seq >= first_seq:
                    session.outbox.push(frame)
        if event.effect is not None:
            self._affect(watched, event.effect)

    def _affect(self, watched: Watched, effect: Effect) -> None:
        """Apply a change of the audience at its place in the stream: what was before it goes out first."""
        if watched.id.startswith("u_"):
            for session in [*watched.sessions, *watched.holding]:
                session.moved(effect)
        elif effect.type in {"left", "shut", "closed"}:
            for told in self.leaving:
                told(watched.id, effect)
            going = list(self._users.get(effect.user or "", ()))
            if effect.type == "closed":
                going = [*watched.sessions, *watched.floors, *watched.holding]
            for session in going:
                self.detach(session, watched)
