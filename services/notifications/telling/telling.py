"""The jobs that tell people of what happened."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.ids import now_ms
from services.jobs.job import job
from services.news import News
from services.notifications.telling.concerned import directly, followed, for_everybody, subject_of
from services.notifications.telling.gathering import gather_for
from services.notifications.telling.letters import write_letters
from services.notifications.telling.scene import Scene, scene_of, willing
from store.database import Database
from store.errors import Duplicate
from store.tables import JOBS, MEMBERS, STANCES, TOLD, Told

if TYPE_CHECKING:
    from services.application import Application

NEWS_PAGE: Final = "news_page"
"""The kind of the jobs that tell many, a page each."""
PAGE: Final = 200
"""People of one such job: a few seconds of work."""


async def tell(application: "Application", work: dict[str, Any]) -> None:
    """Do the job of what happened: tell those whom it concerns by themselves, and have the many told page by page."""
    news = msgspec.convert(work, News)
    database = application.database
    scene = await scene_of(database, news)
    if scene is None:
        return
    types = await directly(database, scene)
    users = await _tell(application, scene, types)
    await write_letters(application, scene, {user: types[user] for user in users})
    pages = []
    if await for_everybody(database, scene):
        pages.append("everyone")
    if followed(news) is not None:
        pages.append("followers")
    for of in pages:
        await _page(application, work, of, "")


async def tell_page(application: "Application", work: dict[str, Any]) -> None:
    """Do the job of a page of many; and write down the next."""
    news = msgspec.convert(work["news"], News)
    database, of = application.database, work["of"]
    scene = await scene_of(database, news)
    if scene is None:
        return
    users = await _many(database, news, of, work["after"])
    # Those who were told by themselves are told of that alone.
    told = await directly(database, scene)
    type_ = "everyone" if of == "everyone" else news.type
    await _tell(application, scene, {user: type_ for user in users if user not in told})
    if len(users) == PAGE:
        await _page(application, work["news"], of, users[-1])


async def _many(database: Database, news: News, of: str, after: str) -> list[str]:
    if of == "everyone":
        rows = await database.find(MEMBERS, {"room": news.place}, by="user", above=after, limit=PAGE)
        return [row.user for row in rows]
    stances = await database.find(STANCES, {"followed": followed(news)}, by="user", above=after, limit=PAGE)
    return [stance.user for stance in stances]


async def _page(application: "Application", news: dict[str, Any], of: str, after: str) -> None:
    id_ = f"{news['id']}:{of}:{after}"
    try:
        row = job(NEWS_PAGE, {"news": news, "of": of, "after": after}, id_=id_)
        await application.database.insert(JOBS, row)
    except Duplicate:
        return  # written down when this was done before
    application.jobs.wake()


async def _tell(application: "Application", scene: Scene, types: Mapping[str, str]) -> list[str]:
    """Tell those of these people who are willing; return who they are."""
    users = await willing(application, scene, list(types))
    if users:
        await _write(application.database, [_told(scene, user, types[user]) for user in users])
        await gather_for(application, users)
    return users


def _told(scene: Scene, user: str, type_: str) -> Told:
    news = scene.news
    return Told(
        id=f"{user}:{_once(news, type_)}",
        user=user,
        due=user,
        type=type_,
        subject=subject_of(scene, type_),
        shown=news.shown,
        place=news.place,
        post=news.post,
        item=news.item,
        text="" if scene.place is None else scene.place.name,
        told_at=now_ms(),
    )


def _once(news: News, type_: str) -> str:
    """Return what somebody is told of once: a vote and a follow of each person, a mention and a call of each item.

    An edit that takes a name out and another that puts it in again tell nobody anew.
    """
    if type_ == "vote":
        return f"vote:{news.item or news.post}:{news.actor}"
    if type_ == "follow":
        return f"follow:{news.actor}"
    return f"{type_}:{news.item}" if type_ in {"mention", "everyone"} else news.id


async def _write(database: Database, rows: Sequence[Told]) -> None:
    """Keep those rows that are not there yet."""
    there = await database.get_many(TOLD, [row.id for row in rows])
    rows = [row for row in rows if row.id not in there]
    while rows:
        try:
            await database.batch(TOLD, rows)
        except Duplicate as refused:
            rows = rows[refused.position + 1 :]
        else:
            return
