"""A world with secrets in it: private rooms, a closed topic, other names, blocks, what was deleted, what two say."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from services.ids import new_id
from tests.application import Parley
from tests.client.checks import Json
from tests.client.routes import ROUTES
from tests.forum import posted
from tests.people import Live, Person
from tests.things import things_of

VIEWERS = ("nobody", "stranger", "other", "banned", "blocked", "removed", "member", "moderator")
"""Nobody at all; somebody without a room; somebody of another room; who is banned, and was in all before; whom the
author blocks; who was removed; an ordinary member of the open topic; and one of its moderators."""

OTHERS = ("owner", "ghost", "friend")
"""Who owns everything; who speaks under another name; who is in everything too."""

Bundle = dict[str, str]
"""Ids by the names of fields."""


@dataclass
class World:
    """Who there is, and what: an open topic that viewers may know, and places that they may not."""

    parley: Parley
    people: dict[str, Person]
    lives: dict[str, Live] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    """Ids of things that belong together: ``open`` is the topic, ``gone`` what was deleted in it, the others are
    secret."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Words that nobody may see, by what they stand in."""
    known: dict[str, set[str]] = field(default_factory=dict)
    """What of the secrets a viewer knew before."""
    alias: Json = field(default_factory=dict)
    """The other name of ghost in the open topic."""
    _numbers: Any = field(default_factory=itertools.count)

    @property
    def ghost(self) -> Person:
        """Who speaks under another name alone."""
        return self.people["ghost"]

    def secret(self, where: str) -> str:
        """Return a fresh word for a place that nobody may look at."""
        word = f"needle{where}{next(self._numbers)}x{new_id()[-8:]}"
        self.secrets[f"{where} {len(self.secrets)}"] = word
        return word


async def world_of(parley: Parley, *sites: Any) -> World:
    """Make the world; with ``sites`` the viewers ask these nodes in turn, else the one."""
    names = (*OTHERS, *VIEWERS[1:])
    people = dict(zip(names, await parley.people(*names), strict=True))
    if sites:
        turn = itertools.cycle(sites)
        people = {name: person.at(next(turn)) if name in VIEWERS else person for name, person in people.items()}
    world = World(parley, people)
    await _open(world)
    await _private(world)
    await _invited(world)
    await _direct(world)
    await _deleted(world)
    await parley.without_jobs()
    (told, *_) = (await people["owner"].do("notification.list"))["items"]
    for bundle in world.bundles.values():
        bundle["ghost"] = world.ghost.id
        bundle["notification"] = told["item"]["id"]
    world.secrets["notification"] = told["item"]["id"]
    for name in VIEWERS[1:]:
        world.lives[name] = await people[name].connect()
    return world


async def _open(world: World) -> None:
    """An open topic in which ghost says everything under another name."""
    people, ghost = world.people, world.ghost
    owner = people["owner"]
    topic = (await owner.do("topic.create", title="An open topic", tags=["plain"]))["id"]
    room = (await owner.do("topic.rooms.create", topic=topic, name="inside", open=True))["id"]
    for name in ("ghost", "friend", "member", "moderator", "blocked", "removed", "banned"):
        for place in (topic, room):
            await people[name].do("room.join", room=place)
    await owner.do("room.role", room=topic, user=people["moderator"].id, role="moderator")
    world.alias = await ghost.do("alias.set", topic=topic, name="PaleHeron17")
    said = await ghost.say(topic, "said by nobody in particular", anonymous=True)
    await ghost.say(room, "said inside", anonymous=True)
    post = await posted(ghost, topic, anonymous=True)
    comment = await ghost.do("comment.create", post=post["id"], text="a word", cid="c1", anonymous=True)
    other = await people["friend"].say(topic, f"hello @{owner.account.username}")
    await ghost.do("message.react", room=topic, message=other["id"], emoji=":wave:", on=True, anonymous=True)
    report = await _reported(people["member"], kind="message", target=said["id"], room=topic, reason="spam")
    world.bundles["open"] = {
        "room": topic,
        "topic": topic,
        "message": said["id"],
        "post": post["id"],
        "comment": comment["id"],
        "alias": world.alias["id"],
        "target": said["id"],
        "report": report,
        "call": new_id(),
        "leg": new_id(),
        "user": people["friend"].id,
    }
    world.bundles["inside"] = world.bundles["open"] | {"room": room, "message": other["id"], "target": room}
    for name in ("removed", "banned"):
        await owner.do("room.remove" if name == "removed" else "room.ban", room=topic, user=people[name].id)
    for person in (owner, ghost):
        await person.do("users.block", user=people["blocked"].id)


async def _reported(person: Person, **given: str) -> str:
    """Report something; return the id of the report."""
    if "report.make" not in ROUTES:
        return new_id()
    return str((await person.do("report.make", **given))["id"])


