"""Lists of posts: of a topic, of what somebody wrote, of a page, and the latest of all."""

from typing import Literal

from services.errors import Flaw, Invalid, RoomNotFound, UserNotFound
from services.forum.posts.lists.pages import Order, PostPage, fitting, page_of_posts
from services.forum.posts.lists.written import written_by
from services.forum.posts.seeing import Asked, shown
from services.forum.posts.writing import EVERYBODY
from services.ids import page_room
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize, RoomId, UserId
from services.operations.operation import Operation
from store.database import Scalar


class ListPosts(Input):
    """Which posts of a topic, in which order. ``hot`` and ``top`` are as of the latest votes."""

    topic: RoomId
    order: Order = "new"
    limit: PageSize = 20
    cursor: Cursor | None = None


class ListWritten(Input):
    """Whose posts: those under their own name that one may know of, or what is on their page alone. ``me`` is oneself.

    Posts of several places are in the order of time alone: their scores and their heat have no common order.
    """

    user: UserId
    on: Literal["everywhere", "page"] = "everywhere"
    order: Order = "new"
    limit: PageSize = 20
    cursor: Cursor | None = None


class ListRecent(Input):
    """Which page of the latest posts."""

    limit: PageSize = 20
    cursor: Cursor | None = None


async def _list(context: Context, given: ListPosts) -> PostPage:
    """List the posts of a topic that one may see."""
    topic = given.topic
    page = await page_of_posts(context, {"live": topic}, given.order, given.cursor, given.limit, Asked(topic))
    if page is None:
        raise RoomNotFound
    return page


async def _written(context: Context, given: ListWritten) -> PostPage:
    """List what somebody posted under their own name in open topics and on their page, and else what one's feed has."""
    if given.on == "everywhere" and given.order not in {"new", "old"}:
        raise Invalid(flaws=(Flaw("/order", "is new or old for posts everywhere: give on=page"),))
    user = await _user(context, given.user)
    if given.on == "page":
        equal: dict[str, Scalar] = {"live": page_room(user)}
        page = await page_of_posts(context, equal, given.order, given.cursor, given.limit, Asked(author=user))
        return page or PostPage([], None)
    found = await written_by(context, user, given.cursor, given.limit + 1, oldest_first=given.order == "old")
    listed, asked = found[: given.limit], Asked(author=user)
    items = await shown(context.application.database, context.caller.user, listed, asked)
    return fitting(found, items.posts, given.limit, lambda one: one.post)


async def _user(context: Context, user: str) -> str:
    """Return the id of somebody who is there; for oneself nothing is asked."""
    if user in {"me", context.caller.user}:
        return context.caller.user
    await context.application.directory.require(user)
    return user


async def _recent(context: Context, given: ListRecent) -> PostPage:
    """List the latest posts of all open topics and pages."""
    page = await page_of_posts(context, {"wide": EVERYBODY}, "new", given.cursor, given.limit, Asked())
    return page or PostPage([], None)


LIST = Operation(
    name="post.list",
    method="GET",
    path="/api/topics/{topic}/posts",
    input=ListPosts,
    output=PostPage,
    run=_list,
    raises=(RoomNotFound,),
)
WRITTEN = Operation(
    name="post.written",
    method="GET",
    path="/api/users/{user}/posts",
    input=ListWritten,
    output=PostPage,
    run=_written,
    raises=(UserNotFound,),
)
RECENT = Operation(
    name="post.recent",
    method="GET",
    path="/api/posts/recent",
    input=ListRecent,
    output=PostPage,
    run=_recent,
)
