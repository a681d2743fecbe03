"""Whatever is counted is exact: fifty people at once on three nodes, of which one is killed; then all is recounted."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from services.forum.comments.tree import UNDER
from services.forum.orders import hot, top
from services.ids import page_room
from store import open_database
from store.database import Database, Table
from store.tables import (
    COMMENTS,
    COUNTS,
    ENTRIES,
    FOLLOWS,
    MEMBERS,
    POSTS,
    ROOMS,
    VOTES,
    Comment,
    Commented,
    Entry,
    Posted,
    Text,
    Vote,
)
from tests.client.account import Account
from tests.client.rest import Rest
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.integration.forum.crowd import Actor, Stage
from tests.integration.signing_in.trusted import eventually
from tests.parts import Redis
from tests.processes import ServerProcess

PEOPLE = 50
NODES = 3
POSTS_THERE = 4
DEEDS = 16
"""What each does, one after the other."""

SEED = 7

LATE_S = 100.0
"""Longest that votes of a killed node wait: their job is a node's for 75 s at most, and comes every 10 s."""


async def _begin(sites: Sequence[Site]) -> tuple[Stage, list[Actor]]:
    accounts = [one for site in sites for one in await site.register_all("crowd", -(-PEOPLE // NODES))][:PEOPLE]
    stage = Stage([site.rest for site in sites])
    actors = [Actor(stage, account, number, SEED) for number, account in enumerate(accounts)]
    first = actors[0]
    for name in ("home", "door"):
        made = await first.do("topic.create", title=name)
        setattr(stage, name, made["id"])
    await asyncio.gather(*(one.do("topic.join", topic=stage.home) for one in actors[1:]))
    for number in range(POSTS_THERE):
        given = {"topic": stage.home, "title": f"post {number}", "text": "text", "cid": f"post{number}"}
        stage.posts.append((await first.do("post.create", **given))["id"])
    for one in actors:
        one.others = [other.id for other in actors if other is not one]
    stage.owner = first.id
    stage.inside[first.id] = True
    return stage, actors


async def _crowd(stage: Stage, actors: Sequence[Actor], nodes: Sequence[ServerProcess]) -> None:
    """Let everybody act; a third of the way a node is killed, and comes back after another third."""
    count, third, two = 0, asyncio.Event(), asyncio.Event()

    def acted() -> None:
        nonlocal count
        count += 1
        if count > PEOPLE * DEEDS // 3:
            third.set()
        if count > PEOPLE * DEEDS * 2 // 3:
            two.set()

    async def kill() -> None:
        await third.wait()
        await asyncio.to_thread(nodes[1].kill)
        await two.wait()
        await asyncio.to_thread(nodes[1].start)

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        for actor in actors:
            group.create_task(actor.act(DEEDS, acted))


async def _all(database: Database, table: Table[Any], **equal: Any) -> list[Any]:
    """Return all records with these values, however many, by rising ids or revs."""
    by = {"entries": "rev", "members": "user"}.get(table.name, "id")
    found: list[Any] = []
    while True:
        more = await database.find(table, equal, by=by, above=getattr(found[-1], by) if found else None, limit=1000)
        found += more
        if len(more) < 1000:
            return found


class Recount:
    """The store as it is at the end, and what it has to be by its rows."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self.database = database
        self.stage = stage
        self.wrong: list[str] = []

    def equal(self, what: str, found: object, counted: object) -> None:
        """Note where a count is not what is counted."""
        if found != counted:
            self.wrong.append(f"{what}: {found} is kept, {counted} is counted")

    async def votes(self, item: Entry) -> None:
        """Totals and orders are those of the votes, and the votes those that were acknowledged."""
        rows: list[Vote] = await self.database.find(VOTES, {"item": item.id}, limit=1000)
        body = item.body
        assert isinstance(body, Posted | Commented)
        values = Counter(row.value for row in rows)
        self.equal(f"votes on {item.id}", (body.up, body.down), (values[1], values[-1]))
        acknowledged = {who: value for (on, who), value in self.stage.votes.items() if on == item.id and value}
        self.equal(f"voters on {item.id}", {row.user: row.value for row in rows if row.value}, acknowledged)
        score, seq = values[1] - values[-1], item.seq or 0
        if item.kind == "post":
            post = await self.database.get(POSTS, item.id)
            assert post is not None
            self.equal(
                f"orders of {item.id}", (post.top, post.hot), (top(score, seq), hot(score, item.created_at, seq))
            )
        else:
            comment = await self.database.get(COMMENTS, item.id)
            assert comment is not None
            self.equal(f"order of {item.id}", comment.top, top(score, seq))

    async def post(self, id_: str) -> None:
        """What a post says of its comments, and these of each other, is what the tree is."""
        item = await self.database.get(ENTRIES, id_)
        assert item is not None
        assert isinstance(item.body, Posted)
        await self.votes(item)
        comments = [one for one in await _all(self.database, ENTRIES, stream=id_) if one.kind == "comment"]
        self.equal(f"comments of {id_}", item.body.comments, sum(not one.deleted for one in comments))
        acknowledged = {one for one, (post, _) in self.stage.comments.items() if post == id_}
        self.equal(f"comments on {id_}", {one.id for one in comments}, acknowledged)
        gone = {one.id for one in comments if one.deleted}
        self.equal(f"deleted on {id_}", gone, acknowledged & self.stage.deleted)
        rows: dict[str, Comment] = await self.database.get_many(COMMENTS, [one.id for one in comments])
        below = _below(rows)
        for one in comments:
            await self.votes(one)
            self.equal(f"below {one.id}", rows[one.id].below, len(below[one.id]))
            known = below[one.id] if len(below[one.id]) <= UNDER else set()
            self.equal(f"under {one.id}", set(rows[one.id].under), known)

    async def members(self, topic: str) -> None:
        """The number of a topic's members is that of their rows."""
        room = await self.database.get(ROOMS, topic)
        assert room is not None
        rows = await _all(self.database, MEMBERS, room=topic)
        self.equal(f"members of {topic}", room.member_count, len(rows))
        if topic == self.stage.door:
            inside = {who for who, is_in in self.stage.inside.items() if is_in}
            self.equal("who is in the door topic", {row.user for row in rows}, inside)

    async def person(self, id_: str) -> None:
        """Whom somebody follows, who follows them, and how many these are."""
        counts = await self.database.get(COUNTS, id_)
        following = await self.database.find(FOLLOWS, {"user": id_}, by="since", above="", limit=1000)
        followers = await self.database.find(FOLLOWS, {"other": id_}, by="since", above="", limit=1000)
        kept = (counts.following, counts.followers, counts.posts) if counts else (0, 0, 0)
        posts = await _all(self.database, POSTS, live=page_room(id_))
        self.equal(f"counts of {id_}", kept, (len(following), len(followers), len(posts)))
        acknowledged = {other for (who, other), on in self.stage.follows.items() if who == id_ and on}
        self.equal(f"whom {id_} follows", {row.other for row in following}, acknowledged)

    async def unread(self, account: Account, entries: Sequence[Entry]) -> None:
        """What somebody is told is unread is what others wrote above their marker."""
        room = await account.get("rooms", self.stage.home)
        above = [one for one in entries if (one.seq or 0) > room["read"] and one.author != account.id]
        self.equal(f"unread of {account.id}", room["unread"], min(100, len(above)))


def _below(rows: dict[str, Comment]) -> dict[str, set[str]]:
    below: dict[str, set[str]] = {id_: set() for id_ in rows}
    for id_, row in rows.items():
        parent = row.parent
        while parent is not None:
            below[parent].add(id_)
            parent = rows[parent].parent
    return below


async def _recount(database: Database, stage: Stage, actors: Sequence[Actor], rest: Rest) -> list[str]:
    recount = Recount(database, stage)
    for post in stage.posts:
        await recount.post(post)
    for topic in (stage.home, stage.door):
        await recount.members(topic)
    entries = [one for one in await _all(database, ENTRIES, stream=stage.home) if isinstance(one.body, Text)]
    recount.equal("messages", Counter(one.cid for one in entries), Counter(stage.texts))
    for actor in actors:
        await recount.person(actor.id)
        actor.account.rest = rest
        await recount.unread(actor.account, entries)
    return recount.wrong


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.timeout(240)
@pytest.mark.parametrize("store", [pytest.param("mongo", marks=pytest.mark.mongo)], indirect=True)
async def test_what_fifty_people_did_on_three_nodes_is_counted_exactly(store: Store, redis_part: Redis) -> None:
    nodes = [store.server(PARLEY_REDIS_URL=redis_part.url) for _ in range(NODES)]
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
    sites = [Site(node.address) for node in nodes]
    try:
        stage, actors = await _begin(sites)
        await _crowd(stage, actors, nodes)
        assert stage.again, "the kill met nobody"
        async with open_database(store.folder, store.mongo) as database:

            async def folded() -> bool:
                return not await database.find(VOTES, {}, by="due", above="", limit=1)

            await eventually(folded, LATE_S)
            print(f"{dict(stage.done)}, asked again {dict(stage.again)}")
            wrong = await _recount(database, stage, actors, sites[0].rest)
            assert not wrong, "\n".join(wrong)
    finally:
        for site in sites:
            await site.__aexit__(None, None, None)
        await asyncio.gather(*(asyncio.to_thread(node.stop) for node in nodes))
    troubles = [text for node in nodes for text in node.trouble()]
    assert not troubles, "\n".join(troubles)
