"""Whom something concerns, and by what: the one reason of which each of them is told."""

from typing import Final

from services.ids import member_id
from services.news import News
from services.notifications.telling.mentions import mentioned, names_everybody
from services.notifications.telling.scene import Scene
from store.database import Database
from store.tables import MEMBERS, Entry

_TYPES: Final = frozenset({"comment", "vote", "follow", "friend_request", "friend_accepted", "invitation"})
"""Types of news of which those are told whom they name, as notifications of the same type."""

_SPOKEN: Final = frozenset({"message", "post", "comment"})
"""Types of news in which something was said."""


async def directly(database: Database, scene: Scene) -> dict[str, str]:
    """Return the few whom it concerns by themselves, each with the type of the notification.

    Whoever is answered is told of the answer, then whoever is named, then the author of what it is about.
    """
    news = scene.news
    found: dict[str, str] = {}
    if scene.answered is not None and not news.before:
        found[writer(scene.answered)] = "reply"
    if news.type in _SPOKEN:
        for user in await mentioned(database, news.text, news.before, scene.topic):
            found.setdefault(user, "mention")
    if news.type in _TYPES:
        for user in news.to:
            found.setdefault(user, news.type)
    if news.type == "comment" and scene.post is not None and not news.before:
        found.setdefault(writer(scene.post), "comment")
    return found


def writer(entry: Entry) -> str:
    """Return who wrote an item, whatever name it shows."""
    return entry.person or entry.author


async def for_everybody(database: Database, scene: Scene) -> bool:
    """Tell whether all members of the place are to be told: an owner or a moderator asked for it, where few are public.

    Nobody does in rooms that anybody may join unasked, nor on pages and in discussions, which have no members.
    """
    news, place = scene.news, scene.place
    if place is None or place.kind not in {"private", "topic"} or news.type not in {"message", "post"}:
        return False
    if not names_everybody(news.text) or names_everybody(news.before):
        return False
    if news.shown.anonymous:
        return False  # that it is heard would tell that its person moderates
    member = await database.get(MEMBERS, member_id(place.id, news.actor))
    return member is not None and member.role in {"owner", "moderator"}


def followed(news: News) -> str | None:
    """Return what those follow who are told of it because they do: a topic of its posts, a post of its comments."""
    if news.before:
        return None
    if news.type == "post":
        return news.place
    return news.post if news.type == "comment" else None


def subject_of(scene: Scene, type_: str) -> str:
    """Return what notifications of a type are gathered by while they are unread."""
    news = scene.news
    if type_ == "reply" and scene.answered is not None:
        return scene.answered.id
    if type_ == "vote":
        return news.item or news.post or ""
    if type_ in {"friend_request", "friend_accepted"}:
        return news.actor
    if type_ in {"everyone", "post", "invitation"}:
        return news.place or ""
    return "" if type_ == "follow" else news.post or news.place or ""
