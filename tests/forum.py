"""Topics and posts for tests, made by what the operations are made of."""

import asyncio
import itertools
from typing import Any

from services.ids import new_id, now_ms, self_stream
from services.rooms.making import fresh_member, joining
from services.streams.append import Append, Plan, View
from store.database import Insert
from store.tables import JOBS, ROOMS, Room
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person

_cids = itertools.count(1)


async def make_topic(parley: Parley, owner: Person, **fields: Any) -> str:
    """Make a topic, an open one unless said otherwise, and return its id."""
    values: dict[str, Any] = {"open": True, "anonymous": True, "name": "topic", "member_count": 1} | fields
    room = Room(id=new_id(), kind="topic", owner=owner.id, created_at=now_ms(), **values)

    async def plan(_view: View) -> Plan:
        planned = Plan(writes=[Insert(ROOMS, room)])
        joining(planned, room, fresh_member(room.id, owner.id, owner.account.username, "owner"), owner.id)
        return planned

    await parley.application.lanes.append(Append((room.id, self_stream(owner.id)), plan))
    return room.id


async def posted(person: Person, topic: str = "", title: str = "title", **fields: Any) -> Json:
    """Post in a topic, or on the person's own page, under a fresh cid."""
    given: Json = {"title": title, "text": "text", "cid": f"post{next(_cids)}"} | fields
    item: Json = await (person.do("post.create", topic=topic, **given) if topic else person.do("post.publish", **given))
    return item


async def fed(parley: Parley) -> None:
    """Wait until what was posted is in the feeds that it is for, and in no other."""
    async with asyncio.timeout(20):
        while await _feeding(parley):  # noqa: ASYNC110 - written by other nodes too
            await asyncio.sleep(0.01)


async def _feeding(parley: Parley) -> bool:
    rows = await parley.database.find(JOBS, {"state": "waiting"}, limit=1000)
    return any(row.kind.startswith("feed_") for row in rows)
