"""The live side of calls on one node: it implements ``services.calls.road.Road``."""

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import msgspec

from services.calls.calls import Calls
from services.calls.keeping.registry import concerned_by, users_of
from services.calls.machine.ending import removed
from services.calls.machine.looks import in_legs, leg_in
from services.calls.machine.terms import IN, Moment
from services.calls.views import CallEvent, call_view
from services.errors import Unavailable
from services.ids import self_stream
from services.loop import tasks
from store.tables import Call, Effect, Leg
from ws.calls.listening import SILENT_S, Listening, bind, lose
from ws.calls.signals import Signals
from ws.hub.hub import Hub
from ws.relay.envelopes import Kind
from ws.relay.relay import NODES, Relay
from ws.wire.frames import text_frame

if TYPE_CHECKING:
    from ws.sessions.session import Session

log = logging.getLogger(__name__)

WATCHERS_TOLD: Final = 100
"""Watchers of a room on this node up to which all of them are told how its call goes on. Beyond it those alone who are
in it or are rung: the others read of its start and its end in the room."""

FIX_FIRST: Final = 4500
"""Close codes from here on are for who may not come back as they are: their legs end at once."""

_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True, array_like=True):
    """How far a call has come, to be told again."""

    call: str
    version: int


class Relayed(msgspec.Struct, frozen=True, array_like=True):
    """What one leg has to say to another, at another node."""

    call: str
    leg: str
    data: bytes


_call = msgspec.msgpack.Decoder(Call).decode
_told = msgspec.msgpack.Decoder(Told).decode
_signal = msgspec.msgpack.Decoder(Relayed).decode


