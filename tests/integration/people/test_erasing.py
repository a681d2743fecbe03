"""What an account leaves where it had ties, posts and other names; and what of it its person can take along before."""

import asyncio
from typing import Any

import pytest

from services.accounts.people.person import GONE_NAME
from services.accounts.profile import kept, places
from services.ids import now_ms
from services.people import erasing
from services.people.erasing import NOBODY
from store.database import Table
from store.tables import (
    ALIASES,
    COUNTS,
    ENTRIES,
    FED,
    FOLLOWS,
    FRIENDS,
    HIDDEN,
    INVITATIONS,
    STANCES,
    USERS,
    VOTES,
    Counts,
)
from tests.application import Parley
from tests.client.checks import Json
from tests.integration.accounts.test_export import export
from tests.integration.signing_in.trusted import prove
from tests.people import Person


class Left:
    """Somebody who has some of everything, and two others."""

    def __init__(self, parley: Parley, ann: Person, bob: Person, cid: Person) -> None:
        self.parley = parley
        self.ann, self.bob, self.cid = ann, bob, cid
        self.topic = ""
        self.items: dict[str, Json] = {}

    async def furnish(self) -> None:
        """Have them do some of everything."""
        ann, bob, cid = self.ann, self.bob, self.cid
        for who, whom in ((ann, bob), (bob, ann), (cid, ann), (bob, cid)):
            await who.do("follow.put", user=whom.id)
        await ann.do("friend.request", user=bob.id)
        await bob.do("friend.accept", user=ann.id)
        await cid.do("friend.request", user=ann.id)
        self.topic = (await bob.do("topic.create", title=f"About {bob.account.username}", anonymous=True))["id"]
        await ann.do("room.join", room=self.topic)
        for name, anonymous in (("own", False), ("other", True)):
            d = {"text": f"words of the {name} one", "anonymous": anonymous}
            title = f"a title of the {name} one"
            post = await ann.do("post.create", topic=self.topic, title=title, cid=f"post-{name}", **d)
            self.items[f"{name} post"] = post
            self.items[f"{name} comment"] = await ann.do("comment.create", post=post["id"], cid=f"said-{name}", **d)
            self.items[f"{name} message"] = await ann.do("message.send", room=self.topic, cid=f"sent-{name}", **d)
        await bob.do("post.vote", post=self.items["own post"]["id"], value=1)
        await ann.do("post.vote", post=self.items["other post"]["id"], value=1)
        await ann.do("stance.set", target=self.topic, mute=60)
        await ann.do("message.hide", room=self.topic, message=self.items["own message"]["id"])
        closed = (await cid.do("topic.create", title="closed to most", open=False))["id"]
        await cid.do("invitation.make", room=closed, user=ann.id)

    async def erase(self) -> None:
        """Delete the account, and do the job to its end."""
        ann = self.ann
        await self.parley.database.update(USERS, ann.id, {"deleted_at": now_ms(), "username": "", "name_key": ann.id})
        self.parley.application.live.changed(ann.id)
        work: dict[str, Any] | None = {"step": "ties"}
        while work is not None:
            work = await erasing._STEPS[work["step"]](self.parley.application, {**work, "user": ann.id})

    async def counts(self, person: Person) -> Counts:
        """Return what is counted of somebody."""
        return await self.parley.database.get(COUNTS, person.id) or Counts(id=person.id)


@pytest.fixture
async def left(one: Parley) -> Left:
    scene = Left(one, *await one.people("ann", "bob", "cid"))
    await scene.furnish()
    return scene


async def test_others_are_tied_to_nobody_and_counted_so(left: Left) -> None:
    await left.erase()
    bob, cid = await left.counts(left.bob), await left.counts(left.cid)
    assert (bob.followers, bob.following, bob.friends) == (0, 1, 0)
    assert (cid.followers, cid.following, cid.friends) == (1, 0, 0)
    database = left.parley.database
    assert await database.find(FOLLOWS, {"other": left.ann.id}, by="since") == []
    assert await database.find(FOLLOWS, {"user": left.ann.id}, by="since") == []
    rows = await database.find(FRIENDS, {"user": left.bob.id}, by="other")
    assert rows == []
    assert await database.get(COUNTS, left.ann.id) is None


async def test_what_was_posted_stays_without_the_name(left: Left) -> None:
    await left.erase()
    database = left.parley.database
    for name in ("own post", "own comment"):
        entry = await database.get(ENTRIES, left.items[name]["id"])
        assert entry is not None
        assert entry.username == GONE_NAME, name
    told = str(await left.bob.items(left.topic))
    assert "words of the own one" in told
    assert left.items["own post"]["id"] in told


