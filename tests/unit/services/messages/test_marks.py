"""Read marks that sending implies: seen at once, written together in a while, never lower than before."""

import asyncio

import pytest

from services.loop import noted
from services.messages.marks import ReadMarks
from store.tables import MEMBERS, Member
from tests.peers import until
from tests.unstable import Fault, Unstable


def member(user: str, read: int = 0) -> Member:
    return Member(id=f"r:{user}", room="r", user=user, username=user, role="member", joined_at=1, read=read)


async def written(unstable: Unstable, user: str) -> int:
    found = await unstable.real.get(MEMBERS, f"r:{user}")
    assert found is not None
    return found.read


@pytest.fixture
async def marks(unstable: Unstable) -> ReadMarks:
    for user in ("ann", "bob", "cay"):
        await unstable.real.insert(MEMBERS, member(user, read=3))
    return ReadMarks(unstable.database)


async def test_mark_is_seen_before_it_is_written(unstable: Unstable, marks: ReadMarks) -> None:
    marks.note("r", "ann", 7)
    assert (marks.read(member("ann", 3)), marks.read(member("bob", 3))) == (7, 3)
    assert await written(unstable, "ann") == 3
    await marks.flush()
    assert await written(unstable, "ann") == 7


async def test_row_that_was_read_before_the_write_is_not_believed(marks: ReadMarks) -> None:
    before = member("ann", 3)
    marks.note("r", "ann", 7)
    await marks.flush()
    assert marks.read(before) == 7


async def test_mark_never_goes_back(unstable: Unstable, marks: ReadMarks) -> None:
    for seq in (7, 5):
        marks.note("r", "ann", seq)
    marks.note("r", "bob", 2)
    await marks.flush()
    assert (await written(unstable, "ann"), await written(unstable, "bob")) == (7, 3)


async def test_marks_are_written_together(unstable: Unstable, marks: ReadMarks) -> None:
    for user in ("ann", "bob", "cay"):
        for seq in (5, 6, 7):
            marks.note("r", user, seq)
    await marks.flush()
    assert unstable.count("together") == 1
    await marks.flush()
    assert unstable.count("together") == 1, "nothing new"


async def test_many_marks_are_written_in_parts(
    unstable: Unstable, marks: ReadMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "TOGETHER", 2)
    for user in ("ann", "bob", "cay"):
        marks.note("r", user, 9)
    await marks.flush()
    assert unstable.count("together") == 2
    assert [await written(unstable, user) for user in ("ann", "bob", "cay")] == [9, 9, 9]


async def test_marks_of_those_who_left_hinder_nobody(unstable: Unstable, marks: ReadMarks) -> None:
    for user in ("gone", "ann", "also gone", "bob"):
        marks.note("r", user, 9)
    await marks.flush()
    assert [await written(unstable, user) for user in ("ann", "bob")] == [9, 9]
    assert not marks.pending
    marks.note("r", "gone", 10)
    await marks.flush()
    assert not marks.pending


@pytest.mark.parametrize("fault", Fault)
async def test_marks_that_the_store_does_not_take_stay_noted(
    unstable: Unstable, marks: ReadMarks, fault: Fault
) -> None:
    marks.note("r", "ann", 9)
    unstable.fail(fault, "together")
    await marks.flush()
    assert marks.read(member("ann", 3)) == 9
    await marks.flush()
    assert await written(unstable, "ann") == 9


async def test_mark_noted_while_another_is_written_is_written_next(unstable: Unstable, marks: ReadMarks) -> None:
    marks.note("r", "ann", 7)
    gate = unstable.hold("together")
    flushing = asyncio.create_task(marks.flush())
    await gate.reached.wait()
    marks.note("r", "ann", 9)
    gate.release()
    await flushing
    assert marks.read(member("ann", 3)) == 9
    await marks.flush()
    assert await written(unstable, "ann") == 9


async def test_only_so_many_marks_wait(marks: ReadMarks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted, "PENDING_LIMIT", 2)
    for user in ("ann", "bob", "cay"):
        marks.note("r", user, 9)
    assert [marks.read(member(user)) for user in ("ann", "bob", "cay")] == [0, 9, 9]


async def test_marks_are_written_in_a_while_by_themselves(
    unstable: Unstable, marks: ReadMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "FLUSH_S", 0.01)
    running = asyncio.create_task(marks.run())
    for seq in (7, 8):
        marks.note("r", "ann", seq)
        await until(lambda: not marks.pending)
        assert await written(unstable, "ann") == seq
    running.cancel()
