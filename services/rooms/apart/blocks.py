"""Blocks: between two people nothing is said any more, whoever of them asked for it.

That somebody blocks the other stands in the record of their direct room and is changed by a rev of its stream. So every
node knows it in the order of the stream, and an append that was checked before is checked again.
"""

import msgspec

from services.accounts.people.person import Person, require_user
from services.accounts.people.tied import tell_ties
from services.accounts.people.ties import moved, parted
from services.errors import Flaw, Invalid, UserNotFound
from services.ids import direct_room, now_ms, rfc3339, self_stream
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, UserId
from services.operations.limits import BLOCK_USER
from services.operations.operation import Operation, by_user
from services.rooms.making import fresh_member
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import Delete, Insert, Write
from store.tables import BLOCKS, MEMBERS, ROOMS, Block, Effect, Room, User


class OneBlock(Input):
    """Somebody to hear from no more, or again."""

    user: UserId


class ListBlocks(Input):
    """Which page of those whom one blocks."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class BlockView(msgspec.Struct, frozen=True):
    """Somebody whom one blocks."""

    user: Person
    created_at: str


class Blocks(msgspec.Struct, frozen=True):
    """Those whom one blocks; ``next`` is the cursor of those that follow."""

    items: list[BlockView]
    next: str | None


def block_id(user: str, other: str) -> str:
    """Return the id of the record that says that a user blocks another."""
    return f"{user}:{other}"


async def _block(context: Context, given: OneBlock) -> None:
    """Hear from somebody no more: neither says anything in the room of the two, nor adds the one who asks to rooms.

    Neither follows the other any more, and they are no friends.
    """
    user = context.caller.user
    if given.user in {"me", user}:
        raise Invalid(flaws=(Flaw("/user", "is oneself"),))
    other = await require_user(context.application.database, given.user)
    id_ = direct_room(user, other.id)
    ended: list[Write] = []

    async def plan(view: View) -> Plan:
        nonlocal ended
        ended = []
        if await view.get(BLOCKS, block_id(user, other.id)) is not None:
            return Plan()
        block = Block(id=block_id(user, other.id), user=user, other=other.id, created_at=now_ms())
        room = await view.get(ROOMS, id_)
        planned = _unseen(context, id_, other) if room is None else _marked(room, user, on=True)
        ended = await parted(view, user, other.id)
        planned.writes += [Insert(BLOCKS, block), *ended]
        # Who begins to follow the other at this moment looks again, on whatever node.
        planned.steps += moved(user, other.id)
        return planned

    application = context.application
    await context.append(Append((id_, self_stream(user), self_stream(other.id)), plan))
    application.jobs.wake()
    application.calls.sever(id_)
    # Whoever is blocked is told no more how the one who asks is, and what friends know they know no more.
    application.live.changed(user)
    application.live.changed(other.id)
    await tell_ties(application, user, other.id, both=bool(ended))
    context.status = 204


def _unseen(context: Context, id_: str, other: User) -> Plan:
    """Plan the room of two who have none yet, seen by neither: it is where the block stands."""
    caller = context.caller
    room = Room(
        id=id_,
        kind="direct",
        pair=(caller.user, other.id),
        blocked=(caller.user,),
        member_count=2,
        created_at=now_ms(),
    )
    members = (
        fresh_member(id_, caller.user, caller.username, "member"),
        fresh_member(id_, other.id, other.username, "member"),
    )
    for member in members:
        member.hidden = True
    return Plan(writes=[Insert(ROOMS, room), *(Insert(MEMBERS, member) for member in members)])


def _marked(room: Room, user: str, *, on: bool) -> Plan:
    blocked = {*room.blocked, user} if on else {*room.blocked} - {user}
    after = msgspec.structs.replace(room, blocked=tuple(sorted(blocked)))
    return Plan([Step(marker_entry(room.id, room.id, user, Effect("room")), after)])


async def _unblock(context: Context, given: OneBlock) -> None:
    """Hear from somebody again."""
    user = context.caller.user
    id_ = direct_room(user, given.user)

    async def plan(view: View) -> Plan:
        room = await view.get(ROOMS, id_)
        block = await view.get(BLOCKS, block_id(user, given.user))
        if room is None or block is None:
            return Plan()
        planned = _marked(room, user, on=False)
        planned.writes.append(Delete(BLOCKS, block.id))
        return planned

    await context.append(Append((id_,), plan))
    await tell_ties(context.application, user, given.user, both=False)
    context.status = 204


async def _blocks(context: Context, given: ListBlocks) -> Blocks:
    """List those whom one blocks."""
    application, user = context.application, context.caller.user
    found = await application.database.find(
        BLOCKS, {"user": user}, by="other", above=given.cursor, limit=given.limit + 1
    )
    page = found[: given.limit]
    people = await application.directory.find([block.other for block in page])
    items = [BlockView(people[one.other], rfc3339(one.created_at)) for one in page if one.other in people]
    return Blocks(items, page[-1].other if len(found) > given.limit else None)


_PATH = "/api/users/me/blocks"

PUT = Operation(
    name="users.block",
    ordered=True,
    method="PUT",
    path=_PATH + "/{user}",
    socket=False,
    input=OneBlock,
    run=_block,
    statuses=(204,),
    raises=(UserNotFound,),
    limits=((BLOCK_USER, by_user),),
)
TAKE = Operation(
    name="users.unblock",
    ordered=True,
    method="DELETE",
    path=_PATH + "/{user}",
    socket=False,
    input=OneBlock,
    run=_unblock,
    statuses=(204,),
    limits=((BLOCK_USER, by_user),),
)
LIST = Operation(
    name="users.blocks",
    method="GET",
    path=_PATH,
    socket=False,
    input=ListBlocks,
    output=Blocks,
    run=_blocks,
)
