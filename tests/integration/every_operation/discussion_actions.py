"""What people do at random to comments, and their votes: each on a post of a topic that they share."""

import asyncio
from typing import Any

from tests.client.checks import Json
from tests.integration.every_operation.world import Action, Person, Pick, Work, World

FOLDED_S = 20.0
"""Longest that a vote is waited for: until it is added up, what is compared may change by itself."""


async def _discussed(world: World, owner: Person, other: Person) -> Json:
    """Make a topic with two people in it, a post of the one and a comment of the other."""
    number = f"{next(world.cids)} of {id(world) % 9973}"
    topic = (await owner.do("topic.create", {"title": f"discussed {number}"}))["id"]
    world.rooms.append(topic)
    await other.do("topic.join", {"topic": topic})
    post = await owner.do("post.create", {"topic": topic, "title": "post", "text": "text", "cid": f"post-{number}"})
    said = {"post": post["id"], "text": "first", "cid": f"first-{number}"}
    return {"post": post["id"], "comment": (await other.do("comment.create", said))["id"]}


def _asked(op: str, *, comment: bool = True, deleted: bool = False, **more: Any) -> Action:
    """Make an action of an operation on a comment, by its author."""

    def act(world: World, pick: Pick) -> Work:
        owner = pick(world.people)
        author, socket = pick([person for person in world.people if person is not owner]), pick([False, True])

        async def run() -> None:
            this = await _discussed(world, owner, author)
            if deleted:
                await author.do("comment.delete", this)
            given = this if comment else {"post": this["post"]}
            await author.do(op, given | more, socket=socket)

        return run

    return act


def _answer(world: World, pick: Pick) -> Work:
    owner = pick(world.people)
    author, socket = pick([person for person in world.people if person is not owner]), pick([False, True])

    async def run() -> None:
        this = await _discussed(world, owner, author)
        answer = {"post": this["post"], "parent": this["comment"], "text": "answer", "cid": f"cid-{next(world.cids)}"}
        made = await owner.do("comment.create", answer, socket=socket)
        again = await owner.do("comment.create", answer, socket=not socket)
        assert again["id"] == made["id"]

    return run


def _vote(op: str) -> Action:
    """Make an action that votes, and ends when that is added up."""

    def act(world: World, pick: Pick) -> Work:
        owner, value, socket = pick(world.people), pick([1, -1]), pick([False, True])
        author = pick([person for person in world.people if person is not owner])

        async def run() -> None:
            this = await _discussed(world, owner, author)
            given = this if op == "comment.vote" else {"post": this["post"]}
            await owner.do(op, given | {"value": value}, socket=socket)
            async with asyncio.timeout(FOLDED_S):
                while await _score(owner, op, given) != value:  # noqa: ASYNC110 - it happens in a server
                    await asyncio.sleep(0.02)

        return run

    return act


async def _score(person: Person, op: str, given: Json) -> int:
    if op == "post.vote":
        return int((await person.do("post.get", given))["score"])
    return int((await person.do("comment.get", given))["comment"]["score"])


def _my_votes(world: World, pick: Pick) -> Work:
    person, socket = pick(world.people), pick([False, True])

    async def run() -> None:
        assert await person.do("vote.mine", {"ids": "none"}, socket=socket) == {"votes": {}}

    return run


DISCUSSION_ACTIONS: dict[str, Action] = {
    "comment.create": _answer,
    "comment.list": _asked("comment.list", comment=False),
    "comment.get": _asked("comment.get"),
    "comment.edit": _asked("comment.edit", text="better"),
    "comment.delete": _asked("comment.delete"),
    "comment.restore": _asked("comment.restore", deleted=True),
    "comment.vote": _vote("comment.vote"),
    "post.vote": _vote("post.vote"),
    "vote.mine": _my_votes,
}
"""For each operation something that uses it; see ``world.ACTIONS``."""
