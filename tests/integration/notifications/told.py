"""What people were told, once every job is done."""

from typing import Any

from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person


async def told(parley: Parley, person: Person, **which: Any) -> list[Json]:
    """Return somebody's notifications, the latest first."""
    await parley.without_jobs()
    page = await person.do("notification.list", **which)
    return [one["item"] for one in page["items"]]


async def types(parley: Parley, person: Person) -> list[str]:
    """Return the types of somebody's notifications, in alphabetical order."""
    return sorted(one["type"] for one in await told(parley, person))


async def unread(person: Person) -> int:
    """Return how many of somebody's notifications are unread."""
    return int((await person.do("notification.unread"))["count"])


async def room_of(owner: Person, *others: Person, kind: str = "private", **more: str) -> str:
    """Make a room with these people in it."""
    room = await owner.create(kind=kind, **more)
    for person in others:
        await owner.do("room.add", room=room, user=person.id)
    return room


def at(person: Person) -> str:
    """Return a person's name as it is called out."""
    return f"@{person.account.username}"
