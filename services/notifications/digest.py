"""The digest: one letter of all that came and was not read, each day or each week, for those who asked for it."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from services.accounts.profile.digests import DIGEST_MS
from services.ids import member_id, now_ms, self_stream
from services.mail.letter import letter
from services.notifications.telling.letters import may_be_mailed
from store.database import FIND_LIMIT, Insert, Update, Write
from store.errors import Mismatch
from store.tables import JOBS, MEMBERS, NOTIFICATIONS, USERS, Notification, User

if TYPE_CHECKING:
    from services.application import Application

DIGEST: Final = "digest"
"""The kind of the job that comes again and again."""
EVERY_S: Final = 600.0
PART: Final = 100
"""People looked at together."""


async def write_digests(application: "Application", _work: dict[str, Any]) -> None:
    """Do the job: write to all whose digest is due. Cut off anywhere, the next one goes on, and nobody gets two."""
    database, now = application.database, now_ms()
    while users := await database.find(USERS, {}, by="digest_due", below=now, limit=PART):
        for user in users:
            await _digest(application, user, now)
        if len(users) < PART:
            break


async def _digest(application: "Application", user: User, now: int) -> None:
    due, pause = user.digest_due or 0, DIGEST_MS.get(user.preferences.mail_digest)
    following = None if pause is None or user.deleted_at is not None else max(due + pause, now)
    writes: list[Write] = [Update(USERS, user.id, {"digest_due": following}, {"digest_due": user.digest_due})]
    if pause is not None and may_be_mailed(user):
        counts = await _counts(application, user, due - pause)
        if counts:
            facts = {"name": user.name, **{type_: str(count) for type_, count in counts.items()}}
            writes.append(Insert(JOBS, letter("digest", user.email, user.preferences.language, **facts)))
    try:
        await application.database.together(writes)
    except Mismatch:
        return  # another node has done it, or the person has just chosen otherwise
    application.jobs.wake()


async def _counts(application: "Application", user: User, since: int) -> Counter[str]:
    """Count by type what came since a time and is unread, as far as the latest thousand go."""
    database = application.database
    member = await database.get(MEMBERS, member_id(self_stream(user.id), user.id))
    if member is None:
        return Counter()
    read = application.marks.read(member)
    rows = await database.find(NOTIFICATIONS, {"unread": user.id}, by="seq", above=read, falling=True, limit=FIND_LIMIT)
    return Counter(row.type for row in rows if _came_at(row) > since)


def _came_at(row: Notification) -> int:
    return max(row.changed_at, int(row.id[:12], 16))
