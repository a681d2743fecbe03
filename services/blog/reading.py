"""Posts and what is said about them, as the blog's clients read them."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.blog.inputs import BlogComment, BlogPost
from services.blog.numbers import numbers_of
from services.blog.views import blog_users
from services.ids import page_room, rfc3339
from services.loop import tasks
from services.operations.context import Context
from store.database import Database
from store.tables import ENTRIES, POSTS, USERS, Commented, Entry, Posted, User

COMMENTS_SHOWN: Final = 100
"""Comments that a post shows here, the oldest first: it has no pages of them."""


class PostKept(NamedTuple):
    """A post on somebody's page."""

    entry: Entry
    body: Posted
    author: User


async def posts_of(context: Context, ids: Sequence[str]) -> list[PostKept]:
    """Return posts on pages, in the same order; deleted ones, those elsewhere and those of nobody are left out."""
    database = context.application.database
    entries, rows = await database.gather((ENTRIES, ids), (POSTS, ids))
    authors = await database.get_many(USERS, [row.person for row in rows.values()])
    kept = []
    for id_ in ids:
        entry, row = entries.get(id_), rows.get(id_)
        author = None if row is None else authors.get(row.person)
        if entry is None or author is None or entry.deleted or not isinstance(entry.body, Posted):
            continue
        if author.deleted_at is None and entry.stream == page_room(author.id):
            kept.append(PostKept(entry, entry.body, author))
    return kept


async def blog_posts(
    context: Context, posts: Sequence[PostKept], likes: Mapping[str, int] | None = None
) -> list[BlogPost]:
    """Return posts for the wire; ``likes`` are known better than the posts know them."""
    database = context.application.database
    authors = await blog_users(context, [kept.author for kept in posts])
    numbers = await numbers_of(database, "post", [kept.entry.id for kept in posts])
    said = await tasks.together(_comments(database, kept) for kept in posts)
    shown = [
        BlogPost(
            id=numbers[kept.entry.id],
            author=authors[kept.author.id],
            title=kept.body.title,
            content=kept.body.text,
            date_posted=rfc3339(kept.entry.created_at),
            likes=(likes or {}).get(kept.entry.id, kept.body.up),
            comments=[],
        )
        for kept in posts
    ]
    for post, entries in zip(shown, said, strict=True):
        comments = await numbers_of(database, "comment", [entry.id for entry in entries])
        post.comments.extend(_comment(entry, comments[entry.id], post.author.email) for entry in entries)
    return shown


async def _comments(database: Database, kept: PostKept) -> list[Entry]:
    if not kept.body.comments:
        return []
    entries = await database.find(ENTRIES, {"stream": kept.entry.id}, by="seq", above=0, limit=COMMENTS_SHOWN)
    return [entry for entry in entries if entry.kind == "comment" and not entry.deleted]


def _comment(entry: Entry, number: int, email: str | None) -> BlogComment:
    return BlogComment(
        id=number,
        author_name=entry.username or "",
        text=entry.body.text if isinstance(entry.body, Commented) else "",
        date_posted=rfc3339(entry.created_at),
        post_author_email=email,
    )
