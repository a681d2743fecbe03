"""Letters about follows, likes and comments: to proved addresses, few, and none of what people switched off."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from services.ids import now_ms
from services.mail.letter import LetterName, letter
from services.notifications.telling.concerned import subject_of
from services.notifications.telling.scene import Scene
from store.database import Insert, Update, Write
from store.errors import Duplicate, Mismatch
from store.tables import JOBS, MAILED, USERS, Mailed, Posted, User

if TYPE_CHECKING:
    from services.application import Application

PAUSE_MS: Final = 3_600_000
"""Between two letters of one sort about one thing: a post that many like is worth a letter, not a thousand."""


class _Sort(NamedTuple):
    letter: LetterName
    preference: str


_COMMENTED: Final = _Sort("commented", "mail_comment")
_SORTS: Final[Mapping[str, _Sort]] = {
    "follow": _Sort("followed", "mail_follow"),
    "vote": _Sort("liked", "mail_like"),
    "comment": _COMMENTED,
    "reply": _COMMENTED,
}
"""The letters of notifications, by their types; answers only where they are comments."""


async def write_letters(application: "Application", scene: Scene, types: Mapping[str, str]) -> None:
    """Write down the letters to those who are told of something by themselves, each with their notification's type.

    Done again it writes nothing more.
    """
    sorts = {user: _SORTS[type_] for user, type_ in types.items() if type_ in _SORTS and scene.news.type != "message"}
    if not sorts:
        return
    people = await application.database.get_many(USERS, list(sorts))
    for user in people.values():
        if _wants(user, sorts[user.id]):
            await _write(application, scene, user, sorts[user.id], subject_of(scene, types[user.id]))


def may_be_mailed(user: User) -> bool:
    """Tell whether somebody may be written to at all: at an address that is shown to be theirs."""
    return user.email_verified and user.deleted_at is None and user.banned_at is None


def _wants(user: User, sort: _Sort) -> bool:
    return may_be_mailed(user) and bool(getattr(user.preferences, sort.preference))


async def _write(application: "Application", scene: Scene, user: User, sort: _Sort, subject: str) -> None:
    database, now = application.database, now_ms()
    id_ = f"{user.id}:{sort.letter}:{subject}"
    mailed = await database.get(MAILED, id_)
    if mailed is not None and now - mailed.mailed_at < PAUSE_MS:
        return
    facts = {"name": user.name, "who": scene.news.shown.username, "title": _title(scene)}
    noted: Write = Insert(MAILED, Mailed(id=id_, user=user.id, mailed_at=now))
    if mailed is not None:
        noted = Update(MAILED, id_, {"mailed_at": now}, {"mailed_at": mailed.mailed_at})
    try:
        await database.together(
            [noted, Insert(JOBS, letter(sort.letter, user.email, user.preferences.language, **facts))]
        )
    except (Duplicate, Mismatch):
        return  # another node has written it
    application.jobs.wake()


def _title(scene: Scene) -> str:
    """Return the post's title where everybody may read it: nothing of closed places is in a letter."""
    place, post = scene.place, scene.post
    if place is None or post is None or not isinstance(post.body, Posted):
        return ""
    return post.body.title if place.kind == "page" or (place.kind == "topic" and place.open) else ""
