"""How much one client may send: reading pauses where that was more than its rate, and ends where it is far over.

What a client sends costs its bytes, and something for each frame: a frame of six bytes is as much work as one of six
hundred. A control frame costs as much as a page of text, for nobody needs many.
"""

from typing import Final

BURST: Final = 512 * 1024
"""Bytes at once."""

RATE: Final = 32 * 1024
"""Bytes a second after that."""

FRAME_COST: Final = 64
"""Bytes that a frame counts beside its own: 227 short messages a second, or 500 fragments."""

CONTROL_COST: Final = 8192
"""Bytes that a ping, pong or close counts beside: 63 at once, then four a second."""

FAR_S: Final = 3.0
"""Seconds of pause that are too many: one read of 64 KiB, even of short messages, is good for less."""


class Throttle:
    """What one client has sent. It is one number: the moment when all of it is within the rate."""

    __slots__ = ("_even_at",)

    def __init__(self) -> None:
        self._even_at = 0.0

    def spend(self, now: float, size: int, frames: int, controls: int) -> float:
        """Count what was read; return the seconds to pause, mostly 0. ``controls`` of the frames are control frames."""
        cost = size + frames * FRAME_COST + controls * CONTROL_COST
        self._even_at = max(self._even_at, now) + cost / RATE
        return max(0.0, self._even_at - now - BURST / RATE)
