"""Listeners for a hub: they note what they are given, and are no sessions otherwise."""

import json
from typing import Any, cast

import msgspec

from services.metrics import Metrics
from services.streams.append import notice_entry
from services.streams.batch import Batch, batch_of, event_of
from store.database import Database
from store.tables import Effect, Entry, Notice, Text
from tests.client.checks import Json
from tests.entries import text_entry
from ws.hub.hub import Hub
from ws.hub.watched import Watched
from ws.sessions.session import Session
from ws.wire.codes import CloseCode
from ws.wire.flusher import Flusher


class Notes:
    """What a session's outbox would have sent."""

    def __init__(self) -> None:
        self.pushes: list[bytes] = []
        """What was pushed, each time one or more frames."""
        self.ephemeral: list[bytes] = []

    def push(self, frame: bytes) -> None:
        """See ``Outbox.push``."""
        self.pushes.append(frame)

    def push_ephemeral(self, frame: bytes) -> None:
        """See ``Outbox.push_ephemeral``."""
        self.ephemeral.append(frame)


class Everywhere(dict[str, None]):
    """The streams of somebody who is a member of whatever they watch."""

    def __contains__(self, _stream: object) -> bool:
        """Tell that they are in it."""
        return True


class Ear:
    """Somebody's session, as far as a hub knows of sessions."""

    def __init__(self, user: str, login: str = "") -> None:
        self.user = user
        self.login = login or f"login of {user}"
        self.outbox = Notes()
        self.streams = Everywhere()
        self.moves: list[Effect] = []
        self.ended: list[tuple[CloseCode, str]] = []

    @property
    def session(self) -> Session:
        """The session that a hub takes it for."""
        return cast(Session, self)

    def moved(self, effect: Effect) -> None:
        """See ``Session.moved``."""
        self.moves.append(effect)

    def end(self, code: CloseCode, reason: str) -> None:
        """See ``Session.end``."""
        self.ended.append((code, reason))

    @property
    def heard(self) -> list[Json]:
        """The events that were pushed, in order."""
        return [event for push in self.outbox.pushes for event in frames(push)]

    @property
    def revs(self) -> list[int]:
        """Their revs."""
        return [event["rev"] for event in self.heard]


def frames(data: bytes) -> list[Any]:
    """Return the JSON of server frames that stand one behind the other."""
    found = []
    while data:
        size, start = data[1], 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, start = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
        found.append(json.loads(data[start : start + size]))
        data = data[start + size :]
    return found


class Station:
    """A hub on a database, and its flusher."""

    def __init__(self, database: Database) -> None:
        self.metrics = Metrics()
        self.flusher = Flusher()
        self.hub = Hub(database, self.flusher, self.metrics)
        self.flusher.before = self.hub.flush

    def deliver(self, *batches: Batch) -> None:
        """Deliver batches and let the tick end."""
        for batch in batches:
            self.hub.deliver(batch)
        self.hub.flush()

    async def listen(self, ear: Ear, stream: str = "r", first_seq: int = 0) -> Watched:
        """Have somebody hear a stream from its head on."""
        if ear.session not in self.hub.sessions(ear.user):
            self.hub.add(ear.session, ear.user)
        watched = await self.hub.watch(stream, ear.session)
        self.hub.attach(ear.session, watched, first_seq)
        return watched

    def meter(self, name: str) -> float:
        """Return what a meter shows."""
        return self.metrics.registry.get_sample_value(name) or 0.0


def item(rev: int, stream: str = "r", author: str = "ann", effect: Effect | None = None) -> Entry:
    """Return an item as the lane would have numbered it."""
    if effect is None:
        entry = text_entry(stream, author, author, f"c{rev}", Text(text=f"{rev}"), "d")
    else:
        entry = notice_entry(stream, Notice(effect.type, effect.user), effect)
    return msgspec.structs.replace(entry, rev=rev, seq=rev, changed=rev)


def batch(*entries: Entry) -> Batch:
    """Return a batch of new items."""
    return batch_of(entries[0].stream, entries[0].rev - 1, [event_of(entry, None) for entry in entries])


def items(first: int, last: int) -> list[Batch]:
    """Return batches of one item each."""
    return [batch(item(rev)) for rev in range(first, last + 1)]
