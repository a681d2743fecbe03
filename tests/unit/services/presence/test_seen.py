"""When people were last seen: known at once, written together in a while, never earlier than before."""

import asyncio

import pytest

from services.ids import now_ms
from services.loop import noted, tasks
from services.presence.seen import LastSeen
from store.tables import SEEN, Seen
from tests.unstable import Fault, Unstable
from tests.working import eventually


async def written(unstable: Unstable, *users: str) -> list[int | None]:
    rows = await unstable.real.get_many(SEEN, users)
    return [rows[user].at if user in rows else None for user in users]


async def test_time_is_known_before_it_is_written(unstable: Unstable) -> None:
    seen = LastSeen(unstable.database)
    seen.note("ann", 5)
    assert await seen.of(["ann", "bob"]) == {"ann": 5}
    assert await written(unstable, "ann") == [None]
    await seen.flush()
    assert await written(unstable, "ann", "bob") == [5, None]
    assert await LastSeen(unstable.database).of(["ann", "bob"]) == {"ann": 5}


async def test_time_never_goes_back(either: Unstable) -> None:
    seen = LastSeen(either.database)
    for at in (7, 5, 9, 8):
        seen.note("ann", at)
        await seen.flush()
    seen.note("ann", 3)
    assert await seen.of(["ann"]) == {"ann": 9}
    await seen.flush()
    assert await written(either, "ann") == [9]


async def test_times_are_written_together(unstable: Unstable) -> None:
    seen = LastSeen(unstable.database)
    for number in range(450):
        seen.note(f"user-{number}", number + 1)
    await seen.flush()
    assert unstable.count("together") == 3
    assert len(await seen.of([f"user-{number}" for number in range(1500)])) == 450
    await seen.flush()
    assert unstable.count("together") == 3, "nothing is new"


async def test_nodes_that_write_of_the_same_people_agree(either: Unstable) -> None:
    people = [f"user-{number}" for number in range(30)]
    nodes = [LastSeen(either.database) for _ in range(3)]
    for at, node in enumerate(nodes, 1):
        for user in people:
            node.note(user, at * 10)
    await asyncio.gather(*(node.flush() for node in nodes))
    assert await written(either, *people) == [30] * 30


async def test_what_the_store_does_not_take_is_written_later(unstable: Unstable) -> None:
    seen = LastSeen(unstable.database)
    seen.note("ann", 5)
    unstable.fail(Fault.UNAVAILABLE, "together")
    await seen.flush()
    assert await written(unstable, "ann") == [None]
    unstable.fail(Fault.LOST, "together")
    await seen.flush()
    await seen.flush()
    assert await written(unstable, "ann") == [5]


async def test_row_that_another_node_wrote_meanwhile_is_raised(unstable: Unstable) -> None:
    seen = LastSeen(unstable.database)
    seen.note("ann", 5)
    gate = unstable.hold("together")
    flush = asyncio.create_task(seen.flush())
    await gate.reached.wait()
    await unstable.real.insert(SEEN, Seen(id="ann", at=4))
    gate.release()
    await flush
    assert await written(unstable, "ann") == [5]


async def test_time_of_a_clock_that_was_wrong_means_nothing_and_is_replaced(unstable: Unstable) -> None:
    year = now_ms() + 365 * 86_400_000
    await unstable.real.insert(SEEN, Seen(id="ann", at=year))
    seen = LastSeen(unstable.database)
    assert await seen.of(["ann"]) == {}
    seen.note("ann", 5)
    await seen.flush()
    assert await seen.of(["ann"]) == {"ann": 5}


async def test_too_many_times_let_the_oldest_go(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted, "PENDING_LIMIT", 2)
    seen = LastSeen(unstable.database)
    for at, user in enumerate(("ann", "bob", "cid", "bob"), 1):
        seen.note(user, at)
    await seen.flush()
    assert await written(unstable, "ann", "bob", "cid") == [None, 4, 3]


async def test_times_are_written_in_the_background(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted, "FLUSH_S", 0.01)
    seen = LastSeen(unstable.database)
    work = tasks.start(seen.run())
    seen.note("ann", 5)
    try:
        assert (await eventually(lambda: unstable.real.get(SEEN, "ann"))).at == 5
    finally:
        await tasks.end(work)
