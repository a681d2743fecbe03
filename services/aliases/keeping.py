"""One's other names in topics: looking at them, choosing them, giving them up."""

import msgspec

from services.aliases.authors import alias_of, held, owned, permitting, take_name
from services.aliases.names import ChosenName, is_reserved
from services.aliases.rates import ALIAS_USER
from services.content.rules import require_decent
from services.errors import AliasTaken, AnonymousOff, ContentRefused, RoomNotFound
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user
from services.rooms.rights.sight import require_sight
from store.database import Update
from store.errors import Mismatch
from store.tables import ALIASES, ROOMS, Alias, Room


class InTopic(Input):
    """A topic."""

    topic: RoomId


class SetAlias(Input):
    """The name to have in a topic from now on."""

    topic: RoomId
    name: ChosenName


class ListAliases(Input):
    """Which page of one's other names."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class AliasView(msgspec.Struct, frozen=True):
    """The other name that one has in a topic; nobody else is told whose it is."""

    id: str
    name: str
    created_at: str


class MyAlias(msgspec.Struct, frozen=True):
    """One's other name in a topic, and which topic that is; its name is empty where one may see it no more."""

    topic: str
    topic_name: str
    alias: AliasView


class MyAliases(msgspec.Struct, frozen=True):
    """One's other names; ``next`` is the cursor of those that follow."""

    items: list[MyAlias]
    next: str | None


class AliasState(msgspec.Struct, frozen=True):
    """The other name that one has in a topic now; null where one has given it up."""

    topic: str
    alias: AliasView | None


class AliasEvent(msgspec.Struct, tag_field="ev", tag="alias", frozen=True):
    """Not kept: another session of one's own has chosen another name in a topic, or given it up."""

    d: AliasState


def alias_view(alias: Alias) -> AliasView:
    """Return somebody's other name as they see it."""
    return AliasView(alias.id, alias.name, rfc3339(alias.created_at))


async def _topic(context: Context, id_: str) -> Room:
    """Return a topic that the caller sees.

    Raises:
        RoomNotFound: If there is none.
    """
    sight = await require_sight(context.application, context.caller.user, id_)
    if sight.room.kind != "topic":
        raise RoomNotFound
    return sight.room


async def _get(context: Context, given: InTopic) -> AliasView:
    """Read one's other name in a topic; whoever has none gets one that is made."""
    topic = await permitting(context, await _topic(context, given.topic))
    return alias_view(await alias_of(context.application.database, topic.id, context.caller.user))


async def _set(context: Context, given: SetAlias) -> AliasView:
    """Choose one's other name in a topic. It has an id of its own: nothing ties it to the one before."""
    topic = await permitting(context, await _topic(context, given.topic))
    require_decent(context.application, given.name)
    if is_reserved(given.name):
        raise AliasTaken
    alias = await take_name(context.application.database, topic.id, context.caller.user, given.name)
    _tell(context, AliasState(topic.id, alias_view(alias)))
    return alias_view(alias)


async def _drop(context: Context, given: InTopic) -> None:
    """Give one's other name in a topic up: what was said under it stays so, and the next one has another id."""
    database, user = context.application.database, context.caller.user
    alias = await held(database, given.topic, user)
    if alias is not None:
        try:
            await database.together([Update(ALIASES, alias.id, {"owned": None}, {"owned": alias.owned})])
        except Mismatch:
            alias = None  # given up at the same moment
    if alias is None:
        await _topic(context, given.topic)  # to whoever cannot see it there is none
    else:
        _tell(context, AliasState(given.topic, None))
    context.status = 204


def _tell(context: Context, state: AliasState) -> None:
    event = msgspec.json.encode(AliasEvent(state))
    context.application.live.tell(context.caller.user, event, but=context.origin)


async def _mine(context: Context, given: ListAliases) -> MyAliases:
    """List one's other names, by topic."""
    application, user = context.application, context.caller.user
    after = "" if given.cursor is None else owned(given.cursor, user)
    found = await application.database.find(ALIASES, {"user": user}, by="owned", above=after, limit=given.limit + 1)
    page = found[: given.limit]
    topics = await application.database.get_many(ROOMS, [one.topic for one in page])
    items = [MyAlias(one.topic, await _name(context, topics.get(one.topic)), alias_view(one)) for one in page]
    return MyAliases(items, page[-1].topic if len(found) > given.limit else None)


async def _name(context: Context, topic: Room | None) -> str:
    if topic is None or topic.deleted:
        return ""
    if topic.open:
        return topic.name
    try:
        return (await _topic(context, topic.id)).name
    except RoomNotFound:
        return ""


_PATH = "/api/topics/{topic}/alias"

GET = Operation(
    name="alias.get",
    method="GET",
    path=_PATH,
    scope="write",
    input=InTopic,
    output=AliasView,
    run=_get,
    raises=(RoomNotFound, AnonymousOff),
    limits=((LOOKUP_USER, by_user),),
)
SET = Operation(
    name="alias.set",
    method="PUT",
    path=_PATH,
    ordered=True,
    input=SetAlias,
    output=AliasView,
    run=_set,
    raises=(RoomNotFound, AnonymousOff, AliasTaken, ContentRefused),
    limits=((ALIAS_USER, by_user),),
)
DROP = Operation(
    name="alias.drop",
    method="DELETE",
    path=_PATH,
    ordered=True,
    input=InTopic,
    run=_drop,
    statuses=(204,),
    raises=(RoomNotFound,),
    limits=((ALIAS_USER, by_user),),
)
MINE = Operation(
    name="alias.mine",
    method="GET",
    path="/api/users/me/aliases",
    input=ListAliases,
    output=MyAliases,
    run=_mine,
)
