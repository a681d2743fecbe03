"""Listening for signs of life of those who are in calls: who gives none is lost until they do."""

import asyncio
import itertools
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from services.calls.calls import Calls
from services.calls.machine.legs import bound, lost
from services.calls.machine.looks import in_legs
from services.calls.machine.terms import Moment
from store.tables import Call
from ws.calls.signals import Signals

if TYPE_CHECKING:
    from ws.sessions.session import Session

LOOK_S: Final = 1.0
"""Pause between two looks at the sockets of legs."""

ASK_S: Final = 4.0
"""Pause between two questions for a sign of life to a socket that is silent for as long."""
ASK_LOOKS: Final = round(ASK_S / LOOK_S)

SILENT_S: Final = 12.0
"""Silence of a socket after which its leg is lost: it was asked twice. With the grace of a leg (15 s) nobody whose
machine went without a word is shown for longer than 30 s."""


class Listening:
    """Looks after the sockets of one node's legs."""

    def __init__(self, calls: Calls, sockets: "Mapping[str, tuple[str, Session]]", signals: Signals) -> None:
        """``sockets`` has the call and the session of each leg whose socket is here."""
        self._calls = calls
        self._sockets = sockets
        self._signals = signals

    async def run(self) -> None:
        """Look until cancelled."""
        for looks in itertools.count(1):
            await asyncio.sleep(LOOK_S)
            self._signals.expire()
            self._judge()
            if looks % ASK_LOOKS == 0:
                self._ask()
                self._miss()

    def _ask(self) -> None:
        for session in {session: None for _, session in self._sockets.values()}:
            if session.silent_s >= ASK_S - LOOK_S:
                session.ask()

    def _judge(self) -> None:
        """Let those legs be lost whose sockets are silent, and those be back that are heard again."""
        for call in self._calls.registry.all():
            for leg in in_legs(call):
                _, session = self._sockets.get(leg.id, ("", None))
                if session is None or leg.node != self._calls.node:
                    continue
                if session.silent_s >= SILENT_S and leg.state != "reconnecting":
                    self._calls.later(call.id, partial(lose, leg.id))
                elif session.silent_s < ASK_S and leg.state == "reconnecting":
                    self._calls.later(call.id, partial(bind, leg.id))

    def _miss(self) -> None:
        """Let those legs be lost that are said to be here and are not: the store was away when their sockets ended."""
        for call in self._calls.registry.all():
            for leg in call.legs:
                here = leg.node == self._calls.node and leg.id not in self._sockets
                if here and leg.state in {"ringing", "connecting", "connected"}:
                    self._calls.later(call.id, partial(lose, leg.id))


def bind(leg: str, call: Call, moment: Moment) -> Call:
    """Take a leg as one whose socket is at this node."""
    return bound(call, leg, moment)


def lose(leg: str, call: Call, moment: Moment) -> Call:
    """Take a leg as one whose socket is gone."""
    return lost(call, leg, moment)
