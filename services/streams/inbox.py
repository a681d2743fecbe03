"""Notices of a person's own stream that are listed and counted among their notifications."""

from services.ids import member_id
from services.streams.append import Plan, View
from services.streams.batch import LISTED
from store.database import Insert, Update
from store.tables import MEMBERS, NOTIFICATIONS, Entry, Member, Notice, Notification


async def list_notice(view: View, plan: Plan, entry: Entry) -> None:
    """Have a plan list a notice that it writes into an own stream, where it is one of ``LISTED``."""
    if not isinstance(entry.body, Notice) or entry.body.user is None or entry.body.type not in LISTED:
        return
    user = entry.body.user
    member = await view.get(MEMBERS, member_id(entry.stream, user))
    if member is None:
        return  # they are no more
    row = Notification(id=entry.id, user=user, type=entry.body.type, listed=user, unread=user)
    earlier = plan.numbered

    def numbered() -> None:
        if earlier is not None:
            earlier()
        row.seq = entry.seq or 0

    plan.numbered = numbered
    plan.writes += [Insert(NOTIFICATIONS, row), *ever_told(member)]


def ever_told(member: Member) -> list[Update]:
    """Return what is written with somebody's first notification; ``member`` is their row in their own stream."""
    return [] if member.told else [Update(MEMBERS, member.id, {"told": True})]
