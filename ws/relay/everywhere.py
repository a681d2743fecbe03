"""What happens on this node, for its own sessions and for those of all others."""

from collections.abc import Callable

import msgspec

from services.accounts.logins.tokens import Tokens
from services.ids import self_stream
from services.rooms.rights.facts import Facts
from services.streams.batch import Batch
from ws.hub.hub import Hub
from ws.relay.envelopes import Kind
from ws.relay.relay import Relay


class Signal(msgspec.Struct, frozen=True, array_like=True):
    """Something that is not kept."""

    data: bytes
    but_user: str | None = None


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """A log-in whose sessions are to end."""

    login: str
    reason: str


class Changed(msgspec.Struct, frozen=True, array_like=True):
    """Somebody of whom nothing that is remembered holds any more."""

    user: str


_batch = msgspec.msgpack.Decoder(Batch).decode
_signal = msgspec.msgpack.Decoder(Signal).decode
_ended = msgspec.msgpack.Decoder(Ended).decode
_changed = msgspec.msgpack.Decoder(Changed).decode


class Everywhere:
    """Implements ``services.live.Live`` over all nodes."""

    def __init__(self, hub: Hub, relay: Relay, tokens: Tokens, facts: Facts) -> None:
        self.written: Callable[[Batch], None] = _nothing
        """Is called with what another node says that it has written."""
        self.wrote: Callable[[str, str], None] = _nobody
        """Is called before that with the stream and the node."""
        self.kept: Callable[[Batch], None] = _nothing
        """Is called with what this node has written, when this node's rooms know it."""
        self.ended: Callable[[str, bool], None] = _no_login
        """Is called with a log-in that is over, and whether it was ended on this node."""
        self.forget: tuple[Callable[[str], None], ...] = ()
        """Are called with somebody of whom nothing that this node remembers holds any more."""
        self._hub = hub
        self._relay = relay
        self._tokens = tokens
        self._facts = facts
        relay.on |= {Kind.BATCH: self._heard_batch, Kind.SIGNAL: self._heard_signal, Kind.ENDED: self._heard_ended}
        relay.on[Kind.CHANGED] = self._heard_changed
        relay.ended, relay.believed = self._end_here, tokens.believed
        hub.gaps.found = facts.apply

    def deliver(self, batch: Batch) -> None:
        """See ``Live.deliver``."""
        self.learn(batch)
        self.kept(batch)
        self._relay.publish(batch)

    def learn(self, batch: Batch) -> None:
        """Hand on what another node wrote, to this node's rooms and sessions alone."""
        # The facts first: what was checked with older ones is checked again.
        self._facts.apply(batch)
        self._hub.deliver(batch)

    def signal(self, stream: str, data: bytes, *, but_user: str | None = None, but: object | None = None) -> None:
        """See ``Live.signal``."""
        self._hub.signal(stream, data, but_user=but_user, but=but)
        self._relay.send(stream, Kind.SIGNAL, msgspec.msgpack.encode(Signal(data, but_user)))

    def tell(self, user: str, data: bytes, *, but: object | None = None) -> None:
        """See ``Live.tell``."""
        self._hub.tell(user, data, but=but)
        self._relay.send(self_stream(user), Kind.SIGNAL, msgspec.msgpack.encode(Signal(data)))

    def end_login(self, login: str, reason: str) -> None:
        """See ``Live.end_login``."""
        self._hub.end_login(login, reason)
        self.ended(login, True)
        self._relay.insist(Kind.ENDED, msgspec.msgpack.encode(Ended(login, reason)))

    def end_user(self, user: str, reason: str) -> None:
        """See ``Live.end_user``."""
        # Other nodes are told of each log-in. Of a person they are not: what is said again for six seconds would end
        # the sessions of a log-in made meanwhile.
        self._hub.end_user(user, reason)

    def changed(self, user: str) -> None:
        """See ``Live.changed``."""
        self._forget(user)
        self._relay.insist(Kind.CHANGED, msgspec.msgpack.encode(Changed(user)))

    def _forget(self, user: str) -> None:
        for forget in self.forget:
            forget(user)

    def _heard_batch(self, _channel: str, node: str, body: bytes) -> None:
        batch = _batch(body)
        self.learn(batch)
        if batch.events:
            self.wrote(batch.stream, node)
        self.written(batch)

    def _end_here(self, login: str, reason: str) -> None:
        self._tokens.end(login, reason)
        self._hub.end_login(login, reason)
        self.ended(login, False)

    def _heard_signal(self, channel: str, _node: str, body: bytes) -> None:
        signal = _signal(body)
        self._hub.signal(channel, signal.data, but_user=signal.but_user)

    def _heard_ended(self, _channel: str, _node: str, body: bytes) -> None:
        ended = _ended(body)
        self._end_here(ended.login, ended.reason)

    def _heard_changed(self, _channel: str, _node: str, body: bytes) -> None:
        self._forget(_changed(body).user)


def _nothing(_: Batch) -> None:
    pass


def _nobody(_stream: str, _node: str) -> None:
    pass


def _no_login(_login: str, _here: bool) -> None:
    pass
