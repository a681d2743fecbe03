"""Rows by which lists find posts: whoever changes one brings nothing of it back that another has just changed."""

import asyncio

import msgspec
import pytest

from services.forum.orders import hot, top
from services.forum.votes import folding
from services.rooms.topics import endings
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import Put
from store.tables import COMMENTS, ENTRIES, FED, POSTS, ROOMS, VOTES, Post, Vote
from tests.application import Parley
from tests.forum import make_topic, posted
from tests.people import Person


class Scene:
    """Somebody's topic, and a post of theirs there that is in all lists and feeds that it is for."""

    def __init__(self, parley: Parley, ann: Person, topic: str, post: str) -> None:
        self.parley, self.ann, self.topic, self.post = parley, ann, topic, post

    async def row(self) -> Post:
        """Return the post's row."""
        row = await self.parley.database.get(POSTS, self.post)
        assert row is not None
        return row

    async def vote(self, item: str) -> None:
        """Have somebody's vote on an item written, and not folded."""
        row = Vote(id=f"{item}:eve", item=item, user="eve", post=self.post, value=1, due=item)
        await self.parley.database.insert(VOTES, row)

    async def ends(self, node: Parley) -> None:
        """Have the topic deleted, and a node do what is left to do then."""
        await self.parley.database.update(ROOMS, self.topic, {"deleted": True})
        await endings.closed(node.application, {"topic": self.topic, "by": self.ann.id})


@pytest.fixture
async def scene(one: Parley) -> Scene:
    """What the first node has."""
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann)
    post = (await posted(ann, topic))["id"]
    await one.without_jobs()
    return Scene(one, ann, topic, post)


async def test_votes_change_of_a_posts_row_its_orders_alone(scene: Scene) -> None:
    await scene.vote(scene.post)
    gate = scene.parley.store.hold("together")
    folded = asyncio.create_task(folding.fold(scene.parley.application, scene.post, scene.topic))
    await gate.reached.wait()
    nowhere = {"live": None, "by": None, "wide": None}
    await scene.parley.database.update(POSTS, scene.post, nowhere)
    gate.release()
    await folded
    row, entry = await scene.row(), await scene.parley.database.get(ENTRIES, scene.post)
    assert entry is not None
    assert (row.live, row.by, row.wide) == (None, None, None)
    assert (row.top, row.hot) == (top(1, entry.seq or 0), hot(1, entry.created_at, entry.seq or 0))


async def test_votes_change_of_a_comments_row_its_order_alone(scene: Scene) -> None:
    comment = await scene.ann.do("comment.create", post=scene.post, text="said", cid="1")
    await scene.parley.without_jobs()
    await scene.vote(comment["id"])
    gate = scene.parley.store.hold("together")
    folded = asyncio.create_task(folding.fold(scene.parley.application, comment["id"], scene.post))
    await gate.reached.wait()
    await scene.parley.database.update(COMMENTS, comment["id"], {"person": "~"})
    gate.release()
    await folded
    row = await scene.parley.database.get(COMMENTS, comment["id"])
    assert row is not None
    assert (row.person, row.top) == ("~", top(1, comment["seq"]))


async def test_post_of_a_deleted_topic_is_in_no_list_though_its_votes_are_folded_just_then(
    scene: Scene, two: Parley
) -> None:
    await scene.vote(scene.post)
    gate = scene.parley.store.hold("together")
    folded = asyncio.create_task(folding.fold(scene.parley.application, scene.post, scene.topic))
    await gate.reached.wait()
    await scene.ends(two)
    gate.release()
    await folded
    await two.without_jobs()
    row = await scene.row()
    assert (row.live, row.by, row.wide) == (None, None, None)
    assert await scene.parley.database.find(FED, {"post": scene.post}) == []
    assert await scene.ann.do("post.recent") == {"items": [], "next": None}


async def test_whoever_has_read_a_posts_row_reads_it_again_once_its_topic_has_ended(scene: Scene, two: Parley) -> None:
    async def plan(view: View) -> Plan:
        row = await view.get(POSTS, scene.post)
        assert row is not None
        return Plan([Step(marker_entry(scene.topic))], [Put(POSTS, msgspec.structs.replace(row, top=7))])

    gate = scene.parley.store.hold("together")
    written = scene.parley.application.lanes.append(Append((scene.topic,), plan))
    await gate.reached.wait()
    await scene.ends(two)
    gate.release()
    await written
    row = await scene.row()
    assert (row.live, row.by, row.wide, row.top) == (None, None, None, 7)
