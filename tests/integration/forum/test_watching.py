"""A thread that is watched: what was fetched, and the events since, make what a fresh fetch gives."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.rooms.visiting import MISSED
from store.tables import VOTES
from tests.application import Parley, running
from tests.client.checks import Json
from tests.forum import make_topic, posted
from tests.integration.signing_in.trusted import eventually
from tests.people import Live, Person

SEEDS = range(3)
DEEDS = 60


@dataclass
class Reader:
    """Somebody who is not in the topic and watches a post, with a connection that is lost now and then."""

    person: Person
    post: str
    items: dict[str, Json] = field(default_factory=dict)
    cursor: int | None = None
    live: Live | None = None
    states: set[str] = field(default_factory=set)

    async def connect(self) -> None:
        """Come, or come back to where one was."""
        self.live = await self.person.connect()
        given: Json = {"room": self.post} | ({} if self.cursor is None else {"since": self.cursor})
        watching = await self.live.call("room.watch", **given)
        self.states.add(watching["state"])
        if watching["state"] in ("new", "reset"):
            self.items = await listed(self.person, self.post)
        for item in watching["items"]:
            self._keep(item)
        self.cursor = watching["head"]

    async def catch_up(self) -> None:
        """Take in what has come."""
        assert self.live is not None
        for event in await self.live.pending():
            if event.get("room") == self.post:
                if event["ev"] == "message":
                    self._keep(event["d"])
                self.cursor = event["rev"]

    def cut(self) -> None:
        """Lose the connection."""
        assert self.live is not None
        self.live.socket.cut()
        self.live = None

    def _keep(self, item: Json) -> None:
        if item["rev"] > self.items.get(item["id"], {"rev": 0})["rev"]:
            self.items[item["id"]] = item


async def listed(person: Person, post: str) -> dict[str, Json]:
    """Return all comments on a post by id, each level page by page."""
    found: dict[str, Json] = {}
    levels: list[str | None] = [None]
    while levels:
        parent, cursor = levels.pop(), None
        while True:
            more = {name: value for name, value in (("parent", parent), ("cursor", cursor)) if value is not None}
            page = await person.do("comment.list", post=post, order="old", limit=7, **more)
            found |= {one["comment"]["id"]: one["comment"] for one in page["items"]}
            shown = {one["comment"]["parent"] for one in page["items"]}
            levels += [
                one["comment"]["id"] for one in page["items"] if one["below"] and one["comment"]["id"] not in shown
            ]
            cursor = page["next"]
            if cursor is None:
                break
    return found


@dataclass
class Scene:
    """Three who discuss a post, and one who reads."""

    parley: Parley
    people: list[Person]
    reader: Reader

    async def act(self, rng: random.Random, number: int) -> None:
        """Do something to a comment, or make one."""
        post, person = self.reader.post, rng.choice(self.people)
        known = sorted(await listed(person, post))
        deed = rng.choice(("say", "say", "answer", "edit", "delete", "restore", "vote", "vote")) if known else "say"
        this = {"post": post, "comment": rng.choice(known or [""])}
        said = {"post": post, "text": f"text {number}", "cid": f"c{number}"}
        if deed == "say":
            await person.do("comment.create", **said)
        elif deed == "answer":
            await person.code("comment.create", **said, parent=this["comment"])
        elif deed == "edit":
            await person.code("comment.edit", **this, text=f"edited {number}")
        elif deed == "vote":
            await person.code("comment.vote", **this, value=rng.choice((1, -1)))
        else:
            await person.code(f"comment.{deed}", **this)

    async def equal(self) -> None:
        """Wait until all votes are added up, and compare what is held with what is there."""

        async def folded() -> bool:
            return not await self.parley.database.find(VOTES, {}, by="due", above="", limit=1)

        await eventually(folded)
        fresh = await listed(self.reader.person, self.reader.post)

        async def same() -> bool:
            await self.reader.catch_up()
            return self.reader.items == fresh

        await eventually(same)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with running(tmp_path) as parley:
        ann, bob, cat, eve = await parley.people("ann", "bob", "cat", "eve")
        topic = await make_topic(parley, ann)
        for one in (bob, cat):
            await one.do("room.join", room=topic)
        yield Scene(parley, [ann, bob, cat], Reader(eve, (await posted(ann, topic))["id"]))


@pytest.mark.parametrize("seed", SEEDS)
async def test_events_and_what_was_fetched_are_the_thread_as_it_is(scene: Scene, seed: int) -> None:
    rng, reader = random.Random(seed), scene.reader
    await reader.connect()
    for number in range(DEEDS):
        await scene.act(rng, number)
        if reader.live is None:
            if rng.random() < 0.3:
                await reader.connect()
        elif rng.random() < 0.1:
            await reader.catch_up()
            reader.cut()
    if reader.live is None:
        await reader.connect()
    await scene.equal()
    assert "delta" in reader.states


async def test_reader_who_missed_much_fetches_anew(scene: Scene) -> None:
    reader = scene.reader
    await reader.connect()
    reader.cut()
    said = [
        scene.people[0].do("comment.create", post=reader.post, text="text", cid=f"c{number}")
        for number in range(MISSED + 1)
    ]
    await asyncio.gather(*said)
    await reader.connect()
    assert reader.states == {"new", "reset"}
    await scene.equal()
