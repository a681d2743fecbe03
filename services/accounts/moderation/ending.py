"""Ending all that somebody may come in with, on all nodes, and for good: what was on its way too."""

from typing import TYPE_CHECKING, Any, Final

from services.accounts.logins import families as logins
from services.accounts.logins.tokens import BANNED
from services.accounts.moderation.ranks import is_banned
from services.jobs.job import job
from store.database import Insert, Scalar, Table
from store.tables import API_TOKENS, JOBS, LOGINS, USERS

if TYPE_CHECKING:
    from services.application import Application

JOB: Final = "end_logins"
"""Kind of the job that ends them once more."""
AGAIN_S: Final = 8.0
"""When it does: a log-in that was being checked when it was decided has begun by then (an answer takes 4.5 s)."""
LOOKED_AT: Final = 100
"""Ended log-ins that are looked at when a ban is lifted: twenty were live at once."""


def end_again(user: str, reason: str) -> Insert:
    """Return the write of the job, to be made with what is decided."""
    return Insert(JOBS, job(JOB, {"user": user, "reason": reason}, after_s=AGAIN_S))


async def end_all(application: "Application", user: str, reason: str) -> int:
    """End all log-ins and API tokens of somebody, their sockets and what they have of calls, on all nodes.

    Return how many log-ins and tokens there were.
    """
    application.calls.forsake(user)
    ended = await logins.revoke(application, user, reason)
    return ended + await logins.revoke_tokens(application, user, reason)


async def end_late(application: "Application", work: dict[str, Any]) -> None:
    """Do the job, for somebody who may still not be here. Done again it changes nothing."""
    user = await application.database.get(USERS, work["user"])
    if user is not None and (user.deleted_at is not None or is_banned(user)):
        await end_all(application, user.id, work["reason"])


async def lift(application: "Application", user: str) -> None:
    """Have the log-ins that a ban ended say no more that their person is banned: they have ended, and that is all."""
    for table in _TABLES:
        equal: dict[str, Scalar] = {"user": user, "live": False}
        for found in await application.database.find(table, equal, by="created_at", falling=True, limit=LOOKED_AT):
            if found.reason == BANNED:
                await logins.end(application, found.id, "the ban is over")


_TABLES: Final[tuple[Table[Any], ...]] = (LOGINS, API_TOKENS)
