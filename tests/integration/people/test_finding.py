"""People are found by what they are called, and by nothing else."""

from typing import Any

from store.tables import USERS
from tests.application import Parley
from tests.people import Person


async def found(person: Person, q: str, **more: Any) -> list[str]:
    return [one["id"] for one in (await person.do("users.search", q=q, **more))["items"]]


async def named(person: Person, name: str) -> None:
    assert (await person.account.request("PATCH", "/api/users/me", {"name": name})).status == 200


async def test_people_are_found_by_words_of_their_names(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await named(bob, "Robért Gonçalves")
    assert await found(ann, "robert gon") == [bob.id]
    assert await found(ann, "gonc") == [bob.id]
    assert await found(ann, "rob nobody") == []


async def test_people_are_found_by_the_beginning_of_a_username(one: Parley) -> None:
    ann, bob = await one.people("ann", "bobolink")
    assert await found(ann, "bobol") == [bob.id]


async def test_renamed_people_are_found_by_what_they_are_called_now(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await named(bob, "Quentin")
    await named(bob, "Xaver")
    assert await found(ann, "quentin") == []
    assert await found(ann, "xaver") == [bob.id]


async def test_nobody_is_found_by_an_address(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await one.database.update(USERS, bob.id, {"email": "zebra@stripes.example", "email_verified": True})
    for q in ("zebra", "stripes", "zebra@stripes.example"):
        assert await found(ann, q) == []


async def test_who_is_called_just_so_comes_first(one: Parley) -> None:
    (ann,) = await one.people("ann")
    first, *rest = await one.people("kim", "kim", "kim")
    for other in rest:
        await named(other, first.account.username)
    assert (await found(ann, first.account.username))[0] == first.id
    pages = await ann.do("users.search", q=first.account.username, limit=1)
    assert pages["next"] is not None


async def test_those_who_block_the_caller_are_not_found_and_those_whom_they_block_are(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await ann.do("users.block", user=bob.id)
    assert await found(bob, ann.account.username) == []
    assert await found(ann, bob.account.username) == [bob.id]


async def test_banned_and_deleted_people_are_not_found(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    await one.database.update(USERS, bob.id, {"banned_at": 1})
    await one.database.update(USERS, cid.id, {"deleted_at": 1})
    assert await found(ann, bob.account.username) == []
    assert await found(ann, cid.account.username) == []


async def test_members_to_mention_are_found_in_their_room_alone(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "bobby")
    room = await ann.create(kind="private")
    await ann.do("room.add", room=room, user=bob.id)
    page = await ann.do("room.members", room=room, q="bob")
    assert [item["user"]["id"] for item in page["items"]] == [bob.id]
    assert await cid.refused("room.members", room=room, q="bob") == "room_not_found"
