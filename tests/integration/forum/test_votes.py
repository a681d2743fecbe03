"""Votes: one a person, changed and taken back at will, added up exactly whatever fails meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.errors import Unavailable
from services.forum.orders import hot, top
from services.forum.votes import folding
from services.ids import member_id
from store.tables import COMMENTS, ENTRIES, JOBS, MEMBERS, POSTS, VOTES, Commented, Posted, Vote
from tests.application import Parley, running
from tests.forum import make_topic, posted
from tests.integration.signing_in.trusted import eventually
from tests.people import Person
from tests.unstable import Fault


class Scene:
    """A topic with three in it and one outside, a post of the first and a comment of the second."""

    def __init__(self, parley: Parley, people: list[Person], topic: str, post: str, comment: str) -> None:
        self.parley = parley
        self.ann, self.bob, self.cat, self.eve = people
        self.topic = topic
        self.post = post
        self.comment = comment

    async def totals(self, item: str) -> tuple[int, int]:
        """Return the totals that an item has."""
        entry = await self.parley.database.get(ENTRIES, item)
        assert entry is not None
        assert isinstance(entry.body, Posted | Commented)
        return entry.body.up, entry.body.down

    async def until_totals(self, item: str, up: int, down: int) -> None:
        """Wait until an item has these totals, and no vote waits."""

        async def there() -> bool:
            due = await self.parley.database.find(VOTES, {"due": item}, limit=1)
            return not due and await self.totals(item) == (up, down)

        await eventually(there)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with running(tmp_path) as parley:
        yield await _scene(parley)


async def _scene(parley: Parley) -> Scene:
    people = await parley.people("ann", "bob", "cat", "eve")
    topic = await make_topic(parley, people[0])
    for one in people[1:3]:
        await one.do("room.join", room=topic)
    post = (await posted(people[0], topic))["id"]
    comment = (await people[1].do("comment.create", post=post, text="said", cid="1"))["id"]
    await parley.without_jobs()
    return Scene(parley, people, topic, post, comment)


def of(scene: Scene, kind: str) -> tuple[str, dict[str, Any]]:
    """Return the operation and the fields by which one votes on a thing."""
    if kind == "post":
        return "post.vote", {"post": scene.post}
    return "comment.vote", {"post": scene.post, "comment": scene.comment}


@pytest.mark.parametrize("kind", ["post", "comment"])
async def test_vote_counts_once_and_the_last_one_counts(scene: Scene, kind: str) -> None:
    op, this = of(scene, kind)
    item = scene.post if kind == "post" else scene.comment
    assert await scene.bob.do(op, **this, value=1) == {"up": 1, "down": 0, "score": 1, "vote": 1}
    assert await scene.bob.do(op, **this, value=1) == {"up": 1, "down": 0, "score": 1, "vote": 1}
    assert await scene.bob.do(op, **this, value=-1) == {"up": 0, "down": 1, "score": -1, "vote": -1}
    await scene.until_totals(item, 0, 1)
    assert (await scene.cat.do(op, **this, value=-1))["score"] == -2
    await scene.until_totals(item, 0, 2)
    assert await scene.bob.do(op, **this, value=0) == {"up": 0, "down": 1, "score": -1, "vote": 0}
    await scene.until_totals(item, 0, 1)


async def test_one_may_vote_on_what_one_wrote(scene: Scene) -> None:
    assert (await scene.ann.do("post.vote", post=scene.post, value=1))["up"] == 1
    await scene.until_totals(scene.post, 1, 0)


async def test_orders_follow_the_votes(scene: Scene) -> None:
    for one in (scene.bob, scene.cat):
        await one.do("post.vote", post=scene.post, value=1)
        await one.do("comment.vote", post=scene.post, comment=scene.comment, value=-1)
    await scene.until_totals(scene.post, 2, 0)
    await scene.until_totals(scene.comment, 0, 2)
    entries = await scene.parley.database.get_many(ENTRIES, [scene.post, scene.comment])
    post, comment = entries[scene.post], entries[scene.comment]
    row = await scene.parley.database.get(POSTS, scene.post)
    assert row is not None
    assert (row.top, row.hot) == (top(2, post.seq or 0), hot(2, post.created_at, post.seq or 0))
    below = await scene.parley.database.get(COMMENTS, scene.comment)
    assert below is not None
    assert below.top == top(-2, comment.seq or 0)


async def test_who_takes_no_part_does_not_vote(scene: Scene) -> None:
    for kind in ("post", "comment"):
        op, this = of(scene, kind)
        assert await scene.eve.refused(op, **this, value=1) == "not_a_member"
        assert await scene.eve.refused(op, **this | {"post": "none"}, value=1) == "post_not_found"
    page = (await posted(scene.ann))["id"]
    assert (await scene.eve.do("post.vote", post=page, value=1))["up"] == 1
    await scene.ann.do("users.block", user=scene.bob.id)
    assert await scene.bob.refused("post.vote", post=page, value=1) == "blocked"


async def test_vote_is_on_a_comment_of_that_post(scene: Scene) -> None:
    other = (await posted(scene.ann, scene.topic))["id"]
    message = (await scene.ann.say(scene.topic))["id"]
    for post, comment in ((other, scene.comment), (scene.post, message), (scene.post, other), (scene.post, "none")):
        assert await scene.bob.refused("comment.vote", post=post, comment=comment, value=1) == "comment_not_found"
    for value in (2, -2, True, "1"):
        assert await scene.bob.refused("post.vote", post=scene.post, value=value) == "bad_request"


async def test_nobody_votes_on_what_was_deleted(scene: Scene) -> None:
    await scene.cat.do("comment.vote", post=scene.post, comment=scene.comment, value=1)
    await scene.bob.do("comment.delete", post=scene.post, comment=scene.comment)
    op, this = of(scene, "comment")
    assert await scene.ann.refused(op, **this, value=1) == "deleted"
    await scene.bob.do("comment.restore", post=scene.post, comment=scene.comment)
    await scene.until_totals(scene.comment, 1, 0)
    await scene.ann.do("post.delete", post=scene.post)
    for kind in ("post", "comment"):
        op, this = of(scene, kind)
        assert await scene.bob.refused(op, **this, value=1) == "deleted"


async def test_own_votes_are_told_to_oneself_alone(scene: Scene) -> None:
    await scene.bob.do("post.vote", post=scene.post, value=1)
    await scene.bob.do("comment.vote", post=scene.post, comment=scene.comment, value=-1)
    await scene.cat.do("post.vote", post=scene.post, value=-1)
    both = {scene.post: 1, scene.comment: -1}
    assert await scene.bob.do("vote.mine", post=scene.post) == {"votes": both}
    assert await scene.bob.do("vote.mine", ids=f"{scene.post},{scene.comment},none") == {"votes": both}
    await scene.bob.do("post.vote", post=scene.post, value=0)
    assert await scene.bob.do("vote.mine", post=scene.post) == {"votes": {scene.comment: -1}}
    assert await scene.eve.do("vote.mine", post=scene.post) == {"votes": {}}
    many = ",".join(f"i{number}" for number in range(41))
    for given in ({}, {"post": scene.post, "ids": scene.post}, {"ids": many}):
        assert await scene.bob.refused("vote.mine", **given) == "bad_request"


async def test_author_is_told_of_somebodys_vote_once(scene: Scene) -> None:
    async def told() -> int:
        rows = await scene.parley.database.find(VOTES, {"item": scene.post, "user": scene.bob.id})
        return sum(row.told for row in rows)

    await scene.bob.do("post.vote", post=scene.post, value=-1)
    assert await told() == 0
    gate = scene.parley.store
    for value, jobs in ((1, 1), (0, 0), (1, 0)):
        gate.calls.clear()
        await scene.bob.do("post.vote", post=scene.post, value=value)
        written = [write for verb, (writes, *_) in gate.calls if verb == "together" for write in writes]
        assert sum(write.table is JOBS for write in written) == jobs, value
    assert await told() == 1


async def test_many_votes_make_few_events(scene: Scene) -> None:
    live = await scene.cat.connect()
    await live.call("room.watch", room=scene.post)
    for number in range(12):
        await scene.bob.do("comment.vote", post=scene.post, comment=scene.comment, value=1 - number % 2 * 2)
        await scene.ann.do("comment.vote", post=scene.post, comment=scene.comment, value=number % 2 * 2 - 1)
    await scene.until_totals(scene.comment, 1, 1)
    events = [event for event in await live.pending() if event["ev"] == "message"]
    assert len(events) <= 3, "each folding tells everybody"


async def test_vote_that_the_store_does_not_take_is_not_counted(scene: Scene) -> None:
    scene.parley.store.fail(Fault.UNAVAILABLE, "together")
    assert await scene.bob.refused("post.vote", post=scene.post, value=1) == "unavailable"
    assert await scene.bob.do("vote.mine", post=scene.post) == {"votes": {}}
    scene.parley.store.fail(Fault.LOST, "together")
    assert await scene.bob.refused("post.vote", post=scene.post, value=1) == "unavailable"
    assert await scene.bob.do("vote.mine", post=scene.post) == {"votes": {scene.post: 1}}
    await _fold_late(scene)
    await scene.until_totals(scene.post, 1, 0)


async def test_what_a_node_writes_in_the_background_meets_no_fault_meant_for_a_vote(scene: Scene) -> None:
    scene.parley.store.fail(Fault.UNAVAILABLE, "together")
    id_ = member_id(scene.topic, scene.bob.id)
    scene.parley.application.marks.pending.note(id_, 1_000)
    await scene.parley.application.marks.flush()
    member = await scene.parley.database.get(MEMBERS, id_)
    assert member is not None
    assert member.read == 1_000
    assert await scene.bob.refused("post.vote", post=scene.post, value=1) == "unavailable"


async def _fold_late(scene: Scene) -> None:
    await folding.fold_late(scene.parley.application, {})


async def test_folding_that_is_interrupted_counts_once(scene: Scene) -> None:
    application = scene.parley.application
    await scene.bob.do("post.vote", post=scene.post, value=1)
    await scene.until_totals(scene.post, 1, 0)
    await scene.parley.database.insert(VOTES, _row(scene, scene.cat))
    for fault in (Fault.UNAVAILABLE, Fault.LOST, Fault.UNANSWERED):
        scene.parley.store.fail(fault, "together")
        with contextlib.suppress(Unavailable):
            await folding.fold(application, scene.post, scene.topic)
    await scene.until_totals(scene.post, 2, 0)


def _row(scene: Scene, who: Person, value: int = 1) -> Vote:
    id_ = f"{scene.post}:{who.id}"
    return Vote(id=id_, item=scene.post, user=who.id, post=scene.post, value=value, due=scene.post)


async def test_vote_changed_while_it_is_folded_counts_as_it_is_then(scene: Scene) -> None:
    await scene.parley.database.insert(VOTES, _row(scene, scene.cat))
    gate = scene.parley.store.hold("together")
    folded = asyncio.create_task(folding.fold(scene.parley.application, scene.post, scene.topic))
    await gate.reached.wait()
    row = f"{scene.post}:{scene.cat.id}"
    await scene.parley.database.update(VOTES, row, {"value": -1, "due": scene.post})
    gate.release()
    await folded
    await scene.until_totals(scene.post, 0, 1)


async def test_what_another_node_left_is_folded(tmp_path: Path) -> None:
    async with running(tmp_path) as parley:
        scene = await _scene(parley)
        await parley.application.folding.close()
        for one in (scene.bob, scene.cat):
            await one.do("post.vote", post=scene.post, value=1)
            await one.do("comment.vote", post=scene.post, comment=scene.comment, value=-1)
        assert await scene.totals(scene.post) == (0, 0)
        async with running(tmp_path) as other:
            await folding.fold_late(other.application, {})
            await scene.until_totals(scene.post, 2, 0)
            await scene.until_totals(scene.comment, 0, 2)


async def test_votes_on_what_is_no_more_are_let_go(scene: Scene) -> None:
    lost = Vote(id="gone:ann", item="gone", user="ann", post="gone", value=1, due="gone")
    await scene.parley.database.insert(VOTES, lost)
    await _fold_late(scene)
    assert await scene.parley.database.find(VOTES, {"due": "gone"}) == []


async def test_nodes_that_fold_at_once_count_each_vote_once(one: Parley, two: Parley) -> None:
    scene = await _scene(one)
    crowd = [_row(scene, person) for person in (scene.ann, scene.bob, scene.cat)]
    await one.database.batch(VOTES, crowd)
    both = (folding.fold(parley.application, scene.post, scene.topic) for parley in (one, two))
    await asyncio.gather(*both)
    await scene.until_totals(scene.post, 3, 0)


async def test_more_votes_than_are_folded_at_once_are_all_counted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "AT_ONCE", 16)
    ids = [f"nobody{number:03}" for number in range(40)]
    rows = [
        Vote(id=f"{scene.post}:{id_}", item=scene.post, user=id_, post=scene.post, value=1, due=scene.post)
        for id_ in ids
    ]
    await scene.parley.database.batch(VOTES, rows)
    await scene.bob.do("post.vote", post=scene.post, value=-1)
    await scene.until_totals(scene.post, 40, 1)
