"""What is told while somebody speaks under another name, and while what is secret goes on."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.forum import posted
from tests.integration.privacy.world import World, heard, world_of
from tests.people import Live

EVERYBODY = ("stranger", "other", "banned", "blocked", "removed", "member", "moderator", "owner", "friend")
INSIDE = ("blocked", "member", "moderator", "owner", "friend")
"""Those who are in the open topic."""


async def watching(world: World) -> None:
    """Have everybody who may watch the open topic and what is in it, and forget what was told so far."""
    for name in ("owner", "friend"):
        world.lives[name] = await world.people[name].connect()
    open_ = world.bundles["open"]
    for live in world.lives.values():
        for room in (open_["topic"], world.bundles["inside"]["room"], open_["post"]):
            with contextlib.suppress(Refused):  # not all of them may
                await live.call("room.watch", room=room)
        await live.call("presence.watch", users=[world.ghost.id])
    for name in EVERYBODY:
        await heard(world, name)


async def speaking(world: World, live: Live) -> dict[str, Json]:
    """Do as ghost whatever is done under another name, and what goes along with it; return what was made."""
    ghost, open_, inside = world.ghost, world.bundles["open"], world.bundles["inside"]
    topic = open_["topic"]
    for room in (topic, inside["room"]):
        await live.call("room.typing", room=room, anonymous=True)
    made = {"message": await live.call("message.send", room=topic, text="live", cid="live", anonymous=True)}
    await live.call("room.read", room=topic, seq=made["message"]["seq"])
    await ghost.say(inside["room"], f"@{world.people['friend'].account.username} hello", anonymous=True)
    at = {"room": topic, "message": made["message"]["id"]}
    await live.call("message.edit", **at, text="live still")
    await live.call("message.react", **at, emoji=":eyes:", on=True, anonymous=True)
    await live.call("message.react", **at, emoji=":eyes:", on=False)
    made["post"] = await posted(ghost, topic, title="live post", anonymous=True)
    given = {"post": open_["post"], "text": "live comment", "cid": "live", "anonymous": True}
    made["comment"] = await ghost.do("comment.create", **given)
    await ghost.do("post.vote", post=made["post"]["id"], value=1)
    await ghost.do("post.edit", post=made["post"]["id"], title="edited post")
    await ghost.do("comment.edit", post=open_["post"], comment=made["comment"]["id"], text="edited comment")
    await ghost.do("comment.delete", post=open_["post"], comment=made["comment"]["id"])
    await live.call("message.delete", **at)
    await ghost.do("post.delete", post=made["post"]["id"])
    return made


def marks_in(world: World, events: list[Json]) -> list[Json]:
    """Return what tells of ghost; that ghost is there, presence alone may say."""
    marks = (world.ghost.id, world.ghost.account.username)
    return [
        one for one in events if one["ev"] not in {"presence", "hello"} and any(m in json.dumps(one) for m in marks)
    ]


@pytest.fixture
async def world(one: Parley) -> World:
    """The world, watched by all who may."""
    made = await world_of(one)
    await watching(made)
    return made


async def spoken(world: World, live: Live) -> dict[str, list[Json]]:
    """Return what everybody is told while ghost speaks."""
    await speaking(world, live)
    return {name: await heard(world, name) for name in EVERYBODY}


async def test_no_event_tells_who_speaks_under_another_name(world: World) -> None:
    told = await spoken(world, await world.ghost.connect())
    assert {name: marks_in(world, events) for name, events in told.items()} == {name: [] for name in EVERYBODY}
    for name in INSIDE:
        kinds = {event["ev"] for event in told[name]}
        assert {"message", "typing"} <= kinds, name
        assert "read" not in kinds, name
        assert world.alias["id"] in json.dumps(told[name]), name


async def test_no_event_comes_to_who_may_not_see_the_topic(world: World) -> None:
    await world.people["owner"].do("topic.update", topic=world.bundles["open"]["topic"], open=False)
    for name in EVERYBODY:
        await heard(world, name)
    told = await spoken(world, await world.ghost.connect())
    for name in set(EVERYBODY) - set(INSIDE):
        assert [one for one in told[name] if one["ev"] not in {"hello", "presence"}] == [], name


async def test_nobody_learns_when_somebody_speaks_by_how_they_are(world: World) -> None:
    """Presence changes when somebody comes and goes, not with what they do."""
    live = await world.ghost.connect()
    for name in EVERYBODY:
        await heard(world, name)
    told = await spoken(world, live)
    assert [one for events in told.values() for one in events if one["ev"] == "presence"] == []


async def test_what_is_secret_goes_on_unheard(world: World) -> None:
    owner, friend = world.people["owner"], world.people["friend"]
    viewers = [name for name in EVERYBODY if name not in {"owner", "friend"}]
    private, invited, direct = (world.bundles[name] for name in ("private", "invited", "direct"))
    for bundle in (private, invited, direct):
        item = await owner.say(bundle["room"], f"@{world.people['member'].account.username} still secret")
        await friend.do("message.react", room=bundle["room"], message=item["id"], emoji=":eyes:", on=True)
        await world.lives["friend"].call("room.typing", room=bundle["room"])
        await friend.do("room.read", room=bundle["room"], seq=item["seq"])
        await owner.do("message.delete", room=bundle["room"], message=item["id"])
    post = await posted(owner, invited["topic"], title="secret post")
    await friend.do("post.vote", post=post["id"], value=1)
    await friend.do("comment.create", post=post["id"], text="secret comment", cid="live")
    await owner.do("topic.update", topic=invited["topic"], description="still secret")
    await owner.do("room.update", room=private["room"], description="still secret")
    for name in viewers:
        assert [one for one in await heard(world, name) if one["ev"] != "hello"] == [], name


async def test_mention_of_another_name_is_told_to_its_person_alone(world: World) -> None:
    live = await world.ghost.connect()
    text = f"what do you say, @{world.alias['name']}?"
    await world.people["friend"].say(world.bundles["open"]["topic"], text)
    while (event := await live.next("message"))["d"]["kind"] != "notification":
        pass
    assert event["d"]["type"] == "mention"
    for name in EVERYBODY:
        told = await heard(world, name)
        assert marks_in(world, told) == [], name
        assert [one for one in told if one.get("d", {}).get("kind") == "notification"] == [], name


async def test_notifications_and_exports_of_others_show_the_other_name(world: World) -> None:
    friend, open_ = world.people["friend"], world.bundles["open"]
    mine = await posted(friend, open_["topic"])
    await world.ghost.do("comment.create", post=mine["id"], text="well done", cid="c9", anonymous=True)
    await world.parley.without_jobs()
    told = json.dumps((await friend.do("notification.list"))["items"])
    assert world.alias["name"] in told
    assert world.ghost.id not in told
    for name in ("friend", "owner", "moderator"):
        assert world.ghost.account.username not in json.dumps(await exported(world, name)), name


async def test_an_alias_calls_nobody_by_a_role_of_its_person(world: World) -> None:
    """Whether somebody may name everybody tells whether they moderate."""
    topic = world.bundles["open"]["topic"]
    await world.people["moderator"].say(topic, "@everyone look here", anonymous=True)
    for name in EVERYBODY:
        told = await heard(world, name)
        assert [one for one in told if one.get("d", {}).get("kind") == "notification"] == [], name


async def test_followers_are_not_led_to_another_name(world: World) -> None:
    ghost, topic = world.ghost, world.bundles["open"]["topic"]
    for name in ("other", "stranger"):
        await world.people[name].do("follow.put", user=ghost.id)
    before = await world.people["other"].do("users.one", user=ghost.id)
    await posted(ghost, topic, title="not theirs", anonymous=True)
    for name in ("other", "stranger"):
        told = await heard(world, name)
        assert "feed" not in {one["ev"] for one in told}, name
        assert "not theirs" not in json.dumps(await world.people[name].do("feed.list")), name
    assert await world.people["other"].do("users.one", user=ghost.id) == before
    assert (await world.people["other"].do("post.written", user=ghost.id))["items"] == []


async def exported(world: World, name: str) -> list[Json]:
    """Return everything that somebody's export has."""
    items: list[Json] = []
    query: dict[str, Any] = {}
    while True:
        page = await world.people[name].account.get("users", "me", "export", **query)
        items += page["items"]
        if page["next"] is None:
            return items
        query = {"cursor": page["next"]}


async def test_ones_own_export_has_what_one_said_under_another_name(world: World) -> None:
    told = json.dumps(await exported(world, "ghost"))
    for text in ("said by nobody in particular", "said inside", "a word"):
        assert text in told, text


@pytest.mark.slow
async def test_no_event_of_another_node_tells_it_either(nodes: tuple[Parley, Parley]) -> None:
    first, second = nodes
    world = await world_of(first, first.site, second.site)
    await watching(world)
    told = await spoken(world, await world.ghost.at(second.site).connect())
    async with asyncio.timeout(20):
        while not all(world.alias["id"] in json.dumps(told[name]) for name in INSIDE):
            for name in EVERYBODY:
                told[name] += await heard(world, name)
    assert {name: marks_in(world, events) for name, events in told.items()} == {name: [] for name in EVERYBODY}
