"""Who hears what: every kind of event, with everybody who might be near and may not hear it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from store.tables import USERS
from tests.application import running
from tests.client.account import Account
from tests.client.checks import Json
from tests.people import Live, Person
from ws.events import EVENTS, name_of

MEMBERS = {"ann", "member", "blocked", "token"}
"""Who hears what happens in a room: who is in it. A block does not filter rooms; an API token hears as its person."""

OUTSIDERS = {"left", "removed", "banned", "stranger", "admin"}

OF_ONE_SESSION = {"live", "goaway", "behind", "reset", "unwatched"}
"""What is about one's own connection, and told to nobody but it."""

OF_ONE_CALL = {"call.signal", "call.speaking"}
"""What is said in a call, to those alone who are in it: shown in ``test_calls.py``."""

OF_TWO_PEOPLE = {"tie"}
OF_ONESELF = {"hidden"}

PUBLIC_FIELDS = {"id", "username", "name"}
"""What others may see of a person in an event."""


class Scene:
    """A private room with people in it and near it, all of whom listen."""

    def __init__(self, people: dict[str, Person], room: str, lives: dict[str, Live]) -> None:
        self.people = people
        self.room = room
        self.lives = lives

    async def heard(self) -> dict[str, list[Json]]:
        """Return what everybody has heard since they were last asked."""
        return {name: await live.pending() for name, live in self.lives.items()}


async def token_of(person: Person) -> Person:
    """Return the same person, as a program with an API token."""
    made = await person.account.request("POST", "/api/auth/tokens", {"name": "bot", "scopes": ["read"], "days": 7})
    user = {"id": person.id, "username": person.account.username}
    tokens = {"user": user, "access_token": made.json["token"], "token_type": "Bearer", "expires_in": 600}
    account = Account(person.site.rest, person.account.username, "", tokens | {"refresh_token": ""})
    return Person(person.site, account)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    names = ("ann", "member", "blocked", "left", "removed", "banned", "stranger", "admin")
    async with running(tmp_path) as parley:
        people = dict(zip(names, await parley.people(*names), strict=True))
        ann = people["ann"]
        room = await ann.create(kind="private")
        for name in ("member", "blocked", "left", "removed", "banned"):
            await ann.do("room.add", room=room, user=people[name].id)
        await people["left"].do("room.leave", room=room)
        await ann.do("room.remove", room=room, user=people["removed"].id)
        await ann.do("room.ban", room=room, user=people["banned"].id)
        assert (await ann.account.request("PUT", f"/api/users/me/blocks/{people['blocked'].id}")).status < 300
        await parley.database.update(USERS, people["admin"].id, {"role": "admin"})
        people["token"] = await token_of(people["member"])
        lives = {name: await person.connect() for name, person in people.items()}
        scene = Scene(people, room, lives)
        await scene.heard()
        yield scene


async def _message(scene: Scene) -> None:
    await scene.people["ann"].say(scene.room, "secret words")


async def _edit(scene: Scene) -> None:
    item = await scene.people["ann"].say(scene.room, "before")
    await scene.people["ann"].do("message.edit", room=scene.room, message=item["id"], text="secret words")


async def _react(scene: Scene) -> None:
    item = await scene.people["ann"].say(scene.room, "words")
    await scene.people["member"].do("message.react", room=scene.room, message=item["id"], emoji=":secret:", on=True)


async def _rename(scene: Scene) -> None:
    await scene.people["ann"].do("room.update", room=scene.room, name="secret words")


async def _typing(scene: Scene) -> None:
    await scene.lives["member"].call("room.typing", room=scene.room)


async def _read(scene: Scene) -> None:
    item = await scene.people["ann"].say(scene.room, "words")
    await scene.lives["member"].call("room.read", room=scene.room, seq=item["seq"])


async def _count(scene: Scene) -> None:
    await scene.people["ann"].do("room.add", room=scene.room, user=scene.people["left"].id)


IN_THE_ROOM: dict[str, tuple[str, Callable[[Scene], Awaitable[None]], set[str]]] = {
    "a message": ("message", _message, MEMBERS),
    "an edited message": ("message", _edit, MEMBERS),
    "a reaction": ("message", _react, MEMBERS),
    "a new name": ("room", _rename, MEMBERS),
    "somebody who types": ("typing", _typing, {"ann", "blocked"}),
    "somebody who reads": ("read", _read, MEMBERS - {"member"}),
}


@pytest.mark.parametrize("what", IN_THE_ROOM)
async def test_what_happens_in_a_room_is_heard_in_it_alone(scene: Scene, what: str) -> None:
    name, deed, audience = IN_THE_ROOM[what]
    await deed(scene)
    heard = await scene.heard()
    about = {who: [event for event in events if event.get("room") == scene.room] for who, events in heard.items()}
    assert {who for who, events in about.items() if name in [event["ev"] for event in events]} >= audience - {"token"}
    for who in OUTSIDERS:
        assert heard[who] == [], who
    assert "secret" not in json.dumps([heard[who] for who in OUTSIDERS])


async def test_number_of_members_is_heard_in_the_room_alone(scene: Scene) -> None:
    await _count(scene)
    for who in ("ann", "member", "blocked"):
        assert await scene.lives[who].next("member_count")
    heard = await scene.heard()
    assert all(heard[who] == [] for who in OUTSIDERS - {"left"})


