"""Keeping a name from speaking in a topic, without learning whose it is."""

import contextlib
from typing import Annotated

import msgspec

from services.aliases.authors import owned
from services.aliases.rates import SILENCE_USER
from services.errors import AliasNotFound, Forbidden, NotMember, PermissionMissing, RoomNotFound
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.operation import Operation, by_user
from services.rooms.rights.rules import require_permission, require_seat
from store.database import Database
from store.errors import Mismatch
from store.tables import ALIASES, Alias

AliasId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class OneAlias(Input):
    """Somebody's other name in a topic."""

    topic: RoomId
    alias: AliasId


async def alias_in(database: Database, topic: str, alias: str) -> Alias:
    """Return another name in a topic, one that was given up too.

    Raises:
        AliasNotFound: If there is none with this id.
    """
    found = await database.get(ALIASES, alias)
    if found is None or found.topic != topic:
        raise AliasNotFound
    return found


async def _silence(context: Context, given: OneAlias) -> None:
    """Let a name speak no more, nor its person by another in this topic; under their own they may."""
    await _mark(context, given, silent=True)


async def _unsilence(context: Context, given: OneAlias) -> None:
    """Let a name speak again."""
    await _mark(context, given, silent=False)


async def _mark(context: Context, given: OneAlias, *, silent: bool) -> None:
    seat = await require_seat(context, given.topic)
    if seat.room.kind != "topic":
        raise RoomNotFound
    require_permission(seat.member, "ban_users")
    database = context.application.database
    alias = await alias_in(database, given.topic, given.alias)
    # Each name for itself: whether another of the same person is silent too is nothing that a moderator finds out.
    silenced = owned(alias.topic, alias.user) if silent else None
    with contextlib.suppress(Mismatch):  # nobody stands behind it any more: it is silent for good, and names nobody
        await database.update(ALIASES, alias.id, {"silenced": silenced}, {"user": alias.user})
    context.status = 204


_PATH = "/api/topics/{topic}/aliases/{alias}/silence"
_RAISES = (RoomNotFound, NotMember, Forbidden, PermissionMissing, AliasNotFound)

SILENCE = Operation(
    name="alias.silence",
    method="PUT",
    path=_PATH,
    input=OneAlias,
    run=_silence,
    statuses=(204,),
    raises=_RAISES,
    limits=((SILENCE_USER, by_user),),
)
UNSILENCE = Operation(
    name="alias.unsilence",
    method="DELETE",
    path=_PATH,
    input=OneAlias,
    run=_unsilence,
    statuses=(204,),
    raises=_RAISES,
    limits=((SILENCE_USER, by_user),),
)
