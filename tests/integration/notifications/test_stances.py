"""Stances: what each does to its row, who may take one to what, and how they are listed."""

import asyncio
from typing import Any

import pytest

from services.ids import new_id, now_ms, rfc3339
from services.stances.rows import FOR_EVER, hidden, quiet, silenced, stance_id, stances_of, unwilling
from store.tables import ALIASES, ENTRIES, ROOMS, STANCES, Alias, Commented, Entry, Posted, Room, Stance
from tests.application import Parley, running
from tests.client.checks import Json
from tests.integration.conftest import Store
from tests.people import Person

NONE = {"followed": False, "muted_until": None, "silenced_until": None, "hidden": False}


async def topic(parley: Parley, owner: Person, *, is_open: bool = True) -> str:
    """Keep a topic as it is made, with nobody in it."""
    room = Room(id=new_id(), kind="topic", name="t", owner=owner.id, open=is_open, created_at=now_ms())
    await parley.database.insert(ROOMS, room)
    return room.id


async def post(parley: Parley, place: str, author: Person) -> str:
    """Keep a post, with the room of its discussion."""
    id_, now = new_id(), now_ms()
    room = Room(id=id_, kind="post", place=place, created_at=now)
    await parley.database.insert(ROOMS, room)
    await _entry(parley, place, id_, author, Posted(title="t", text="x"), "post")
    return id_


async def comment(parley: Parley, under: str, author: Person) -> str:
    """Keep a comment."""
    return await _entry(parley, under, new_id(), author, Commented(text="x"), "comment")


async def _entry(parley: Parley, stream: str, id_: str, author: Person, body: Posted | Commented, kind: str) -> str:
    entry = Entry(
        id=id_,
        stream=stream,
        rev=1,
        seq=1,
        author=author.id,
        username=author.account.username,
        cid=f"~{id_}",
        created_at=now_ms(),
        kind=kind,
        body=body,
    )
    await parley.database.insert(ENTRIES, entry)
    return id_