async def _private(world: World) -> None:
    """A private room, and what else is of its owner alone."""
    owner, people = world.people["owner"], world.people
    things = await things_of(world.parley, owner)
    room = things.ids["room"]
    for name in ("ghost", "friend", "removed", "banned"):
        await owner.do("room.add", room=room, user=people[name].id)
    await owner.do("room.remove", room=room, user=people["removed"].id)
    await owner.do("room.ban", room=room, user=people["banned"].id)
    message = await owner.say(room, world.secret("private"))
    await people["friend"].say(room, world.secret("private"))
    world.bundles["private"] = things.ids | {
        "message": message["id"],
        "target": room,
        "topic": room,
        "post": message["id"],
        "comment": message["id"],
        "leg": new_id(),
        "report": new_id(),
        "user": people["friend"].id,
    }
    world.secrets |= {"room id": room, "message id": message["id"], "call id": things.ids["call"]}
    world.secrets |= {
        "thing": things.secret,
        "closed topic id": things.ids["topic"],
        "closed alias": things.ids["alias"],
    }
    for name in ("removed", "banned"):
        world.known.setdefault(name, set()).update({room, things.secret, things.ids["call"]})


async def _invited(world: World) -> None:
    """An invite-only topic with a room, a post, a comment and another name in it."""
    owner, people, ghost = world.people["owner"], world.people, world.ghost
    title = f"t {world.secret('title')}"
    topic = (await owner.do("topic.create", title=title, open=False, tags=[world.secret("tag")[:20].lower()]))["id"]
    for name in ("ghost", "friend", "removed", "banned"):
        await owner.do("room.add", room=topic, user=people[name].id)
    await owner.do("room.remove", room=topic, user=people["removed"].id)
    await owner.do("room.ban", room=topic, user=people["banned"].id)
    room = (await owner.do("topic.rooms.create", topic=topic, name=world.secret("room"), open=True))["id"]
    await ghost.do("room.join", room=room)
    alias = await ghost.do("alias.set", topic=topic, name="DimOtter23")
    message = await ghost.say(topic, world.secret("invited"), anonymous=True)
    await ghost.say(room, world.secret("invitedroom"), anonymous=True)
    post = await posted(people["friend"], topic, title=world.secret("post"), text=world.secret("post"))
    made = {"post": post["id"], "text": world.secret("comment"), "cid": "c1"}
    comment = await people["friend"].do("comment.create", **made)
    why = {"reason": "spam", "description": world.secret("report")}
    report = await _reported(people["friend"], kind="message", target=message["id"], room=topic, **why)
    world.bundles["invited"] = {
        "room": topic,
        "topic": topic,
        "message": message["id"],
        "post": post["id"],
        "comment": comment["id"],
        "alias": alias["id"],
        "target": post["id"],
        "report": report,
        "call": new_id(),
        "leg": new_id(),
        "user": people["friend"].id,
    }
    world.bundles["invited room"] = world.bundles["invited"] | {"room": room, "target": room}
    found = {"topic": topic, "room": room, "post": post["id"], "comment": comment["id"], "alias": alias["id"]}
    world.secrets |= {f"invited {name} id": id_ for name, id_ in found.items()} | {"other alias": alias["name"]}
    world.secrets |= {"invited message id": message["id"], "report id": report}
    for name in ("removed", "banned"):
        # They were told of the topic when they were added, and that it is theirs no more.
        world.known[name] |= {
            topic,
            *(word for where, word in world.secrets.items() if where.startswith(("title", "tag"))),
        }


async def _direct(world: World) -> None:
    """What two people say to each other, and what one of them has hidden."""
    owner, friend = world.people["owner"], world.people["friend"]
    room = (await owner.do("room.direct", user=friend.id))["id"]
    message = await owner.say(room, world.secret("direct"))
    await friend.say(room, world.secret("direct"))
    world.secrets |= {"direct room": room, "direct message": message["id"]}
    world.bundles["direct"] = world.bundles["private"] | {
        "room": room,
        "message": message["id"],
        "target": room,
        "user": owner.id,
    }


async def _deleted(world: World) -> None:
    """What was deleted in the open topic, or said there before it was changed."""
    people, open_ = world.people, world.bundles["open"]
    friend, topic = people["friend"], open_["topic"]
    message = await friend.say(topic, world.secret("deletedmessage"))
    await friend.do("message.delete", room=topic, message=message["id"])
    edited = await friend.say(topic, world.secret("editedaway"))
    await friend.do("message.edit", room=topic, message=edited["id"], text="changed")
    hidden = await world.ghost.say(topic, world.secret("deletedalias"), anonymous=True)
    await world.ghost.do("message.delete", room=topic, message=hidden["id"])
    made = {"post": open_["post"], "text": world.secret("deletedcomment"), "cid": "gone"}
    comment = await friend.do("comment.create", **made)
    await friend.do("comment.delete", post=open_["post"], comment=comment["id"])
    post = await posted(friend, topic, title=world.secret("deletedpost"), text=world.secret("deletedpost"))
    await friend.do("post.delete", post=post["id"])
    world.bundles["gone"] = open_ | {
        "message": message["id"],
        "post": post["id"],
        "comment": comment["id"],
        "target": message["id"],
    }
    room = await friend.create(world.secret("deletedroom"), "private")
    await friend.do("room.delete", room=room)
    world.secrets["deleted room id"] = room
    world.bundles["deleted room"] = world.bundles["private"] | {"room": room, "target": room, "topic": room}


async def heard(world: World, viewer: str) -> list[Json]:
    """Return all that a viewer's session was told by itself, once everything that was to be told has been."""
    await world.parley.without_jobs()
    live = world.lives.get(viewer)
    if live is None:
        return []
    if not live.socket.closed.done():
        await live.call("ping")
    events = [{"ev": "hello", "d": live.hello}]
    while not live.socket.events.empty():
        events.append(live.socket.events.get_nowait())
    return events
