"""Pages that many read: one read of the store for all of them, and never older than what was acknowledged anywhere."""

import asyncio
from typing import Any

import pytest

from services.loop import shared
from services.loop.shared import READS_AT_ONCE
from services.operations import context
from tests.application import Parley
from tests.peers import until
from tests.people import Person
from tests.unstable import Fault

READERS = 12
HELD = 3
"""Times that a page is asked for until it is kept, and once more."""


class Readers:
    """A room of Ann's and Bob's with something in it, and its newest page kept on the node where Bob reads."""

    def __init__(self, room: str, ann: Person, bob: Person, item: str) -> None:
        self.room = room
        self.ann = ann
        self.bob = bob
        self.item = item

    async def page(self, **more: Any) -> Any:
        """Return the page that Bob reads."""
        return await self.bob.do("message.list", room=self.room, **more)


@pytest.fixture
async def kept(one: Parley, two: Parley) -> Readers:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create()
    await bob.do("room.join", room=room)
    item = await ann.say(room, "first")
    readers = Readers(room, ann, bob.at(two.site), item["id"])
    for _ in range(HELD):
        assert (await readers.page())["items"][-1]["text"] == "first"
        await readers.bob.do("room.changes", room=room, since=0)
    return readers


async def test_page_that_is_kept_is_not_read_again(two: Parley, kept: Readers) -> None:
    before = two.store.count("find")
    for _ in range(3):
        assert (await kept.page())["items"][-1]["text"] == "first"
        assert (await kept.bob.do("room.changes", room=kept.room, since=0))["complete"]
    assert two.store.count("find") - before == 6, "the head alone, each time"


async def test_page_is_read_anew_when_another_node_has_written(kept: Readers) -> None:
    second = await kept.ann.say(kept.room, "second")
    page = await kept.page()
    assert (page["items"][-1], page["head"]) == (second, second["rev"])
    edited = await kept.ann.do("message.edit", room=kept.room, message=kept.item, text="edited")
    assert edited in (await kept.page())["items"]
    reacted = await kept.ann.do("message.react", room=kept.room, message=kept.item, emoji=":x:", on=True)
    assert reacted in (await kept.page())["items"]
    changed = await kept.bob.do("room.changes", room=kept.room, since=0)
    assert changed["items"][-1] == reacted
    await kept.ann.do("message.delete", room=kept.room, message=kept.item)
    assert [item["text"] for item in (await kept.page())["items"] if item["kind"] == "text"] == ["", "second"]


async def test_page_that_is_kept_is_not_for_whoever_was_removed(kept: Readers) -> None:
    await kept.ann.do("room.remove", room=kept.room, user=kept.bob.id)
    assert await kept.bob.refused("message.list", room=kept.room) == "not_a_member"
    assert await kept.bob.refused("room.changes", room=kept.room, since=0) == "not_a_member"


async def test_page_that_is_kept_is_not_for_whoever_is_logged_out(two: Parley, kept: Readers) -> None:
    await kept.ann.at(two.site).account.log_out()
    assert await kept.ann.at(two.site).refused("message.list", room=kept.room) == "unauthenticated"


async def test_page_of_one_who_sees_all_is_not_for_one_who_came_later(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    room = await ann.create(history="joined")
    await ann.say(room, "before")
    for _ in range(HELD):
        await ann.do("message.list", room=room)
    await bob.do("room.join", room=room)
    for _ in range(HELD):
        assert "before" in str(await ann.do("message.list", room=room))
        assert "before" not in str(await bob.do("message.list", room=room))


async def test_pages_of_other_places_and_sizes_are_others(one: Parley) -> None:
    (ann,) = await one.people("ann")
    room = await ann.create()
    for number in range(12):
        await ann.say(room, f"{number}")
    asked = [{"limit": 3}, {"limit": 2}, *({place: 8, "limit": 3} for place in ("before", "after", "around"))]
    first = [await ann.do("message.list", room=room, **d) for d in asked]
    assert len({str(page["items"]) for page in first}) == len(asked)
    for _ in range(HELD):
        assert [await ann.do("message.list", room=room, **d) for d in asked] == first


async def reading(two: Parley, kept: Readers) -> list[asyncio.Task[Any]]:
    """Let many ask for one page at once; no read of the store is answered until all have asked."""
    gate = two.store.hold("find", times=READS_AT_ONCE)
    tasks = [asyncio.create_task(kept.bob.answer("message.list", room=kept.room, limit=7)) for _ in range(READERS)]
    await gate.reached.wait()
    await until(lambda: two.application.underway.count == READERS)
    gate.release()
    return tasks


async def test_many_who_ask_for_one_page_at_once_share_its_read(two: Parley, kept: Readers) -> None:
    before = two.store.count("find")
    answers = await asyncio.gather(*await reading(two, kept))
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert len(answers[0].json["items"]) == 3
    # Some heads of those who came first, one for all others, and their page, which they share as the head is the same.
    assert two.store.count("find") - before <= READS_AT_ONCE + 3


async def test_whoever_asks_after_a_write_was_acknowledged_sees_it(
    two: Parley, kept: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "READS_AT_ONCE", 1)
    gate = two.store.hold("find")
    early = asyncio.create_task(kept.bob.answer("message.list", room=kept.room))
    await gate.reached.wait()
    late = []
    for number in range(3):
        item = await kept.ann.say(kept.room, f"{number}")
        late.append((item, asyncio.create_task(kept.bob.answer("message.list", room=kept.room))))
    await until(lambda: two.application.underway.count == 4)
    gate.release()
    assert (await early).status == 200
    for item, asked in late:
        page = (await asked).json
        assert page["head"] >= item["rev"]
        assert item in page["items"]


async def test_store_that_is_away_is_told_to_all_who_wait_and_to_nobody_after(two: Parley, kept: Readers) -> None:
    two.store.fail(Fault.UNAVAILABLE, "find", skip=READS_AT_ONCE)
    answers = await asyncio.gather(*await reading(two, kept))
    assert {answer.status for answer in answers} <= {200, 503}
    assert 503 in {answer.status for answer in answers}
    two.store.heal()
    assert len((await kept.page(limit=7))["items"]) == 3


async def test_reader_who_gives_up_takes_the_page_from_nobody(
    two: Parley, kept: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = two.store.hold("find")
    with monkeypatch.context() as hurried:
        hurried.setattr(context, "DEADLINE_S", 0.3)
        first = asyncio.create_task(kept.bob.answer("message.list", room=kept.room, limit=7))
        await gate.reached.wait()
    others = [asyncio.create_task(kept.bob.answer("message.list", room=kept.room, limit=7)) for _ in range(READERS)]
    assert (await first).status == 503
    assert {answer.status for answer in await asyncio.gather(*others)} == {200}
    gate.release()
