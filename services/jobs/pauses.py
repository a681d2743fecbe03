"""The pauses between tries of a job that fails."""

import random
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 2.0
LONGEST_S: Final = 3600.0
"""A mail server that is away for a day is asked once an hour; what waits for it is late by half an hour on average."""
FAILED_LIMIT: Final = 40
"""Tries until a job is given up: the last of them is about a day after the first."""


def pause_s(failed: int, draw: Callable[[], float] = random.random) -> float:
    """Return the pause after so many failures, the present one included: doubled each time, half of it by chance.

    So jobs that failed together do not come back together.
    """
    longest = min(FIRST_S * float(1 << min(failed - 1, 20)), LONGEST_S)
    return longest * (0.5 + 0.5 * draw())
