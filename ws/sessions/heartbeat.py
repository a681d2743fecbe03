"""The heartbeat of a session: who says nothing is asked, and who does not answer is gone."""

import time
from collections.abc import Callable

from ws.wheel import Slot, Wheel

HELLO_S = 10.0
"""Time for a new socket to say who it is."""

QUIET_S = 25.0
"""Silence after which the server asks whether the client is there."""

SILENCE_S = 20.0
"""Silence after asking that ends the session."""


class Heartbeat:
    """Looks after one session's silence, on the node's wheel: hearing something costs one reading of the clock."""

    __slots__ = ("_ask", "_asked_at", "_dead", "_heard_at", "_slot", "_wheel")

    def __init__(self, wheel: Wheel, ask: Callable[[], None], dead: Callable[[], None]) -> None:
        """Begin; ``ask`` is called after ``QUIET_S`` of silence, ``dead`` after ``SILENCE_S`` more."""
        self._wheel = wheel
        self._ask = ask
        self._dead = dead
        self._heard_at = self._asked_at = time.monotonic()
        self._slot: Slot = wheel.schedule(QUIET_S, self._listen)

    def heard(self) -> None:
        """Note a sign of life."""
        self._heard_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        """How long nothing was heard."""
        return time.monotonic() - self._heard_at

    def stop(self) -> None:
        """Call nothing any more."""
        self._slot.cancel()

    def _listen(self) -> None:
        silent = time.monotonic() - self._heard_at
        if silent >= QUIET_S:
            self._asked_at = time.monotonic()
            self._ask()
            self._slot = self._wheel.schedule(SILENCE_S, self._judge)
        else:
            self._slot = self._wheel.schedule(QUIET_S - silent, self._listen)

    def _judge(self) -> None:
        if self._heard_at < self._asked_at:
            self._dead()
        else:
            self._listen()
