"""What somebody posted under their own name, as far as whoever asks may know of it."""

from typing import Any

from services.forum.posts.seeing import Place
from services.forum.posts.writing import EVERYBODY
from services.loop import tasks
from services.operations.context import Context
from store.tables import FED, POSTS


async def written_by(
    context: Context, author: str, cursor: str | None, limit: int, *, oldest_first: bool
) -> list[Place]:
    """Return posts of an author from a cursor on: what everybody may see, and what the caller's own feed has of others.

    By an index of all that the author wrote, a page of it would tell strangers how much was said in invite-only topics,
    and when: that it is short, and where it ends. Of what they themselves wrote the caller has everything.
    """
    user, database = context.caller.user, context.application.database
    side: dict[str, Any] = {"above" if oldest_first else "below": cursor, "falling": not oldest_first, "limit": limit}

    async def public() -> list[Place]:
        equal = {"by": author} if author == user else {"by": author, "wide": EVERYBODY}
        return [Place(row.id, row.place) for row in await database.find(POSTS, equal, by="id", **side)]

    async def told() -> list[Place]:
        rows = await database.find(FED, {"user": user, "author": author}, by="post", **side)
        return [Place(row.post, row.place) for row in rows]

    if author == user:
        return await public()
    parts = await tasks.together((public(), told()))
    found = {one.post: one for part in parts for one in part}
    return sorted(found.values(), key=lambda one: one.post, reverse=not oldest_first)[:limit]