class Desk:
    """Whose socket each leg is, and what is told of calls."""

    def __init__(self, calls: Calls, hub: Hub, relay: Relay | None) -> None:
        """Without a relay the node is alone."""
        self._calls = calls
        self._hub = hub
        self._relay = relay
        self._sockets: dict[str, tuple[str, Session]] = {}
        """The call and the session of each leg whose socket is here."""
        self._legs: dict[Session, dict[str, None]] = {}
        self._heirs: dict[str, Session] = {}
        """The latest session of each leg's log-in that said hello while another socket seemed to be the leg's: it may
        be the same device come back, before anybody noticed that it was gone."""
        self._concerned: dict[str, set[str]] = {}
        """Who was concerned by each call when it was told of last."""
        self._nodes: dict[str, dict[str, str]] = {}
        """The node at which each leg that is in a call, or rings, was seen last, by the call."""
        self._signals = Signals(self._sent)
        self._listening = Listening(calls, self._sockets, self._signals)
        self._tasks: list[asyncio.Task[None]] = []
        calls.road = self
        hub.leaving.append(self._left_room)
        if relay is not None:
            relay.on |= {Kind.CALL: self._heard, Kind.CALL_TOLD: self._heard_of, Kind.CALL_SIGNAL: self._heard_signal}

    def open(self) -> None:
        """Begin what goes on in the background."""
        self._tasks = [tasks.keep(self._listening.run)]

    async def close(self) -> None:
        """End it."""
        await tasks.end(*self._tasks)

    # Asked: see ``Road``.

    @property
    def degraded(self) -> bool:
        """See ``Road.degraded``."""
        return self._relay is not None and self._relay.degraded

    def changed(self, call: Call, *, ours: bool) -> None:
        """See ``Road.changed``."""
        if ours and self._relay is not None:
            self._relay.send(NODES, Kind.CALL, msgspec.msgpack.encode(call))
            self._relay.repeat(Kind.CALL_TOLD, msgspec.msgpack.encode(Told(call.id, call.version)))
        self._forget_gone(call)
        frame = text_frame(_encode(CallEvent(call_view(call))))
        for session in self._audience(call):
            session.outbox.push(frame)
        self._inherit(call)
        self._signals.moved(call)

    def bind(self, call: Call, leg: Leg, session: object) -> None:
        """See ``Road.bind``."""
        mine = cast("Session", session)
        if mine.gone:
            self._lose(call.id, leg.id, mine)
            return
        if leg.id not in self._nodes.get(call.id, {}):
            return  # it has left while the session was asking
        self._unbind(leg.id)
        self._sockets[leg.id] = call.id, mine
        self._heirs.pop(leg.id, None)
        self._legs.setdefault(mine, {})[leg.id] = None
        if leg.node != self._calls.node or leg.state == "reconnecting":
            self._calls.later(call.id, partial(bind, leg.id))
        self._signals.moved(call)

    def has(self, leg: str) -> bool:
        """See ``Road.has``."""
        return leg in self._sockets

    def signal(self, call: Call, to: Leg, data: bytes) -> None:
        """See ``Road.signal``."""
        self._signals.send(call, to, data)

    # Sessions.

    def arrive(self, session: "Session") -> None:
        """Take a session that was greeted: a leg that its log-in has lost is its own again."""
        for call in self._calls.registry.of_user(session.user):
            for leg in in_legs(call):
                if leg.login == session.login:
                    self._heirs[leg.id] = session
            self._inherit(call)

    def leave(self, session: "Session") -> None:
        """Note that a session has ended."""
        for leg in self._legs.pop(session, {}):
            call, bound_to = self._sockets[leg]
            if bound_to is session:
                del self._sockets[leg]
                self._lose(call, leg, session)

    def log_out(self, login: str, here: bool) -> None:
        """End the legs of a log-in that is over; ``here``: it was ended on this node."""
        for call in self._calls.registry.all():
            for leg in call.legs:
                if leg.login == login and (here or leg.node == self._calls.node):
                    self._calls.later(call.id, partial(_without_login, login))
                    break

    def _inherit(self, call: Call) -> None:
        """Give legs that have lost their socket to the session that came meanwhile."""
        for leg in call.legs:
            heir = self._heirs.get(leg.id)
            if heir is None:
                continue
            if leg.state not in IN or heir.gone:
                del self._heirs[leg.id]
            elif leg.state == "reconnecting" and self._is_free(leg.id):
                self.bind(call, leg, heir)

    def _is_free(self, leg: str) -> bool:
        """Tell whether a leg has no socket here, or one that nothing is heard of."""
        return leg not in self._sockets or self._sockets[leg][1].silent_s >= SILENT_S

    def _lose(self, call: str, leg: str, session: "Session") -> None:
        over = (session.closed_code or 0) >= FIX_FIRST
        self._calls.later(call, partial(_without_login, session.login) if over else partial(lose, leg))

    # Rooms.

    def _left_room(self, room: str, effect: Effect) -> None:
        """End the legs of somebody who is no member any more; of everybody where the room is no more."""
        call = self._calls.registry.of_room(room)
        if call is None or effect.type == "shut":
            return
        if effect.type == "closed":
            self._calls.sever(room)
        elif (
            effect.user is not None and effect.user in users_of(call) and not call.direct
        ):  # a direct room is hidden, not left
            self._calls.sever(room, effect.user)

    # Other nodes.

    def _heard(self, _channel: str, _node: str, body: bytes) -> None:
        self._calls.learn(_call(body))

    def _heard_of(self, _channel: str, _node: str, body: bytes) -> None:
        told = _told(body)
        if not self._calls.registry.knows(told.call, told.version):
            self._calls.look(told.call)

    def _heard_signal(self, _channel: str, _node: str, body: bytes) -> None:
        told = _signal(body)
        if told.leg in self._sockets:
            self._sockets[told.leg][1].push(told.data)
            return
        call = self._calls.registry.get(told.call)
        leg = None if call is None else leg_in(call, told.leg)
        if call is None or leg is None or leg.node != self._calls.node:
            return  # it is at another node where its person has a session too
        try:
            self._signals.send(call, leg, told.data)  # its socket has just been lost
        except Unavailable:
            log.info("a signal is lost", extra={"call": told.call})

    def _sent(self, call: str, leg: Leg, data: bytes) -> bool | None:
        """Send something to a leg; tell whether it had a road. None: its socket is away, and may come back."""
        if leg.id in self._sockets:
            self._sockets[leg.id][1].push(data)
            return True
        if leg.node == self._calls.node:
            return None
        if self._relay is None or not self._relay.steady:
            return False
        body = msgspec.msgpack.encode(Relayed(call, leg.id, data))
        self._relay.send(self_stream(leg.user), Kind.CALL_SIGNAL, body)
        return True

    # What is told.

    def _audience(self, call: Call) -> "dict[Session, None]":
        # Who is concerned no more is told so, and nothing after it: they may have been taken out of the room.
        concerned = concerned_by(call)
        told: dict[Session, None] = {}
        for user in concerned | self._concerned.pop(call.id, set()):
            told |= dict.fromkeys(self._hub.sessions(user))
        if concerned:
            self._concerned[call.id] = concerned
        watched = self._hub.find(call.room)
        if watched is not None and len(watched.sessions) + len(watched.floors) <= WATCHERS_TOLD:
            told |= dict.fromkeys([*watched.sessions, *watched.floors])
        return {session: None for session in told if session.principal is not None}

    def _forget_gone(self, call: Call) -> None:
        before = self._nodes.pop(call.id, {})
        now = {leg.id: leg.node for leg in call.legs if leg.state in IN or leg.state == "ringing"}
        if now:
            self._nodes[call.id] = now
        here = self._calls.node
        for leg, node in before.items():
            # Of many that have ended not all are listed. One that has only just come from another node is named with
            # that node until its coming is kept.
            if leg not in now:
                self._unbind(leg)
                self._heirs.pop(leg, None)
            elif node == here != now[leg]:
                self._unbind(leg)

    def _unbind(self, leg: str) -> None:
        _, session = self._sockets.pop(leg, ("", None))
        if session is not None:
            legs = self._legs.get(session, {})
            legs.pop(leg, None)
            if not legs:
                self._legs.pop(session, None)


def _without_login(login: str, call: Call, moment: Moment) -> Call:
    return removed(call, moment, login=login)
