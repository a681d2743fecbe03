"""One's notifications, and how many are unread."""

from typing import Annotated

import msgspec

from services.ids import member_id, self_stream
from services.notifications.rates import NOTIFICATION_USER
from services.operations.context import Context
from services.operations.inputs import Empty, Input, PageSize
from services.operations.operation import Operation, by_user
from services.rooms.views import count_unread
from services.streams.items.items import Item, wire_item
from store.database import Scalar
from store.tables import ENTRIES, MEMBERS, NOTIFICATIONS, Notification


class ListNotifications(Input):
    """Which notifications: all, those that are unread, those of one type; the latest first."""

    limit: PageSize = 50
    cursor: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)] | None = None
    unread: bool = False
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None


class NotificationView(msgspec.Struct, frozen=True):
    """A notification: an item of one's own stream, and whether it is unread."""

    unread: bool
    item: Item


class NotificationPage(msgspec.Struct, frozen=True):
    """Notifications; ``next`` is the cursor of those that follow."""

    items: list[NotificationView]
    next: int | None


class UnreadCount(msgspec.Struct, frozen=True):
    """How many notifications are unread, 100 at most."""

    count: int


def is_unread(row: Notification, read: int) -> bool:
    """Tell whether somebody who has read their own stream up to a seq has not read a notification."""
    return row.unread is not None and row.seq > read


async def read_up_to(context: Context) -> int:
    """Return the seq up to which the caller has read their own stream."""
    application, user = context.application, context.caller.user
    member = await application.database.get(MEMBERS, member_id(self_stream(user), user))
    return 0 if member is None else application.marks.read(member)


async def _list(context: Context, given: ListNotifications) -> NotificationPage:
    """List one's notifications, those in one's own stream that tell of missed calls and warnings among them."""
    database, user = context.application.database, context.caller.user
    read = await read_up_to(context)
    equal: dict[str, Scalar] = {"unread": user} if given.unread else {"listed": user}
    if given.type is not None:
        equal["type"] = given.type
    above = read if given.unread else None
    rows = await database.find(
        NOTIFICATIONS, equal, by="seq", above=above, below=given.cursor, falling=True, limit=given.limit + 1
    )
    page = rows[: given.limit]
    entries = await database.get_many(ENTRIES, [row.id for row in page]) if page else {}
    views = [
        NotificationView(is_unread(row, read), wire_item(entries[row.id]))
        for row in page
        if row.id in entries and not entries[row.id].deleted
    ]
    return NotificationPage(views, page[-1].seq if len(rows) > given.limit else None)


async def _count(context: Context, _given: Empty) -> UnreadCount:
    """Count one's unread notifications, up to 100."""
    application, user = context.application, context.caller.user
    return UnreadCount(await count_unread(application, self_stream(user), user, await read_up_to(context)))


_PATH = "/api/users/me/notifications"

LIST = Operation(
    name="notification.list",
    method="GET",
    path=_PATH,
    input=ListNotifications,
    output=NotificationPage,
    run=_list,
    limits=((NOTIFICATION_USER, by_user),),
)
COUNT = Operation(
    name="notification.unread",
    method="GET",
    path=_PATH + "/unread",
    input=Empty,
    output=UnreadCount,
    run=_count,
    limits=((NOTIFICATION_USER, by_user),),
)
