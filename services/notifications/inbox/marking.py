"""Reading notifications, one or all, and deleting them. Both are changes of one's own stream: all devices are told."""

from typing import Annotated

import msgspec

from services.errors import NotificationNotFound
from services.ids import self_stream
from services.messages.reading import Read, ReadState, move_marker
from services.notifications.rates import NOTIFICATION_USER
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.operation import Operation, by_user
from services.streams.append import Append, Plan, Step, View, marker_entry
from services.streams.items.items import Item, wire_item
from store.database import Update
from store.tables import ENTRIES, NOTIFICATIONS, Entry, Notice, Notified

EVERYTHING = 2**53 - 1
"""A seq above all others: the marker stops at the stream's head."""


class OneNotification(Input):
    """One of one's notifications."""

    notification: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


async def _found(view: View, user: str, id_: str) -> Entry:
    row = await view.get(NOTIFICATIONS, id_)
    entry = None if row is None or row.user != user else await view.get(ENTRIES, id_)
    if entry is None or entry.deleted:
        raise NotificationNotFound
    return entry


async def _read(context: Context, given: OneNotification) -> Item:
    """Read one notification, whatever is unread beside it."""
    user, id_ = context.caller.user, given.notification

    async def plan(view: View) -> Plan:
        entry = await _found(view, user, id_)
        row = await view.get(NOTIFICATIONS, id_)
        if row is None or row.unread is None:
            return Plan(found=entry)
        body = entry.body
        if isinstance(body, Notified):
            body = msgspec.structs.replace(body, seen=True)
        changed = msgspec.structs.replace(entry, body=body)
        marker = marker_entry(entry.stream, entry.id, user)
        return Plan([Step(marker, changed)], [Update(NOTIFICATIONS, id_, {"unread": None, "gathers": None})])

    outcome = await context.append(Append((self_stream(user),), plan))
    return wire_item(outcome.item)


async def _delete(context: Context, given: OneNotification) -> None:
    """Delete one notification; it keeps its place in the own stream, with nothing in it."""
    user, id_ = context.caller.user, given.notification

    async def plan(view: View) -> Plan:
        entry = await _found(view, user, id_)
        blank = msgspec.structs.replace(entry, body=_blank(entry), deleted=True)
        changes = {"listed": None, "unread": None, "gathers": None}
        return Plan([Step(marker_entry(entry.stream, entry.id, user), blank)], [Update(NOTIFICATIONS, id_, changes)])

    await context.append(Append((self_stream(user),), plan))
    context.status = 204


def _blank(entry: Entry) -> Notified | Notice:
    if isinstance(entry.body, Notice):
        return Notice(entry.body.type)
    return Notified(type=entry.body.type if isinstance(entry.body, Notified) else "", count=0)


async def _read_all(context: Context, _given: Empty) -> ReadState:
    """Read all notifications: move the read marker of one's own stream to its head."""
    return await move_marker(context, Read(room=self_stream(context.caller.user), seq=EVERYTHING))


_PATH = "/api/users/me/notifications"
_LIMITS = ((NOTIFICATION_USER, by_user),)

READ = Operation(
    name="notification.read",
    method="POST",
    path=_PATH + "/{notification}/read",
    input=OneNotification,
    output=Item,
    run=_read,
    raises=(NotificationNotFound,),
    limits=_LIMITS,
)
DELETE = Operation(
    name="notification.delete",
    method="DELETE",
    path=_PATH + "/{notification}",
    input=OneNotification,
    run=_delete,
    statuses=(204,),
    raises=(NotificationNotFound,),
    limits=_LIMITS,
)
READ_ALL = Operation(
    name="notification.read_all",
    method="POST",
    path=_PATH + "/read",
    input=Empty,
    output=ReadState,
    run=_read_all,
    limits=_LIMITS,
)
