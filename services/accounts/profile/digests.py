"""When the next digest is due: it stands in the account, where a job finds it."""

from typing import Final

from services.ids import now_ms

DIGEST_MS: Final = {"daily": 86_400_000, "weekly": 7 * 86_400_000}
"""The pauses between two digests, by what may be chosen; off has none."""


def first_due(digest: str) -> int | None:
    """Return when the first digest is due for whoever chooses this now; None where there is none."""
    pause = DIGEST_MS.get(digest)
    return None if pause is None else now_ms() + pause
