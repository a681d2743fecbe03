"""Under which name somebody speaks in a topic: their own, or another that tells nothing of them."""

import secrets
from typing import Final

from services.aliases.names import folded, made_name
from services.errors import AliasSilenced, AliasTaken, AnonymousOff, RoomNotFound, Unavailable
from services.ids import member_id, now_ms
from services.operations.context import Context
from services.rooms.rights.sight import may_see
from store.database import Database, Insert, Update, Write
from store.errors import Duplicate, Mismatch
from store.tables import ALIASES, BANS, USERS, Alias, Person, Room

TRIES: Final = 20
"""Names that are made until one is free: of ten million the first one is, in all but very large topics."""


async def author_for(context: Context, place: Room, anonymous: bool) -> Person:
    """Return whom something that the caller says in a place shows as its author.

    ``place`` is a topic, or a room or post in one, which the caller may see. Whoever has no other name in the topic
    yet gets one. An entry whose author is ``anonymous`` has the caller as its ``person``.

    Raises:
        AnonymousOff: If nobody speaks under another name there, or the caller is banned from the topic.
        AliasSilenced: If the topic's moderators let the caller speak under their own name alone.
    """
    caller = context.caller
    if not anonymous:
        return Person(caller.user, caller.username)
    topic = await permitting(context, place)
    await require_unsilenced(context.application.database, topic.id, caller.user)
    alias = await alias_of(context.application.database, topic.id, caller.user)
    return Person(alias.id, alias.name, anonymous=True)


def topic_of(place: Room) -> str | None:
    """Return the id of the topic that a place is, or is in; for a post on a page the page's."""
    return place.id if place.kind == "topic" else place.place


async def permitting(context: Context, place: Room) -> Room:
    """Return the topic of a place, as it is now, where the caller may have another name in it.

    Raises:
        AnonymousOff: If nobody has one there, or the caller may not see it or is banned from it.
    """
    application, user, id_ = context.application, context.caller.user, topic_of(place)
    if id_ is None:
        raise AnonymousOff
    try:
        facts, _ = await application.facts.current(id_)
    except RoomNotFound:
        raise AnonymousOff from None
    topic = facts.room
    if topic.kind != "topic" or not topic.anonymous:
        raise AnonymousOff
    ban = await application.database.get(BANS, member_id(topic.id, user))
    if ban is not None and (ban.until is None or ban.until > now_ms()):
        raise AnonymousOff("you are banned from this topic")
    if not may_see(topic, await application.facts.member(facts, user)):
        raise AnonymousOff
    return topic


async def require_unsilenced(database: Database, topic: str, user: str) -> None:
    """Let only those pass who may speak under another name in a topic.

    Raises:
        AliasSilenced: For the others.
    """
    if await database.find(ALIASES, {"silenced": owned(topic, user)}, limit=1):
        raise AliasSilenced


async def held(database: Database, topic: str, user: str) -> Alias | None:
    """Return the other name that somebody has in a topic now."""
    found = await database.find(ALIASES, {"owned": owned(topic, user)}, limit=1)
    return found[0] if found else None


async def alias_of(database: Database, topic: str, user: str) -> Alias:
    """Return the other name that somebody has in a topic, made now where they have none.

    Raises:
        Unavailable: If no name was found that is free.
    """
    for _ in range(TRIES):
        found = await held(database, topic, user)
        if found is not None:
            return found
        name = made_name()
        try:
            await require_free(database, topic, name)
            alias = fresh_alias(topic, user, name)
            await database.insert(ALIASES, alias)
        except (AliasTaken, Duplicate):
            continue  # somebody has the name; or the caller has got one at the same moment, which the next look finds
        return alias
    raise Unavailable


async def take_name(database: Database, topic: str, user: str, name: str) -> Alias:
    """Give somebody a name in a topic, with an id of its own; the one that they had before is given up.

    Raises:
        AliasTaken: If it cannot be had.
    """
    before = await held(database, topic, user)
    if before is not None and before.name == name:
        return before
    await require_free(database, topic, name)
    alias = fresh_alias(topic, user, name)
    writes: list[Write] = [Insert(ALIASES, alias)]
    if before is not None:
        writes.insert(0, Update(ALIASES, before.id, {"owned": None}, {"owned": before.owned}))
    try:
        await database.together(writes)
    except (Duplicate, Mismatch) as error:
        # Written twice, by a store that was not sure, it is refused for what it did itself.
        now = await held(database, topic, user)
        if now is not None and now.name == name:
            return now
        # Another took it meanwhile; or the caller did so on another device, and has a name now that they chose.
        raise AliasTaken from error
    return alias


async def require_free(database: Database, topic: str, name: str) -> None:
    """Let pass a name that nobody has, or ever had, in a topic, and no user either; a unique index decides.

    Raises:
        AliasTaken: If somebody has.
    """
    key = folded(name)
    if await database.find(ALIASES, {"topic": topic, "name_key": key}, limit=1):
        raise AliasTaken
    if await database.find(USERS, {"name_key": key}, limit=1):
        raise AliasTaken


def fresh_alias(topic: str, user: str, name: str) -> Alias:
    """Return the record of another name; its id is random throughout, for a time would tell something too."""
    return Alias(
        id=f"a_{secrets.token_hex(15)}",
        topic=topic,
        user=user,
        owned=owned(topic, user),
        name=name,
        name_key=folded(name),
        created_at=now_ms(),
    )


def owned(topic: str, user: str) -> str:
    """Return under what somebody's present name in a topic is found."""
    return f"{topic}:{user}"
