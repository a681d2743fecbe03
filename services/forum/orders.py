"""In which order posts and comments stand: whole numbers that are kept with them, and change only with votes.

``new`` and ``old`` are the order of ids. ``top`` is the score, ``hot`` the heat: the score's logarithm and the hour it
was written. Below both stands the place in the stream: no two of one stream are equal, and of those with the same score
or heat the newer stands above.
"""

import math
from typing import Final

_PLACES: Final = 2**33
"""Places in a stream that are told apart below a score; scores up to 2**29 fit above them into 64 bits."""

_FINE: Final = 1_000_000
"""Steps of heat in one unit of it: 45 ms of age each."""

_LATE_PLACES: Final = 2**24
"""Places told apart below a heat; those of one stream so far apart were never written within the same 45 ms."""

_UNIT_S: Final = 45_000
"""Seconds that are worth ten times the score: 12 and a half hours."""


def top(score: int, seq: int) -> int:
    """Return where something with a score stands among the best, highest first; ``seq`` is its place in its stream."""
    return score * _PLACES + seq


def heat(score: int, created_at: int) -> float:
    """Return how hot something is: sign(score) * log10(max(1, |score|)) + seconds since 1970 / 45000.

    ``created_at`` is in milliseconds. Time passing changes nothing of it: what is new begins higher.
    """
    size = math.log10(max(1, abs(score)))
    return math.copysign(size, score) + created_at / 1000 / _UNIT_S


def hot(score: int, created_at: int, seq: int) -> int:
    """Return where something stands among the hottest, highest first; see ``heat``."""
    return round(heat(score, created_at) * _FINE) * _LATE_PLACES + seq % _LATE_PLACES
