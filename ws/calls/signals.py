"""Signals on their way between legs: in order, and kept for a while where a leg's socket is away."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from services.calls.machine.terms import GRACE_S
from services.errors import Unavailable
from store.tables import Call, Leg

WAITING_LIMIT: Final = 64
"""Signals that wait for one leg on one node: a whole negotiation with its candidates."""


class _Waiting(NamedTuple):
    data: bytes
    until: float


class Signals:
    """The signals that this node's sessions send."""

    def __init__(self, send: Callable[[str, Leg, bytes], bool | None]) -> None:
        """``send`` takes call, leg and data, and tells whether there was a road; None: its socket may come back."""
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._waiting: dict[str, deque[_Waiting]] = {}

    def send(self, call: Call, to: Leg, data: bytes) -> None:
        """Send a signal to a leg, behind those that wait for it.

        Raises:
            Unavailable: If there is no road, or as many wait as may; nothing was sent.
        """
        waiting = self._waiting.get(to.id)
        if waiting:
            self._flush(call, to)
            waiting = self._waiting.get(to.id)
        sent = None if waiting or to.state == "reconnecting" else self._send(call.id, to, data)
        if sent is None:
            waiting = self._waiting.setdefault(to.id, deque())
            if len(waiting) >= WAITING_LIMIT:
                raise Unavailable("as many signals wait for this leg as may", retry_after=1.0)
            waiting.append(_Waiting(data, self._clock() + GRACE_S))
        elif not sent:
            raise Unavailable("there is no road to this leg now", retry_after=1.0)

    def moved(self, call: Call) -> None:
        """Send what waits for the legs of a call that are back, and drop what waits for those that have left."""
        for leg in call.legs:
            if leg.id in self._waiting:
                if leg.state in {"connecting", "connected"}:
                    self._flush(call, leg)
                elif leg.state != "reconnecting":
                    del self._waiting[leg.id]

    def expire(self) -> None:
        """Drop what has waited for too long."""
        now = self._clock()
        for leg, waiting in list(self._waiting.items()):
            while waiting and waiting[0].until <= now:
                waiting.popleft()
            if not waiting:
                del self._waiting[leg]

    def _flush(self, call: Call, to: Leg) -> None:
        if to.state == "reconnecting":
            return
        waiting = self._waiting[to.id]
        while waiting and self._send(call.id, to, waiting[0].data):
            waiting.popleft()
        if not waiting:
            del self._waiting[to.id]
