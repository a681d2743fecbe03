"""The news of what was said in posts and comments: when they are made, and when an edit of them names somebody."""

from collections.abc import Sequence

from services.forum.discussion import comment_of, writer_of
from services.news import News, news, worth_telling
from store.database import Insert
from store.tables import Entry, Person, Posted


def post_news(entry: Entry, before: str = "") -> Insert:
    """Return the write that has people told of a post; ``before`` are its words before they were edited.

    Whoever made it wakes the node's runner (``Application.jobs.wake``).
    """
    what = News(
        type="post",
        actor=writer_of(entry),
        shown=_shown(entry),
        place=entry.stream,
        post=entry.id,
        item=entry.id,
        text=words_of(entry),
        before=before,
    )
    return news(what)


def comment_news(entry: Entry, place: str, to: Sequence[str] = (), before: str = "") -> Insert:
    """Return the write that has people told of a comment on a post in a place, ``to`` among them.

    ``before`` is what it said before it was edited. Whoever made it wakes the node's runner
    (``Application.jobs.wake``).
    """
    actor = writer_of(entry)
    what = News(
        type="comment",
        actor=actor,
        shown=_shown(entry),
        to=tuple(one for one in to if one != actor),
        place=place,
        post=entry.stream,
        item=entry.id,
        text=words_of(entry),
        before=before,
    )
    return news(what)


def edited_news(edited: Entry, before: Entry, place: str) -> list[Insert]:
    """Return the writes that have those told whom an edit of a post or a comment may name newly; none, as a rule.

    Whoever made one wakes the node's runner (``Application.jobs.wake``).
    """
    said = words_of(before)
    if not worth_telling(words_of(edited), said):
        return []
    return [post_news(edited, said) if edited.kind == "post" else comment_news(edited, place, before=said)]


def words_of(entry: Entry) -> str:
    """Return all in which a post or a comment may name somebody."""
    body = entry.body
    return f"{body.title}\n{body.text}" if isinstance(body, Posted) else comment_of(entry).text


def _shown(entry: Entry) -> Person:
    return Person(entry.author, entry.username or "", anonymous=entry.person is not None)