async def test_nobody_stands_behind_another_name_any_more_and_it_reads_as_before(left: Left) -> None:
    before = {item["id"]: item for item in await left.bob.items(left.topic)}
    await left.erase()
    database = left.parley.database
    for name in ("other post", "other comment", "other message"):
        entry = await database.get(ENTRIES, left.items[name]["id"])
        assert entry is not None
        assert (entry.person, entry.username) == (NOBODY, left.items[name]["author"]["username"])
    other = left.items["other message"]["id"]
    after = {item["id"]: item for item in await left.bob.items(left.topic)}
    assert after[other] == before[other]
    assert await database.find(ALIASES, {"user": left.ann.id}, by="topic") == []


async def test_a_silent_name_leads_to_nobody_any_more(left: Left) -> None:
    alias = left.items["other message"]["author"]["id"]
    await left.bob.do("alias.silence", topic=left.topic, alias=alias)
    await left.erase()
    row = await left.parley.database.get(ALIASES, alias)
    assert row is not None
    assert (row.user, row.silenced) == (NOBODY, None)


async def test_a_name_that_is_silenced_while_its_person_is_erased_leads_to_nobody(left: Left) -> None:
    alias = left.items["other message"]["author"]["id"]
    gate = left.parley.store.hold("update")
    silencing = asyncio.create_task(left.bob.code("alias.silence", topic=left.topic, alias=alias))
    await gate.reached.wait()
    await left.erase()
    gate.release()
    assert await silencing == "ok"
    row = await left.parley.database.get(ALIASES, alias)
    assert row is not None
    assert (row.user, row.silenced) == (NOBODY, None)


async def test_what_they_chose_for_themselves_is_removed_and_votes_stay_counted(left: Left) -> None:
    await left.erase()
    database = left.parley.database
    tables: tuple[tuple[Table[Any], str], ...] = (
        (STANCES, "target"),
        (HIDDEN, "room"),
        (FED, "post"),
        (INVITATIONS, "room"),
    )
    for table, order in tables:
        assert await database.find(table, {"user": left.ann.id}, by=order) == [], table.name
    vote = await database.get(VOTES, f"{left.items['other post']['id']}:{left.ann.id}")
    assert vote is not None
    assert vote.value == 1


async def test_erasing_a_page_at_a_time_comes_to_the_same_end(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGE", "ROWS"):
        monkeypatch.setattr(erasing, name, 1)
    await left.erase()
    await left.erase()
    bob = await left.counts(left.bob)
    assert (bob.followers, bob.following, bob.friends) == (0, 1, 0)
    entry = await left.parley.database.get(ENTRIES, left.items["other message"]["id"])
    assert entry is not None
    assert entry.person == NOBODY


async def test_account_that_lives_is_left_alone(left: Left) -> None:
    await erasing.untie(left.parley.application, {"user": left.ann.id, "step": "ties"})
    assert (await left.counts(left.bob)).followers == 1


@pytest.mark.parametrize("limit", [100, 1])
async def test_export_has_ties_posts_choices_and_what_was_said_under_other_names(left: Left, limit: int) -> None:
    await prove(left.parley, left.ann)
    told = await export(left.ann, limit)
    assert {one["user"] for one in told["follow"]} == {left.bob.id}
    assert {(one["user"], one["state"]) for one in told["friend"]} == {
        (left.bob.id, "friends"),
        (left.cid.id, "received"),
    }
    assert told["counts"] == [{"followers": 2, "following": 1, "friends": 1, "posts": told["counts"][0]["posts"]}]
    assert [one["topic"] for one in told["alias"]] == [left.topic]
    both = {"words of the own one", "words of the other one"}
    for section in ("post", "comment", "message"):
        assert {one["text"] for one in told[section]} == both, section
    assert [one["value"] for one in told["vote"]] == [1]
    assert [one["target"] for one in told["stance"]] == [left.topic]
    assert [one["message"] for one in told["hidden"]] == [left.items["own message"]["id"]]
    assert len(told["invitation"]) == 1


@pytest.mark.parametrize("full", [1, 2, 3])
@pytest.mark.parametrize("limit", [100, 1])
async def test_export_is_whole_however_little_the_store_answers_at_once(
    left: Left, limit: int, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several votes under one post, several messages of one room: neither is torn between two answers."""
    ann, post, room = left.ann, left.items["own post"]["id"], left.topic
    for number in range(4):
        said = await ann.do("comment.create", post=post, text="more", cid=f"more-{number}")
        await ann.do("comment.vote", post=post, comment=said["id"], value=number % 2)
        sent = await ann.do("message.send", room=room, text="more", cid=f"more-{number}")
        await ann.do("message.hide", room=room, message=sent["id"])
    await ann.do("post.vote", post=left.items["other post"]["id"], value=0)
    await prove(left.parley, ann)
    whole = await export(ann)
    assert (len(whole["vote"]), len(whole["hidden"])) == (2, 5)
    for module in (kept, places):
        monkeypatch.setattr(module, "FIND_LIMIT", full)
    again = await export(ann, limit)
    for section in ("message", "post", "comment", "vote", "hidden", "notification"):
        assert again[section] == whole[section], section
