"""One's feed: what oneself, those whom one follows and the topics one is in have posted, the newest first."""

from services.forum.posts.lists.pages import PostPage, fitting
from services.forum.posts.seeing import Asked, Place, shown
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.operation import Operation
from store.tables import FED


class ListFeed(Input):
    """Which page of one's feed."""

    limit: PageSize = 20
    cursor: Cursor | None = None


async def _list(context: Context, given: ListFeed) -> PostPage:
    """List the posts of oneself, of those whom one follows and of the topics one is in, the newest first."""
    user, database = context.caller.user, context.application.database
    rows = await database.find(FED, {"user": user}, by="post", below=given.cursor, falling=True, limit=given.limit + 1)
    listed = [Place(row.post, row.place, row.author) for row in rows[: given.limit]]
    items = await shown(database, user, listed, Asked(apart=True))
    return fitting(rows, items.posts, given.limit, lambda row: row.post)


LIST = Operation(
    name="feed.list",
    method="GET",
    path="/api/posts/feed",
    input=ListFeed,
    output=PostPage,
    run=_list,
)
