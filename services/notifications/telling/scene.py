"""What happened, with what is needed to know whom it concerns and who may know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.accounts.people.person import GONE_NAME
from services.ids import member_id
from services.news import News
from services.rooms.rights.sight import may_see, page_of
from services.stances.rows import unwilling
from store.database import Database
from store.tables import BLOCKS, ENTRIES, MEMBERS, ROOMS, Commented, Entry, Member, Room, Text

if TYPE_CHECKING:
    from services.application import Application


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that happened, and where."""

    news: News
    place: Room | None
    above: Room | None
    """What the place is in."""
    item: Entry | None
    answered: Entry | None
    """The message or comment that the item answers."""
    post: Entry | None

    @property
    def topic(self) -> str | None:
        """The topic that it happened in."""
        return next((room.id for room in (self.place, self.above) if room is not None and room.kind == "topic"), None)

    @property
    def matters(self) -> list[str]:
        """What somebody may have muted, of which this is a part."""
        news, answered = self.news, None if self.answered is None else self.answered.id
        above = None if self.above is None else self.above.id
        found = (news.place, above, news.post, news.item, answered, news.shown.id)
        return [one for one in found if one is not None]


async def scene_of(database: Database, news: News) -> Scene | None:
    """Return what happened as it is by now; None where there is nothing of it left to tell."""
    place = None if news.place is None else await _room(database, news.place)
    above = None if place is None or place.place is None else await _room(database, place.place)
    if news.place is not None and place is None:
        return None
    wanted = [one for one in (news.item, news.post) if one is not None]
    entries = await database.get_many(ENTRIES, wanted) if wanted else {}
    if any(one not in entries or entries[one].deleted for one in wanted):
        return None
    item = None if news.item is None else entries[news.item]
    answers = None
    if item is not None and news.type in {"message", "comment"}:
        body = item.body
        answers = body.reply_to if isinstance(body, Text) else body.parent if isinstance(body, Commented) else None
    answered = None if answers is None else await database.get(ENTRIES, answers)
    return Scene(news, place, above, item, answered, None if news.post is None else entries[news.post])


async def _room(database: Database, id_: str) -> Room | None:
    room = await database.get(ROOMS, id_)
    return page_of(id_[2:]) if room is None and id_.startswith("p_") else room


async def willing(application: "Application", scene: Scene, users: Sequence[str]) -> list[str]:
    """Return those of these users who are to be told: they may see it, and want to hear of it and of who did it.

    Of somebody under another name nothing counts that others decided about the person: whom they block would else be
    found out by who is told and who is not. The other name can be muted by itself.
    """
    database, news = application.database, scene.news
    users = [user for user in dict.fromkeys(users) if user != news.actor]
    if not users:
        return []
    matters = scene.matters
    if not news.shown.anonymous:
        matters = [*matters, news.actor]
        pairs = [pair for user in users for pair in (f"{user}:{news.actor}", f"{news.actor}:{user}")]
        blocks = (await database.get_many(BLOCKS, pairs)).values()
        apart = {one.user for one in blocks} | {one.other for one in blocks}
        users = [user for user in users if user not in apart]
    quiet = await unwilling(database, users, matters)
    people = await application.directory.find(users)
    users = [user for user in users if user not in quiet and user in people and people[user].username != GONE_NAME]
    return await _seeing(database, scene, users)


async def _seeing(database: Database, scene: Scene, users: list[str]) -> list[str]:
    place, above, item = scene.place, scene.above, scene.item
    if place is None or not users or scene.news.type == "invitation":
        return users
    rooms = [room for room in (place, above) if room is not None]
    rows = await database.get_many(MEMBERS, [member_id(room.id, user) for room in rooms for user in users])

    def member(room: Room | None, user: str) -> Member | None:
        return None if room is None else rows.get(member_id(room.id, user))

    def sees(user: str) -> bool:
        here = member(place, user)
        if not may_see(place, here, above, member(above, user)):
            return False
        joined = 0 if here is None else here.joined
        return place.history != "joined" or item is None or (item.seq or 0) >= joined

    return [user for user in users if sees(user)]