async def test_moves_of_a_person_are_heard_by_that_person_alone(scene: Scene) -> None:
    ann, stranger = scene.people["ann"], scene.people["stranger"]
    await ann.do("room.add", room=scene.room, user=stranger.id)
    assert (await scene.lives["stranger"].next("room.joined"))["d"]["id"] == scene.room
    await ann.do("room.remove", room=scene.room, user=stranger.id)
    left = await scene.lives["stranger"].next("room.left")
    assert left["d"] == {"room": scene.room, "reason": "removed", "by": left["d"]["by"]}
    heard = await scene.heard()
    for who, events in heard.items():
        names = {event["ev"] for event in events}
        assert not names & {"room.joined", "room.left"} or who == "stranger", who
        assert all(event.get("room") != stranger.stream for event in events if who != "stranger"), who


async def test_nothing_after_a_removal_reaches_whoever_was_removed(scene: Scene) -> None:
    ann, member = scene.people["ann"], scene.people["member"]
    await ann.do("room.remove", room=scene.room, user=member.id)
    await _message(scene)
    await _rename(scene)
    heard = await scene.heard()
    for who in ("member", "token"):
        assert "secret" not in json.dumps(heard[who])


async def test_presence_is_heard_by_those_who_share_a_room(scene: Scene) -> None:
    member = scene.people["member"]
    for live in scene.lives.values():
        await live.call("presence.watch", users=[member.id])
    await scene.heard()
    await scene.lives["member"].call("presence.set", status="busy")
    event = await scene.lives["ann"].next("presence")
    assert set(event["d"]) <= {"user", "status", "last_seen"}
    heard = await scene.heard()
    for who in OUTSIDERS:
        assert [one for one in heard[who] if one["ev"] == "presence"] == [], who


async def test_change_of_a_profile_tells_others_what_they_may_see_and_no_more(scene: Scene) -> None:
    ann = scene.people["ann"]
    body = {"name": "Ann the Great", "country": "PT"}
    assert (await ann.account.request("PATCH", "/api/users/me", body)).status == 200
    heard = await scene.heard()
    for who, events in heard.items():
        for event in events:
            said = json.dumps(event)
            assert "@example.org" not in said or who == "ann", who
            assert "preferences" not in said or who == "ann", who


async def test_stance_is_heard_by_other_sessions_of_whoever_takes_it(scene: Scene) -> None:
    again = await scene.people["ann"].connect()
    ok = await again.call("stance.set", target=scene.room, mute=-1)
    assert (await scene.lives["ann"].next("stance"))["d"] == ok
    heard = await scene.heard() | {"the one who asked": await again.pending()}
    assert [event for events in heard.values() for event in events] == []


def people_in(value: Any) -> list[Json]:
    """Return every person that an event tells of, however deep."""
    if isinstance(value, list):
        return [one for inner in value for one in people_in(inner)]
    if not isinstance(value, dict):
        return []
    found = [value] if "username" in value else []
    return found + [one for inner in value.values() for one in people_in(inner)]


async def test_events_tell_of_people_by_what_everybody_may_see(scene: Scene) -> None:
    for _, deed, _ in IN_THE_ROOM.values():
        await deed(scene)
    told = [one for events in (await scene.heard()).values() for event in events for one in people_in(event)]
    assert len(told) > 10
    assert {name for one in told for name in one} <= PUBLIC_FIELDS


async def test_a_report_is_heard_by_moderators_of_the_installation_alone(scene: Scene) -> None:
    item = await scene.people["ann"].say(scene.room, "secret words")
    await scene.heard()
    report = {"kind": "message", "target": item["id"], "room": scene.room, "reason": "spam"}
    await scene.people["member"].do("report.make", **report)
    told = await scene.lives["admin"].next("report")
    assert "secret words" not in str(told)
    assert scene.people["member"].id not in str(told)
    assert [event for events in (await scene.heard()).values() for event in events] == []


async def test_a_call_is_heard_of_in_its_room_alone(scene: Scene) -> None:
    await scene.lives["ann"].call("call.start", room=scene.room, media="audio")
    for who in ("ann", "member", "blocked", "token"):
        assert (await scene.lives[who].next("call"))["d"]["room"] == scene.room
    heard = await scene.heard()
    assert all(heard[who] == [] for who in OUTSIDERS)


async def test_what_is_between_two_people_is_heard_by_them_alone(scene: Scene) -> None:
    ann, member = scene.people["ann"], scene.people["member"]
    await ann.do("follow.put", user=member.id)
    await member.do("friend.request", user=ann.id)
    heard = await scene.heard()
    assert {who for who, events in heard.items() if events} == {"ann", "member", "token"}
    assert {event["ev"] for events in heard.values() for event in events} <= {"tie", "message"}


async def test_what_one_hides_is_heard_by_oneself_alone(scene: Scene) -> None:
    item = await scene.people["ann"].say(scene.room, "words")
    await scene.heard()
    await scene.people["member"].do("message.hide", room=scene.room, message=item["id"])
    heard = await scene.heard()
    assert {who for who, events in heard.items() if events} == {"member", "token"}


def test_every_kind_of_event_has_an_audience() -> None:
    judged = {name for name, _, _ in IN_THE_ROOM.values()}
    judged |= {"alias", "report", "feed"}  # shown in aliases/test_names.py, above, and in forum/test_feed.py
    judged |= (
        {"member_count", "room.joined", "room.left", "presence", "user", "call", "stance"}
        | OF_ONE_SESSION
        | OF_ONE_CALL
        | OF_TWO_PEOPLE
        | OF_ONESELF
    )
    assert judged == {name_of(event) for event in EVENTS}, "say here who hears it"
