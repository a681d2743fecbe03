"""Who may see a discussion, and who takes part in it: comments, and votes."""

from services.errors import Blocked, ItemDeleted, NotMember, PostNotFound, RoomNotFound
from services.ids import member_id
from services.operations.context import Context
from services.rooms.apart.blocks import block_id
from services.rooms.rights.sight import Sight, require_sight
from services.streams.append import View
from store.database import Database
from store.tables import BLOCKS, MEMBERS, ROOMS, Member, Room


async def require_discussion(context: Context, post: str) -> Sight:
    """Return the discussion of a post as the caller sees it now.

    Raises:
        PostNotFound: If there is no such post, or none that the caller may see.
        ItemDeleted: If it was deleted where they may.
    """
    try:
        sight = await require_sight(context.application, context.caller.user, post)
    except RoomNotFound:
        raise await _missing(context, post) from None
    if sight.room.kind != "post":
        raise PostNotFound
    return sight


async def require_part(context: Context, post: str) -> Sight:
    """Return the discussion of a post in which the caller may say something.

    In a topic its members may; on a page everybody may whom its owner does not block, and who does not block them.

    Raises:
        PostNotFound: If there is no such post, or none that the caller may see.
        ItemDeleted: If it was deleted where they may.
        NotMember: If the caller is not in its topic.
        Blocked: If its page is somebody's with whom the caller has nothing to do.
    """
    sight = await require_discussion(context, post)
    if sight.place.kind != "page":
        if sight.member is None:
            raise NotMember
    elif await _are_apart(context.application.database, context.caller.user, sight.place.owner or ""):
        raise Blocked
    return sight


async def require_part_in(context: Context, view: View, place: Room) -> Member | None:
    """Return the caller's membership for a plan that has the lane of the place; None where nobody is a member there.

    Raises:
        NotMember: If the caller is not in the topic.
        Blocked: As ``require_part``.
    """
    user = context.caller.user
    if place.kind != "page":
        member = await view.get(MEMBERS, member_id(place.id, user))
        if member is None:
            raise NotMember
        return member
    for pair in _pairs(user, place.owner or ""):
        if await view.get(BLOCKS, pair) is not None:
            raise Blocked
    return None


async def _missing(context: Context, post: str) -> PostNotFound | ItemDeleted:
    room = await context.application.database.get(ROOMS, post)
    if room is None or room.kind != "post" or not room.deleted or room.place is None:
        return PostNotFound()
    try:
        await require_sight(context.application, context.caller.user, room.place)
    except RoomNotFound:
        return PostNotFound()
    return ItemDeleted()


async def _are_apart(database: Database, user: str, owner: str) -> bool:
    pairs = _pairs(user, owner)
    return bool(pairs and await database.get_many(BLOCKS, pairs))


def _pairs(user: str, owner: str) -> tuple[str, ...]:
    return () if user == owner else (block_id(user, owner), block_id(owner, user))
