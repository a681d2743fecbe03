"""Comments: who says them, where they stand, what becomes of them, and who is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.forum.comments.tree import DEPTH, UNDER
from store.tables import BURIED, COMMENTS
from tests.application import Parley, running
from tests.client.checks import Json
from tests.forum import make_topic, posted
from tests.integration.signing_in.trusted import eventually
from tests.people import Person

PICTURE = "https://example.org/a.gif"


class Scene:
    """A topic with two in it and one outside, and a post of the first."""

    def __init__(self, parley: Parley, people: list[Person], topic: str, post: str) -> None:
        self.parley = parley
        self.ann, self.bob, self.eve = people
        self.topic = topic
        self.post = post
        self._count = 0

    async def say(self, who: Person, parent: str | None = None, **fields: Any) -> Json:
        """Comment on the post under a fresh cid."""
        self._count += 1
        given = {"post": self.post, "text": f"comment {self._count}", "cid": f"c{self._count}"} | fields
        item: Json = await who.do("comment.create", **given | ({} if parent is None else {"parent": parent}))
        return item

    async def counted(self) -> int:
        """Return how many comments the post says it has."""
        item: Json = next(one for one in await self.ann.items(self.topic) if one["id"] == self.post)
        return int(item["comments"])

    async def listed(self, who: Person | None = None, **fields: Any) -> list[tuple[str, int]]:
        """Return all comments of a list with how many stand below each, page by page."""
        found: list[tuple[str, int]] = []
        cursor: Json = {}
        while True:
            page = await (who or self.ann).do("comment.list", **{"post": self.post} | fields | cursor)
            found += [(one["comment"]["id"], one["below"]) for one in page["items"]]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with running(tmp_path) as parley:
        people = await parley.people("ann", "bob", "eve")
        topic = await make_topic(parley, people[0])
        await people[1].do("room.join", room=topic)
        yield Scene(parley, people, topic, (await posted(people[0], topic))["id"])


async def test_comment_is_an_item_of_the_post_and_counted_in_it(scene: Scene) -> None:
    first = await scene.say(scene.bob, text="first", picture=PICTURE)
    answer = await scene.say(scene.ann, first["id"])
    assert (first["text"], first["picture"], first["depth"], first["parent"]) == ("first", PICTURE, 0, None)
    assert (answer["depth"], answer["parent"], answer["room"]) == (1, first["id"], scene.post)
    assert await scene.counted() == 2
    one = await scene.eve.do("comment.get", post=scene.post, comment=first["id"])
    assert one == {"comment": first, "below": 1}


async def test_repeated_comment_is_said_once_even_if_the_post_was_closed_meanwhile(scene: Scene) -> None:
    first = await scene.say(scene.bob, cid="same", text="once")
    assert await scene.say(scene.bob, cid="same", text="once") == first
    assert await scene.bob.refused("comment.create", post=scene.post, cid="same", text="other") == "cid_conflict"
    await _close(scene)
    assert (await scene.say(scene.bob, cid="same", text="once"))["id"] == first["id"]
    assert await scene.counted() == 1
    assert await scene.bob.refused("comment.create", post=scene.post, cid="same", text="other") == "post_closed"


async def _close(scene: Scene) -> None:
    await scene.ann.do("post.status", post=scene.post, status="closed", reason="all was said")


async def test_closed_or_deleted_post_takes_no_comments(scene: Scene) -> None:
    given = {"post": scene.post, "text": "late", "cid": "late"}
    said = await scene.say(scene.bob)
    await _close(scene)
    assert await scene.bob.refused("comment.create", **given) == "post_closed"
    edited = await scene.bob.do("comment.edit", post=scene.post, comment=said["id"], text="still mine")
    assert edited["text"] == "still mine"
    await scene.ann.do("post.delete", post=scene.post)
    assert await scene.bob.refused("comment.create", **given) == "deleted"
    assert await scene.bob.refused("comment.list", post=scene.post) == "post_not_found"
    assert await scene.bob.refused("comment.edit", post=scene.post, comment=said["id"], text="x") == "deleted"


async def test_members_of_the_topic_comment_and_nobody_else(scene: Scene) -> None:
    given = {"post": scene.post, "text": "hello", "cid": "1"}
    assert await scene.eve.refused("comment.create", **given) == "not_a_member"
    await scene.ann.do("room.ban", room=scene.topic, user=scene.bob.id)
    assert await scene.bob.refused("comment.create", **given) == "not_a_member"
    assert await scene.eve.refused("comment.create", **given | {"post": scene.topic}) == "post_not_found"
    shut = await make_topic(scene.parley, scene.ann, open=False)
    hidden = (await posted(scene.ann, shut))["id"]
    for op, more in (("comment.create", given), ("comment.list", {}), ("comment.get", {"comment": "none"})):
        assert await scene.eve.refused(op, **more | {"post": hidden}) == "post_not_found"
        assert await scene.eve.refused(op, **more | {"post": "none"}) == "post_not_found"


async def test_everybody_comments_on_a_page_but_those_whom_a_block_parts(scene: Scene) -> None:
    scene.post = (await posted(scene.ann))["id"]
    assert (await scene.say(scene.eve))["author"]["id"] == scene.eve.id
    await scene.bob.do("users.block", user=scene.ann.id)
    await scene.ann.do("users.block", user=scene.eve.id)
    for one in (scene.bob, scene.eve):
        assert await one.refused("comment.create", post=scene.post, text="hello", cid="2") == "blocked"


async def test_answers_go_ten_deep_and_no_deeper(scene: Scene) -> None:
    parent = (await scene.say(scene.bob))["id"]
    for depth in range(1, DEPTH + 1):
        answer = await scene.say(scene.bob, parent)
        assert answer["depth"] == depth
        parent = answer["id"]
    given = {"post": scene.post, "text": "deeper", "cid": "deeper", "parent": parent}
    assert await scene.bob.refused("comment.create", **given) == "bad_request"
    assert [below for _, below in await scene.listed()] == list(range(DEPTH, -1, -1))


async def test_comment_answers_one_of_its_own_post(scene: Scene) -> None:
    other = (await posted(scene.ann, scene.topic))["id"]
    elsewhere = await scene.say(scene.bob, post=other)
    given = {"post": scene.post, "text": "x", "cid": "x"}
    for parent in (elsewhere["id"], scene.post, "none"):
        assert await scene.bob.refused("comment.create", **given, parent=parent) == "comment_not_found"
        assert await scene.bob.refused("comment.get", post=scene.post, comment=parent) == "comment_not_found"
        assert await scene.bob.refused("comment.list", post=scene.post, parent=parent) == "comment_not_found"
    await scene.bob.do("comment.delete", post=other, comment=elsewhere["id"])
    assert await scene.bob.refused("comment.create", post=other, text="x", cid="x", parent=elsewhere["id"]) == "deleted"


async def test_author_alone_edits_a_comment(scene: Scene) -> None:
    said = await scene.say(scene.bob, picture=PICTURE)
    this = {"post": scene.post, "comment": said["id"]}
    assert await scene.ann.refused("comment.edit", **this, text="hers") == "forbidden"
    edited = await scene.bob.do("comment.edit", **this, text="better")
    assert (edited["text"], edited["picture"]) == ("better", PICTURE)
    assert edited["edited_at"] is not None
    assert (await scene.bob.do("comment.edit", **this, text="better", picture=None))["picture"] is None
    again = await scene.bob.do("comment.edit", **this, text="better")
    assert again["rev"] == edited["rev"] + 1, "what changes nothing takes no rev"


async def test_deleted_comment_keeps_its_place_and_comes_back_for_whoever_deleted_it(scene: Scene) -> None:
    said = await scene.say(scene.bob, text="secret", picture=PICTURE)
    await scene.say(scene.ann, said["id"])
    this = {"post": scene.post, "comment": said["id"]}
    gone = await scene.bob.do("comment.delete", **this)
    assert (gone["deleted"], gone["text"], gone["picture"], gone["reason"]) == (True, "", None, None)
    assert await scene.counted() == 1
    assert [below for _, below in await scene.listed()] == [1, 0]
    assert await scene.bob.refused("comment.edit", **this, text="x") == "deleted"
    assert await scene.ann.refused("comment.restore", **this) == "forbidden"
    back = await scene.bob.do("comment.restore", **this)
    assert back | {"rev": 0} == said | {"rev": 0}
    assert await scene.counted() == 2
    assert await scene.parley.database.get(BURIED, said["id"]) is None


async def test_moderator_deletes_with_a_reason_and_alone_brings_it_back(scene: Scene) -> None:
    said = await scene.say(scene.bob)
    await scene.eve.do("room.join", room=scene.topic)
    this = {"post": scene.post, "comment": said["id"]}
    for op in ("comment.delete", "comment.restore"):
        assert await scene.eve.refused(op, **this) == "forbidden"
    await scene.ann.do("room.role", room=scene.topic, user=scene.eve.id, role="moderator")
    gone = await scene.eve.do("comment.delete", **this, reason="spam")
    assert gone["reason"] == "spam"
    assert await scene.bob.refused("comment.restore", **this) == "forbidden"
    back = await scene.ann.do("comment.restore", **this)
    assert (back["text"], back["reason"]) == (said["text"], None)


async def test_what_is_kept_no_more_does_not_come_back(scene: Scene) -> None:
    said = await scene.say(scene.bob)
    this = {"post": scene.post, "comment": said["id"]}
    await scene.bob.do("comment.delete", **this)
    await scene.parley.database.delete(BURIED, said["id"])
    assert await scene.bob.refused("comment.restore", **this) == "deleted"


async def _are_folded(scene: Scene, *items: str) -> bool:
    rows = await scene.parley.database.get_many(COMMENTS, items)
    return all(row.top > 2**32 for row in rows.values())


@pytest.mark.parametrize("order", ["top", "new", "old"])
async def test_pages_give_every_thread_once_in_its_order(scene: Scene, order: str) -> None:
    roots = [(await scene.say(scene.bob))["id"] for _ in range(5)]
    inner = [(await scene.say(scene.ann, roots[1]))["id"] for _ in range(3)]
    deeper = (await scene.say(scene.bob, inner[1]))["id"]
    for id_ in (roots[3], inner[2]):
        await scene.ann.do("comment.vote", post=scene.post, comment=id_, value=1)
    await eventually(lambda: _are_folded(scene, roots[3], inner[2]))
    thread = {
        "top": [roots[1], inner[2], inner[1], deeper, inner[0]],
        "new": [roots[1], inner[2], inner[1], deeper, inner[0]],
        "old": [roots[1], inner[0], inner[1], deeper, inner[2]],
    }[order]
    others = {
        "top": [roots[3], roots[4], roots[2], thread, roots[0]],
        "new": [roots[4], roots[3], roots[2], thread, roots[0]],
        "old": [roots[0], thread, roots[2], roots[3], roots[4]],
    }[order]
    expected = [id_ for one in others for id_ in (one if isinstance(one, list) else [one])]
    assert [id_ for id_, _ in await scene.listed(order=order)] == expected
    collapsed = [one[0] if isinstance(one, list) else one for one in others]
    assert [id_ for id_, _ in await scene.listed(order=order, limit=2)] == collapsed
    assert (roots[1], 4) in await scene.listed(order=order, limit=2)
    assert [id_ for id_, _ in await scene.listed(order=order, parent=roots[1])] == thread[1:]
    answers = [id_ for id_, _ in await scene.listed(order=order, parent=roots[1], limit=2)]
    assert answers == [id_ for id_ in thread[1:] if id_ != deeper]


async def test_thread_with_more_answers_than_a_comment_knows_comes_alone(scene: Scene) -> None:
    root = (await scene.say(scene.bob))["id"]
    for _ in range(UNDER + 1):
        await scene.say(scene.ann, root)
    assert await scene.listed(limit=100) == [(root, UNDER + 1)]
    assert len(await scene.listed(parent=root, limit=20)) == UNDER + 1


async def test_page_of_comments_takes_two_questions_and_an_empty_one_three(scene: Scene) -> None:
    empty = (await posted(scene.ann, scene.topic))["id"]
    root = (await scene.say(scene.bob))["id"]
    for number in range(20):
        await scene.say(scene.ann, root if number % 2 else None)
    await scene.parley.application.jobs.close()  # they ask too
    for post, most in ((scene.post, 2), (empty, 3)):
        for more in ({}, {"order": "new"}, {"order": "old"}, {"parent": root}):
            if post == empty and "parent" in more:
                continue
            await scene.eve.do("comment.list", post=post)  # that the caller is logged in is known from here on
            scene.parley.store.calls.clear()
            await scene.eve.do("comment.list", post=post, **more)
            assert len(scene.parley.store.calls) <= most, scene.parley.store.calls


async def test_long_comments_are_cut_into_pages_that_fit_a_frame(scene: Scene) -> None:
    long = [(await scene.say(scene.bob, text="\U0001f600" * 5000))["id"] for _ in range(20)]
    live = await scene.eve.connect()
    page = await live.call("comment.list", post=scene.post, order="old", limit=100)
    assert 1 < len(page["items"]) < 20
    assert [id_ for id_, _ in await scene.listed(order="old", limit=100)] == long


@pytest.mark.parametrize("cursor", ["x", "1.5", "0x1", " 1", "9" * 40, "-0"])
async def test_cursor_of_another_order_is_refused(scene: Scene, cursor: str) -> None:
    assert await scene.ann.refused("comment.list", post=scene.post, cursor=cursor) == "bad_request"


async def test_whoever_watches_the_post_sees_comments_and_votes_come(scene: Scene) -> None:
    live = await scene.eve.connect()
    await live.call("room.watch", room=scene.post)
    said = await scene.say(scene.bob)
    assert (await live.next("message"))["d"] == said
    await scene.ann.do("comment.vote", post=scene.post, comment=said["id"], value=-1)
    event = await live.next("message")
    assert (event["room"], event["d"]["id"], event["d"]["down"], event["d"]["score"]) == (scene.post, said["id"], 1, -1)
    await scene.bob.do("comment.delete", post=scene.post, comment=said["id"])
    assert (await live.next("message"))["d"]["deleted"]


async def test_comments_in_a_shut_topic_are_told_to_those_in_it_alone(scene: Scene) -> None:
    topic = await make_topic(scene.parley, scene.ann, open=False)
    await scene.ann.do("room.add", room=topic, user=scene.bob.id)
    scene.post = (await posted(scene.ann, topic))["id"]
    lives = [await one.connect() for one in (scene.bob, scene.eve)]
    await lives[0].call("room.watch", room=scene.post)
    assert await lives[1].refused("room.watch", room=scene.post) == "room_not_found"
    said = await scene.say(scene.ann, text="while bob is in it")
    assert (await lives[0].next("message"))["d"]["comments"] == 1, "the post's item, in the topic"
    assert (await lives[0].next("message"))["d"] == said
    await scene.ann.do("room.remove", room=topic, user=scene.bob.id)
    await scene.say(scene.ann, text="secret")
    await scene.ann.do("comment.vote", post=scene.post, comment=said["id"], value=1)
    for live in lives:
        assert "secret" not in str(await live.pending())


async def test_other_name_hides_who_comments(scene: Scene) -> None:
    said = await scene.say(scene.bob, anonymous=True)
    assert said["author"]["anonymous"] is True
    assert said["author"]["id"] != scene.bob.id
    row = await scene.parley.database.get(COMMENTS, said["id"])
    assert row is not None
    assert row.person == scene.bob.id
    this = {"post": scene.post, "comment": said["id"]}
    page = await scene.eve.account.request("GET", f"/api/posts/{scene.post}/comments")
    assert scene.bob.id.encode() not in page.body
    assert (await scene.bob.do("comment.edit", **this, text="mine"))["text"] == "mine"
    assert (await scene.bob.do("comment.delete", **this))["deleted"]


async def test_what_may_not_be_said_is_refused_in_comments(scene: Scene) -> None:
    scene.post = (await posted(scene.ann, await make_topic(scene.parley, scene.ann, links="refuse")))["id"]
    given = {"post": scene.post, "cid": "1"}
    assert await scene.ann.refused("comment.create", **given, text="see https://example.org") == "content_refused"
    said = await scene.ann.do("comment.create", **given, text="see")
    change = {"post": scene.post, "comment": said["id"], "text": "https://example.org"}
    assert await scene.ann.refused("comment.edit", **change) == "content_refused"
