"""Removing what is over: tickets and tokens past their end, and what is kept of people for a time only."""

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.ids import now_ms
from store.database import Delete, Scalar, Table
from store.tables import ACTS, BURIED, JOBS, LOGINS, MAILED, REFRESHES, REPORTS, TICKETS, TOLD

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

SWEEP: Final = "sweep"
"""The kind of the job."""
EVERY_S: Final = 3600.0
"""Pause between two sweeps of the installation, whichever node does them."""
PART: Final = 200
"""Records removed at once: the store is everybody's again after each part."""
PARTS: Final = 50
"""Parts of one table in one sweep: what is more waits for the next. All of them take a few seconds."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a table's records are kept."""

    table: Table[Any]
    by: str
    """A time, or ``id`` where ids begin with one."""
    days: int
    equal: tuple[tuple[str, Scalar], ...] = ()


KEPT: Final = (
    # A day more than they are good: whoever comes too late is told so, and clocks of nodes differ.
    Keeping(TICKETS, "expires_at", 1),
    Keeping(REFRESHES, "expires_at", 1),
    # By then every one is over. With it goes from where it was used, the one network address that is kept of people.
    Keeping(LOGINS, "id", 31),
    Keeping(ACTS, "id", 365),
    # What deleted posts and comments said.
    Keeping(BURIED, "until", 0),
    Keeping(JOBS, "due_at", 30, (("state", "dead"),)),
    # Until then nobody is told twice of the same follow or vote; what is due never waits so long.
    Keeping(TOLD, "told_at", 30),
    Keeping(MAILED, "mailed_at", 1),
    # What people said, though it was deleted since, and who reported it.
    Keeping(REPORTS, "decided_at", 365, (("state", "resolved"),)),
    Keeping(REPORTS, "decided_at", 365, (("state", "dismissed"),)),
)
"""What is removed, and when."""


async def sweep(application: "Application", _work: dict[str, Any]) -> None:
    """Do the job: remove what is over. Cut off anywhere, the next one goes on."""
    now, removed = now_ms(), {}
    for keeping in KEPT:
        if count := await _swept(application, keeping, now - keeping.days * DAY_MS):
            removed[keeping.table.name] = count
    if removed:
        log.info("swept", extra=removed)


async def _swept(application: "Application", keeping: Keeping, before: int) -> int:
    database, removed = application.database, 0
    below: Scalar = f"{before:012x}" if keeping.by == "id" else before
    for _ in range(PARTS):
        found = await database.find(keeping.table, dict(keeping.equal), by=keeping.by, below=below, limit=PART)
        if found:
            await database.together([Delete(keeping.table, row.id) for row in found])
            removed += len(found)
        if len(found) < PART:
            break
        await asyncio.sleep(0)
    return removed
