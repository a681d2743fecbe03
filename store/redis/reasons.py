"""What the log is told of links that fail: the reason when it changes, never each attempt."""

import logging
import time
from typing import Final

LINES: Final = 6
"""Lines at once: what happens when a Redis restarts, and no more."""

LINE_S: Final = 10.0
"""Seconds after which there may be one more: a link that comes and goes for days fills no disk."""

log = logging.getLogger(__name__)


class Reasons:
    """Why each of several subjects is not well, if it is not."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}
        self._lines = float(LINES)
        self._at = time.monotonic()

    def failed(self, subject: str, reason: str) -> None:
        """Log why a subject is not well, unless that was said last."""
        if self._now.get(subject) != reason and self._may():
            self._now[subject] = reason
            log.warning("Redis is not well", extra={"subject": subject, "reason": reason})

    def well(self, subject: str) -> None:
        """Log that a subject is well again, if it was not."""
        if subject in self._now and self._may():
            del self._now[subject]
            log.info("Redis is well again", extra={"subject": subject})

    def forget(self, subject: str) -> None:
        """Say no more of a subject."""
        self._now.pop(subject, None)

    def _may(self) -> bool:
        now = time.monotonic()
        self._lines = min(self._lines + (now - self._at) / LINE_S, LINES)
        self._at = now
        if self._lines < 1:
            return False
        self._lines -= 1
        return True