async def listed(person: Person, what: str, **more: Any) -> list[str]:
    """Return the targets of all pages of a list."""
    found: list[str] = []
    cursor: Json = {}
    while True:
        page = await person.do("stance.list", what=what, **more, **cursor)
        found += [one["target"] for one in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_what_is_left_out_stays_as_it_is(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    place = await topic(one, bob)
    none = {"target": place, "kind": "topic"} | NONE
    assert await ann.do("stance.get", target=place) == none
    assert await ann.do("stance.set", target=place, follow=True) == none | {"followed": True}
    muted = await ann.do("stance.set", target=place, mute=-1)
    assert muted == none | {"followed": True, "muted_until": rfc3339(FOR_EVER)}
    assert await ann.do("stance.set", target=place, hide=True, mute=0) == none | {"followed": True, "hidden": True}
    assert await ann.do("stance.set", target=place, hide=False, follow=False) == none
    assert await bob.do("stance.get", target=place) == none


async def test_mute_ends_by_itself(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    place = await topic(one, bob)
    for field, until in (("mute", "muted_until"), ("silence", "silenced_until")):
        view = await ann.do("stance.set", target=place, **{field: 10})
        assert rfc3339(now_ms() + 9 * 60_000) < view[until] <= rfc3339(now_ms() + 10 * 60_000)
    past = {"muted_until": now_ms() - 1, "silenced_until": now_ms() - 1}
    await one.database.update(STANCES, stance_id(ann.id, place), past)
    assert await ann.do("stance.get", target=place) == {"target": place, "kind": "topic"} | NONE
    assert await listed(ann, "muted") == await listed(ann, "silenced") == []


async def test_stance_is_taken_to_all_kinds_of_things(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    place, room = await topic(one, bob), await bob.create()
    under = await post(one, place, bob)
    alias = Alias(id="a_1", topic=place, user=bob.id, owned=None, name="x", name_key="x", created_at=1)
    await one.database.insert(ALIASES, alias)
    await ann.do("room.join", room=room)
    direct = str((await ann.do("room.direct", user=bob.id))["id"])
    targets = {
        place: "topic",
        room: "room",
        direct: "room",
        under: "post",
        await comment(one, under, bob): "comment",
        (await bob.say(room))["id"]: "message",
        bob.id: "person",
        alias.id: "person",
    }
    kinds = {target: (await ann.do("stance.set", target=target, hide=True))["kind"] for target in targets}
    assert kinds == targets
    assert sorted(await listed(ann, "hidden", limit=3)) == sorted(targets)
    assert await listed(ann, "hidden", kind="person", limit=1) == sorted((bob.id, alias.id))
    assert await listed(ann, "hidden", kind="topic") == [place]
    assert await listed(bob, "hidden") == []


async def test_only_what_one_may_see_is_a_target(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    closed, private = await topic(one, bob, is_open=False), await bob.create(kind="private")
    under = await post(one, closed, bob)
    alias = Alias(id="a_2", topic=closed, user=bob.id, owned=None, name="x", name_key="x", created_at=1)
    await one.database.insert(ALIASES, alias)
    said = (await bob.say(private))["id"]
    hidden_from = [closed, private, under, await comment(one, under, bob), said, alias.id]
    live = await ann.connect()
    for target in (*hidden_from, bob.stream, f"p_{bob.id}", "a_none", "nothing"):
        assert await ann.refused("stance.set", target=target, mute=-1) == "not_found"
        assert await live.refused("stance.get", target=target) == "not_found"
    assert await one.database.find(STANCES, {"user": ann.id}, by="target") == []


async def test_what_came_before_a_join_is_no_target_where_it_may_not_be_read(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await bob.create(history="joined")
    before = (await bob.say(room))["id"]
    await ann.do("room.join", room=room)
    after = (await bob.say(room))["id"]
    assert await ann.refused("stance.set", target=before, hide=True) == "not_found"
    assert await ann.code("stance.set", target=after, hide=True) == "ok"


async def test_what_is_seen_no_more_can_be_let_go_of_and_no_more_than_that(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await bob.create(kind="private")
    await bob.do("room.add", room=room, user=ann.id)
    await ann.do("stance.set", target=room, mute=-1, hide=True)
    await bob.do("room.remove", room=room, user=ann.id)
    assert await ann.refused("stance.set", target=room, follow=True) == "not_found"
    assert (await ann.do("stance.set", target=room, mute=0, hide=False))["hidden"] is False
    assert await listed(ann, "hidden") == await listed(ann, "muted") == []


async def test_people_comments_and_messages_are_not_followed_so(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    for target in (bob.id, (await bob.say(room))["id"]):
        assert await ann.refused("stance.set", target=target, follow=True) == "bad_request"
    assert await ann.code("stance.set", target=room, follow=True) == "ok"


@pytest.mark.parametrize("minutes", [-2, 527_041])
async def test_time_is_for_ever_or_a_year_at_most(one: Parley, minutes: int) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("stance.set", target=ann.id, mute=minutes) == "bad_request"


async def test_nothing_is_kept_of_what_was_never_a_stance(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    live = await ann.connect()
    await ann.do("stance.set", target=bob.id, hide=False, mute=0)
    await ann.do("stance.set", target=bob.id)
    assert await one.database.get(STANCES, stance_id(ann.id, bob.id)) is None
    assert await live.pending() == []


async def test_first_stances_of_two_sessions_at_once_are_both_kept(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ann, bob = await parley.people("ann", "bob")
        for _ in range(5):
            target = await topic(parley, bob)
            asked: list[dict[str, Any]] = [{"follow": True}, {"mute": -1}, {"silence": -1}, {"hide": True}]
            await asyncio.gather(*(ann.do("stance.set", target=target, **one) for one in asked))
            view = await ann.do("stance.get", target=target)
            assert all(view[name] for name in ("followed", "hidden", "muted_until", "silenced_until"))


async def test_rows_tell_who_wants_what(one: Parley) -> None:
    ann, bob, cid = await one.people("ann", "bob", "cid")
    place, other = await topic(one, cid), await topic(one, cid)
    await ann.do("stance.set", target=place, mute=-1)
    await bob.do("stance.set", target=other, silence=-1, hide=True)
    users = [ann.id, bob.id, cid.id]
    assert await unwilling(one.database, users, [place]) == {ann.id}
    assert await unwilling(one.database, users, [place, other]) == {ann.id, bob.id}
    found = await stances_of(one.database, bob.id, [place, other, other])
    assert set(found) == {other}
    assert hidden(found[other])
    assert silenced(found[other], now_ms())


def test_nothing_is_neither_hidden_nor_quiet() -> None:
    stance = Stance(id="u:t", user="u", target="t", kind="topic", place="topic:t", mutes="u", muted_until=10)
    assert [hidden(None), quiet(None, 0), silenced(None, 0)] == [False, False, False]
    assert [quiet(stance, 9), quiet(stance, 10), silenced(stance, 9)] == [True, False, False]
