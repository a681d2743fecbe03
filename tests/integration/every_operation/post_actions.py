"""What people do at random with posts, in topics that others are in too."""

from typing import Any

from tests.client.checks import Json
from tests.integration.every_operation.topic_actions import new_topic, two
from tests.integration.every_operation.world import TEXTS, Action, Person, Pick, Work, World


def _said(world: World, pick: Pick) -> Json:
    return {"title": "post", "text": pick(TEXTS), "cid": f"cid-{next(world.cids)}"}


async def _posted(world: World, owner: Person, other: Person, said: Json) -> Json:
    """Have somebody post in a fresh topic of another's, which a third of the people may be in too."""
    topic = await new_topic(world, owner)
    await other.do("topic.join", {"topic": topic})
    for person in world.people[::2]:
        await person.do("topic.join", {"topic": topic})
    item: Json = await other.do("post.create", said | {"topic": topic})
    return item


def _create(world: World, pick: Pick) -> Work:
    (owner, other), said, socket = two(world, pick), _said(world, pick), pick([False, True])
    said["anonymous"] = pick([False, True])

    async def run() -> None:
        first = await _posted(world, owner, other, said)
        again = await other.do("post.create", said | {"topic": first["room"]}, socket=socket)
        assert (again["id"], again["seq"]) == (first["id"], first["seq"]), (first, again)

    return run


def _on_post(op: str, *before: tuple[str, Json], by_owner: bool = False, **d: Any) -> Action:
    """Make an action of an operation on a fresh post, by whoever wrote it or by the topic's owner."""

    def act(world: World, pick: Pick) -> Work:
        (owner, other), said, socket = two(world, pick), _said(world, pick), pick([False, True])
        said["anonymous"] = pick([False, True])

        async def run() -> None:
            who, post = owner if by_owner else other, {"post": (await _posted(world, owner, other, said))["id"]}
            for earlier, given in before:
                await who.do(earlier, post | given, socket=socket)
            await who.do(op, post | d, socket=socket)

        return run

    return act


def _listed(op: str, **d: Any) -> Action:
    def act(world: World, pick: Pick) -> Work:
        person, socket = pick(world.people), pick([False, True])

        async def run() -> None:
            given = {"user": person.id} if op == "post.written" else {}
            page = await person.do(op, d | given, socket=socket)
            assert len(page["items"]) <= d["limit"]

        return run

    return act


def _list(world: World, pick: Pick) -> Work:
    (owner, other), said, order = two(world, pick), _said(world, pick), pick(["new", "old", "top", "hot"])

    async def run() -> None:
        item = await _posted(world, owner, other, said)
        page = await owner.do("post.list", {"topic": item["room"], "order": order})
        assert page == {"items": [item], "next": None}

    return run


def _publish(world: World, pick: Pick) -> Work:
    person, said, socket = pick(world.people), _said(world, pick), pick([False, True])

    async def run() -> None:
        await person.do("post.publish", said, socket=socket)

    return run


POST_ACTIONS: dict[str, Action] = {
    "post.create": _create,
    "post.publish": _publish,
    "post.get": _on_post("post.get"),
    "post.edit": _on_post("post.edit", title="edited"),
    "post.status": _on_post("post.status", by_owner=True, status="closed", reason="enough"),
    "post.delete": _on_post("post.delete", by_owner=True, reason="spam"),
    "post.restore": _on_post("post.restore", ("post.delete", {"reason": "oh"}), by_owner=True),
    "post.list": _list,
    "post.written": _listed("post.written", limit=3),
    "post.recent": _listed("post.recent", limit=3),
    "feed.list": _listed("feed.list", limit=3),
}
"""For each operation something that uses it; see ``world.ACTIONS``."""
