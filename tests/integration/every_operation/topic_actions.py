"""What people do at random to topics, to rooms in them, and with invitations."""

from collections.abc import Callable
from typing import Any

from tests.client.checks import Json
from tests.integration.every_operation.world import Action, Person, Pick, Work, World

OPENNESS = [True, True, False]


def two(world: World, pick: Pick) -> tuple[Person, Person]:
    """Pick two people who are not the same."""
    first = pick(world.people)
    return first, pick([person for person in world.people if person is not first])


async def new_topic(world: World, person: Person, *, is_open: bool = True) -> str:
    """Make a topic of somebody's."""
    title = f"topic {next(world.cids)} of {id(world) % 9973}"
    made = await person.do("topic.create", {"title": title, "open": is_open, "tags": ["sea"]})
    world.rooms.append(made["id"])
    return str(made["id"])


def _create(world: World, pick: Pick) -> Work:
    person, is_open = pick(world.people), pick(OPENNESS)

    async def run() -> None:
        await new_topic(world, person, is_open=is_open)

    return run


def _of_new(op: str, **more: Any) -> Action:
    """Make an action of an operation on a topic that was just made, by its owner."""

    def act(world: World, pick: Pick) -> Work:
        owner, socket = pick(world.people), pick([False, True])

        async def run() -> None:
            await owner.do(op, {"topic": await new_topic(world, owner)} | more, socket=socket)

        return run

    return act


def _known(op: str, **more: Any) -> Action:
    """Make an action of an operation on any place there is, a topic or not."""

    def act(world: World, pick: Pick) -> Work:
        person, room, socket = pick(world.people), pick(world.rooms), pick([False, True])

        async def run() -> None:
            await person.do(op, {"topic": room} | more, socket=socket)

        return run

    return act


def _inside(world: World, pick: Pick) -> Work:
    (owner, other), is_open, then = two(world, pick), pick(OPENNESS), pick(["stay", "leave", "delete"])

    async def run() -> None:
        topic = await new_topic(world, owner)
        await other.do("topic.join", {"topic": topic})
        room = await other.do("topic.rooms.create", {"topic": topic, "name": "cabin", "open": is_open})
        world.rooms.append(room["id"])
        if then == "leave":
            await other.do("topic.leave", {"topic": topic})
        elif then == "delete":
            await owner.do("topic.delete", {"topic": topic})

    return run


def _group(world: World, pick: Pick) -> Work:
    owner, other = two(world, pick)

    async def run() -> None:
        made = await owner.do("room.group", {"name": "crew", "invite": [other.id]})
        world.rooms.append(made["id"])

    return run


def _invited(op: str, fill: Callable[[str, Person], Json], *, by_owner: bool = False) -> Action:
    """Make an action of what is done with an invitation that there is."""

    def act(world: World, pick: Pick) -> Work:
        (owner, other), socket = two(world, pick), pick([False, True])

        async def run() -> None:
            made = await owner.do("room.group", {"name": "crew", "invite": [other.id]})
            world.rooms.append(made["id"])
            await (owner if by_owner else other).do(op, fill(made["id"], other), socket=socket)

        return run

    return act


def _make(world: World, pick: Pick) -> Work:
    person, other, room = *two(world, pick), pick(world.rooms)

    async def run() -> None:
        await person.do("invitation.make", {"room": room, "user": other.id})

    return run


def _of_room(op: str) -> Action:
    def act(world: World, pick: Pick) -> Work:
        person, room, socket = pick(world.people), pick(world.rooms), pick([False, True])

        async def run() -> None:
            await person.do(op, {"room": room}, socket=socket)

        return run

    return act


def _mine(op: str) -> Action:
    def act(world: World, pick: Pick) -> Work:
        person, socket = pick(world.people), pick([False, True])

        async def run() -> None:
            await person.do(op, {}, socket=socket)

        return run

    return act


TOPIC_ACTIONS: dict[str, Action] = {
    "topic.create": _create,
    "topic.list": _mine("topic.list"),
    "topic.mine": _mine("topic.mine"),
    "topic.get": _known("topic.get"),
    "topic.update": _of_new("topic.update", description="about", tags=["wind"], open=False, anonymous=False),
    "topic.delete": _of_new("topic.delete"),
    "topic.join": _known("topic.join"),
    "topic.leave": _known("topic.leave"),
    "topic.rooms": _known("topic.rooms"),
    "topic.rooms.create": _inside,
    "room.bans": _of_room("room.bans"),
    "room.group": _group,
    "invitation.make": _make,
    "invitation.list": _mine("invitation.list"),
    "invitation.pending": _of_room("invitation.pending"),
    "invitation.accept": _invited("invitation.accept", lambda room, _: {"room": room}),
    "invitation.decline": _invited("invitation.decline", lambda room, _: {"room": room}),
    "invitation.withdraw": _invited(
        "invitation.withdraw", lambda room, other: {"room": room, "user": other.id}, by_owner=True
    ),
}
"""For each operation something that uses it; see ``world.ACTIONS``."""
