"""Lists: one's rooms by activity, rooms to discover, members, people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.rooms import listing
from store.tables import MEMBERS, ROOMS
from tests.application import Parley, running
from tests.client.checks import Json
from tests.people import Person


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


async def pages(person: Person, op: str, **d: object) -> list[list[Json]]:
    """Return the items of all pages of a list."""
    found: list[list[Json]] = []
    page = await person.do(op, **d)
    found.append(page["items"])
    while page["next"] is not None:
        assert len(found) < 20
        page = await person.do(op, **d, cursor=page["next"])
        found.append(page["items"])
    return found


def ids(found: list[list[Json]]) -> list[list[str]]:
    return [[item["id"] for item in items] for items in found]


# One's own rooms


async def test_own_rooms_are_listed_by_latest_activity(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    first, second, third = [await ann.create(name) for name in ("first", "second", "third")]
    await bob.do("room.join", room=first)
    await bob.say(first)
    listed = (await ann.do("room.list"))["items"]
    assert [room["id"] for room in listed] == [first, third, second]
    assert (listed[0]["unread"], listed[0]["role"], listed[0]["head"]) == (1, "owner", 3)
    assert [room["id"] for room in (await bob.do("room.list"))["items"]] == [first]


async def test_own_rooms_are_paged(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    rooms = [await ann.create(f"room {number}") for number in range(5)][::-1]
    assert ids(await pages(ann, "room.list", limit=2)) == [rooms[:2], rooms[2:4], rooms[4:]]
    assert ids(await pages(ann, "room.list", limit=5)) == [rooms]


async def test_own_rooms_are_paged_past_those_that_are_deleted_or_in_which_nothing_was_said(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    rooms = [await bob.create(f"room {number}") for number in range(6)]
    for room in rooms:
        await ann.do("room.join", room=room)
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    gone = [rooms.pop(4), rooms.pop(2)]
    for room in gone:
        # As it stands while the memberships of a deleted room are being removed.
        await parley.database.update(ROOMS, room, {"deleted": True})
    expected = [direct, *rooms[::-1]]
    for limit in (1, 2, 3, 5):
        found = ids(await pages(ann, "room.list", limit=limit))
        assert [room for page in found for room in page] == expected
        assert all(len(page) == limit for page in found[:-1])


async def test_own_rooms_cost_no_more_questions_for_being_many(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    asked = []
    for count in (3, 30):
        while len(await parley.database.find(MEMBERS, {"user": ann.id}, by="room", limit=100)) <= count:
            await ann.create()
        before = len(parley.store.calls)
        assert len((await ann.do("room.list", limit=2))["items"]) == 2
        asked.append([verb for verb, _ in parley.store.calls[before:]])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("scope", ["mine", "public"])
async def test_list_of_rooms_is_cut_by_its_size_and_goes_on_there(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    monkeypatch.setattr(listing, "LIST_BYTES", 2000)
    (ann,) = await parley.people("ann")
    rooms = [await ann.create(f"room {number}", description="x" * 500) for number in range(7)][::-1]
    found = ids(await pages(ann, "room.list", scope=scope))
    assert [room for page in found for room in page] == rooms
    assert all(1 <= len(page) <= 3 for page in found)


async def test_room_larger_than_a_list_is_listed_alone(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIST_BYTES", 10)
    (ann,) = await parley.people("ann")
    rooms = [await ann.create(f"room {number}") for number in range(3)][::-1]
    assert ids(await pages(ann, "room.list")) == [[room] for room in rooms]


@pytest.mark.parametrize("cursor", ["nonsense", "12", ".", "x.y", "²."])
async def test_cursor_that_no_list_gave_is_refused(parley: Parley, cursor: str) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.refused("room.list", cursor=cursor) == "bad_request"


async def test_words_search_public_rooms_alone(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.refused("room.list", q="tea") == "bad_request"


# Rooms to discover


async def test_public_rooms_are_there_for_all_newest_first(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    rooms = [await ann.create(f"room {number}") for number in range(3)][::-1]
    await ann.create("hidden", kind="private")
    assert ids(await pages(bob, "room.list", scope="public", limit=2)) == [rooms[:2], rooms[2:]]


async def test_public_room_shows_what_one_is_there(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    await ann.say(room)
    mine = (await bob.do("room.list", scope="public"))["items"]
    assert [(one["role"], one["unread"], one["head"], one["member_count"]) for one in mine] == [("member", 1, 3, 2)]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("garden", ["Garden and Tea", "Garden"]),
        ("GARD", ["Garden and Tea", "Garden"]),
        ("tea gar", ["Garden and Tea"]),
        ("leaves", ["Tea"]),
        ("gar tea", []),
        ("nothing", []),
        ("-", []),
    ],
)
async def test_search_finds_rooms_with_all_words(parley: Parley, q: str, names: list[str]) -> None:
    ann, bob = await parley.people("ann", "bob")
    await ann.create("Garden")
    await ann.create("Tea", description="leaves in water")
    await ann.create("Garden and Tea")
    await ann.create("Garden of secrets", kind="private")
    found = (await bob.do("room.list", scope="public", q=q))["items"]
    assert [room["name"] for room in found] == names


async def test_search_is_paged_and_passes_over_what_is_deleted(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    rooms = [await ann.create(f"tea {number}") for number in range(5)][::-1]
    await ann.do("room.delete", room=rooms[1])
    assert ids(await pages(ann, "room.list", scope="public", q="tea", limit=2)) == [rooms[:1], rooms[2:4], rooms[4:]]
    assert ids(await pages(ann, "room.list", scope="public", limit=2)) == [rooms[:1], rooms[2:4], rooms[4:]]


async def test_renamed_room_is_found_by_its_new_name(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create("coffee")
    await ann.do("room.update", room=room, name="tea")
    found = [(await ann.do("room.list", scope="public", q=q))["items"] for q in ("coffee", "tea")]
    assert [len(items) for items in found] == [0, 1]


# Members


@pytest.fixture
async def crowd(parley: Parley) -> tuple[str, list[Person]]:
    """A room and its members by id, the owner first in time."""
    people = await parley.people("owner", "ada", "bert", "ada", "cleo")
    room = await people[0].create()
    for person in people[1:]:
        await person.do("room.join", room=room)
    await people[0].do("room.role", room=room, user=people[2].id, role="moderator")
    return room, people


def names(items: list[Json]) -> set[str]:
    return {item["user"]["username"].rpartition("-")[0] for item in items}


async def test_members_are_paged(crowd: tuple[str, list[Person]]) -> None:
    room, people = crowd
    found = await pages(people[1], "room.members", room=room, limit=2)
    assert [len(items) for items in found] == [2, 2, 1]
    assert {item["user"]["id"] for items in found for item in items} == {person.id for person in people}


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        ({"role": "owner"}, {"owner"}),
        ({"role": "moderator"}, {"bert"}),
        ({"role": "member"}, {"ada", "cleo"}),
        ({"q": "ad"}, {"ada"}),
        ({"q": "ada", "role": "moderator"}, set()),
        ({"q": "nobody"}, set()),
    ],
)
async def test_members_are_chosen_by_role_and_name(
    crowd: tuple[str, list[Person]], d: dict[str, str], expected: set[str]
) -> None:
    room, people = crowd
    assert names((await people[0].do("room.members", room=room, **d))["items"]) == expected


async def test_search_of_members_is_paged(crowd: tuple[str, list[Person]]) -> None:
    room, people = crowd
    found = await pages(people[0], "room.members", room=room, q="ada", limit=1)
    assert [len(items) for items in found] == [1, 1]
    assert {item["user"]["id"] for items in found for item in items} == {people[1].id, people[3].id}


# People


async def test_people_are_looked_up_by_id(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    seen = await ann.do("users.one", user=bob.id)
    assert (seen["id"], seen["username"], seen["picture"]) == (bob.id, bob.account.username, None)
    assert not seen.keys() & {"email", "email_verified", "password", "name_key"}
    me = await ann.do("users.me")
    assert (me["id"], me["email"], me["email_verified"]) == (ann.id, f"{ann.account.username}@example.org", False)
    assert await ann.refused("users.one", user="nobody") == "user_not_found"


async def test_many_people_come_in_the_order_asked_for_each_once(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    live = await ann.connect()
    for answer in (
        await live.call("users.get", users=[bob.id, "nobody", ann.id, bob.id]),
        await ann.do("users.list", ids=f"{bob.id},nobody,,{ann.id},{bob.id}"),
    ):
        assert [one["id"] for one in answer["items"]] == [bob.id, ann.id]
    assert await live.refused("users.get", users=[]) == "bad_request"
    assert await live.refused("users.get", users=["x"] * 101) == "bad_request"
