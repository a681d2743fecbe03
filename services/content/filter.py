"""The seam of the filter: what judges a text, whoever wrote it."""

from typing import NamedTuple, Protocol


class Verdict(NamedTuple):
    """What a filter makes of a text. Its words name categories (``slur``), never what was said."""

    text: str
    """The text as it may be kept: as long as it was, with ``*`` for the letters of what is masked."""
    refused: tuple[str, ...] = ()
    """Why it may not be said at all; empty where it may."""
    flags: tuple[str, ...] = ()
    """Why somebody should look at it; empty where nobody need."""


class Filter(Protocol):
    """Judges texts. An implementation is made once at the start and asked on the event loop.

    It never raises, takes a few milliseconds for 10,000 characters at most, and is idempotent: of ``text`` of its
    verdict it masks nothing more.
    """

    def judge(self, text: str) -> Verdict:
        """Return what is to become of a text."""
