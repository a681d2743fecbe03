"""Edits of messages, posts and comments: they tell those alone whom they name newly, once, and at once."""

import asyncio

import pytest

from services.jobs.jobs import LOOK_S
from tests.application import Parley
from tests.client.checks import Json
from tests.forum import posted
from tests.integration.notifications.told import at, told, types
from tests.people import Person

KINDS = ("message", "post", "title", "comment")


async def topic_of(owner: Person, *others: Person) -> str:
    """Make an open topic with these people in it."""
    topic = str((await owner.do("topic.create", title="Sailing"))["id"])
    for person in others:
        await person.do("room.join", room=topic)
    return topic


class Spoken:
    """Something that somebody said in a topic, to be edited."""

    def __init__(self, kind: str, person: Person, ids: Json) -> None:
        self._kind = kind
        self._person = person
        self._ids = ids

    @classmethod
    async def say(cls, kind: str, person: Person, topic: str, text: str, *, anonymous: bool = False) -> "Spoken":
        """Say it: as a message, as the text or the title of a post, or as a comment on a post of one's own."""
        if kind == "message":
            item = await person.say(topic, text, anonymous=anonymous)
            return cls(kind, person, {"room": topic, "message": item["id"]})
        words = {kind if kind == "title" else "text": text if kind != "comment" else "a post"}
        post = (await posted(person, topic, anonymous=anonymous, **words))["id"]
        if kind != "comment":
            return cls(kind, person, {"post": post})
        item = await person.do("comment.create", post=post, text=text, cid="c1", anonymous=anonymous)
        return cls(kind, person, {"post": post, "comment": item["id"]})

    @property
    def id(self) -> str:
        """The id of the item."""
        return str(list(self._ids.values())[-1])

    async def edit(self, text: str) -> Json:
        """Have it say something else; return the answer."""
        operation, field = ("post.edit", "title") if self._kind == "title" else (f"{self._kind}.edit", "text")
        answer: Json = await self._person.do(operation, **self._ids, **{field: text})
        return answer


@pytest.mark.parametrize("kind", KINDS)
async def test_edit_tells_those_alone_who_are_named_newly_and_once(one: Parley, kind: str) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await topic_of(ann, bob, cid)
    said = await Spoken.say(kind, ann, topic, at(bob))
    assert [await types(one, person) for person in (bob, cid)] == [["mention"], []]
    await said.edit(f"{at(bob)} and {at(cid)}")
    (item,) = await told(one, cid)
    assert (item["type"], item["place"], item["item"]) == ("mention", topic, said.id)
    for text in ("nobody", f"{at(cid)}!", f"{at(bob)} {at(cid)}", f"{at(ann)} and {at(cid)}"):
        await said.edit(text)
    assert [[one["count"] for one in await told(one, person)] for person in (ann, bob, cid)] == [[], [1], [1]]


@pytest.mark.parametrize("kind", KINDS)
async def test_edit_under_another_name_tells_no_more_than_that_name(one: Parley, kind: str) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await topic_of(ann, bob, cid)
    await ann.do("topic.update", topic=topic, anonymous=True)
    alias = await cid.do("alias.set", topic=topic, name="Heron42")
    mine = await ann.do("alias.set", topic=topic, name="Otter23")
    said = await Spoken.say(kind, ann, topic, "words", anonymous=True)
    await said.edit(f"what say you, @heron42 and {at(bob)}?")
    for person in (bob, cid):
        (item,) = await told(one, person)
        assert (item["type"], item["item"]) == ("mention", said.id)
        assert item["people"] == [{"id": mine["id"], "username": "Otter23", "anonymous": True}]
        assert all(mark not in str(item) for mark in (ann.id, ann.account.username, alias["id"]))


async def test_edit_tells_neither_authors_nor_followers_nor_who_was_answered_again(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    topic = await topic_of(ann, bob, cid)
    post = (await posted(ann, topic))["id"]
    first = await bob.do("comment.create", post=post, text="I look", cid="c1")
    await cid.do("stance.set", target=topic, follow=True)
    await cid.do("stance.set", target=post, follow=True)
    answer = await ann.do("comment.create", post=post, parent=first["id"], text="good", cid="c2")
    await types(one, bob)
    await ann.do("notification.read_all")
    for person in (bob, cid):
        await person.do("notification.read_all")
    await ann.do("post.edit", post=post, text="@nobody words")
    await ann.do("comment.edit", post=post, comment=answer["id"], text="@nobody good")
    await bob.do("comment.edit", post=post, comment=first["id"], text="@nobody I look")
    for person in (ann, bob, cid):
        assert await told(one, person, unread=True) == []


@pytest.mark.parametrize("kind", ["message", "post"])
async def test_edits_call_everybody_once(one: Parley, kind: str) -> None:
    ann, bob = await one.people("ann", "bob")
    said = await Spoken.say(kind, ann, await topic_of(ann, bob), "words")
    for text in ("@everyone words", "words", "@everyone!", "words", "@todos"):
        await said.edit(text)
        await one.without_jobs()
    assert [(item["type"], item["count"]) for item in await told(one, bob)] == [("everyone", 1)]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_named_by_an_edit_is_told_at_once(one: Parley, kind: str) -> None:
    ann, *others = await one.people("ann", "bob", "cid", "dan", "eve")
    said = await Spoken.say(kind, ann, await topic_of(ann, *others), "words")
    lives = [await person.connect() for person in others]
    await one.without_jobs()
    # Without a word of it each would be found when the node looks of itself, which it does every few seconds.
    async with asyncio.timeout(2 * LOOK_S):
        for person, live in zip(others, lives, strict=True):
            await said.edit(at(person))
            while (await live.next("message"))["room"] != person.stream:
                pass
