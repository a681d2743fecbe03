"""Writes without an answer: asked again until it is known what became of them, each text exactly once."""

import asyncio

import pytest

from services.errors import AlreadyInvited
from services.streams.append import Append, Plan, View
from services.streams.lanes import flight
from store.database import Insert
from store.tables import ENTRIES, INVITATIONS, Invitation
from tests.unit.services.streams.node import Node, sending, stored, texts
from tests.unstable import Fault, Unstable

UNANSWERED = [Fault.UNANSWERED, Fault.LOST]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "UNKNOWN_PAUSE_S", (0.001, 0.004))


@pytest.mark.parametrize("fault", UNANSWERED)
async def test_items_are_written_once(either: Unstable, fault: Fault) -> None:
    node = Node(either.database)
    await node.send(text="before")
    either.fail(fault, "batch")
    outcomes = await asyncio.gather(*(node.send(text=f"{number}") for number in range(5)))
    assert [outcome.item.rev for outcome in outcomes] == [2, 3, 4, 5, 6]
    assert not any(outcome.repeated for outcome in outcomes)
    assert await texts(either.real) == ["before", "0", "1", "2", "3", "4"]
    assert node.delivered() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("fault", UNANSWERED)
async def test_change_is_written_once(either: Unstable, fault: Fault) -> None:
    node = Node(either.database)
    item = (await node.send(text="before")).item
    either.fail(fault, "together")
    outcome, joint = await asyncio.gather(node.edit(item, "after"), node.both("r", "other"))
    assert outcome.item.changed == 2
    assert joint.item.stream == "other"
    assert await texts(either.real) == ["after", "x"]
    assert node.delivered() == [1, 2, 3]
    assert node.delivered("other") == [1]


@pytest.mark.parametrize("faults", [[Fault.UNANSWERED] * 4, [Fault.LOST] * 4, [Fault.UNANSWERED, Fault.LOST]])
async def test_silence_may_last(unstable: Unstable, faults: list[Fault]) -> None:
    node = Node(unstable.database)
    for fault in faults:
        unstable.fail(fault, "batch")
    assert (await node.send(text="once")).item.rev == 1
    assert await texts(unstable.real) == ["once"]
    assert node.delivered() == [1]


@pytest.mark.parametrize("verb", ["batch", "together"])
async def test_store_that_is_away_after_silence_decides_nothing(unstable: Unstable, verb: str) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.LOST, verb)
    unstable.fail(Fault.UNAVAILABLE, verb, times=3)
    future = node.send(text="once") if verb == "batch" else node.both("r", "other", text="once")
    assert (await future).entries[0].id
    assert await texts(unstable.real) == ["once"]
    assert unstable.healed


async def test_half_written_batch_is_completed(either: Unstable) -> None:
    node = Node(either.database)
    gate = either.hold("batch")
    either.fail(Fault.UNANSWERED, "batch")
    futures = [node.send(stream, f"{number}") for number, stream in enumerate(("a", "b", "a", "b"))]
    await gate.reached.wait()
    entries = either.calls[-1][1][1]
    await either.real.batch(ENTRIES, entries[:2])
    gate.release()
    await asyncio.gather(*futures)
    assert await texts(either.real, "a") == ["0", "2"]
    assert await texts(either.real, "b") == ["1", "3"]
    assert node.delivered("a") == node.delivered("b") == [1, 2]


@pytest.mark.parametrize("verb", ["batch", "together"])
async def test_rev_that_another_node_took_meanwhile_is_given_up(either: Unstable, verb: str) -> None:
    ours, theirs = Node(either.database), Node(either.real)
    gate = either.hold(verb)
    either.fail(Fault.UNANSWERED, verb)
    future = ours.send(text="ours") if verb == "batch" else ours.both("r", "other", text="ours")
    await gate.reached.wait()
    await theirs.send(text="theirs")
    gate.release()
    assert (await future).entries[0].rev == 2  # type: ignore[union-attr]  # an item
    assert await texts(either.real) == ["theirs", "ours"]
    assert ours.delivered() == [1, 2]


async def test_cid_that_another_node_took_meanwhile_is_answered_with_its_item(unstable: Unstable) -> None:
    ours, theirs = Node(unstable.database), Node(unstable.real)
    gate = unstable.hold("batch")
    unstable.fail(Fault.UNANSWERED, "batch")
    future = ours.send(cid="same")
    await gate.reached.wait()
    first = await theirs.send(cid="same")
    gate.release()
    outcome = await future
    assert outcome.repeated
    assert outcome.item.id == first.item.id
    assert len(await stored(unstable.real)) == 1


async def test_caller_may_leave_while_it_is_found_out(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.LOST, "batch")
    gate = unstable.hold("batch")
    future = node.send(text="kept")
    await gate.reached.wait()
    future.cancel()
    again = node.lanes.append(sending("r", "after"))
    assert not again.done()
    gate.release()
    assert (await again).item.rev == 2
    assert await texts(unstable.real) == ["kept", "after"]
    assert node.delivered() == [1, 2]


async def test_stream_waits_and_others_do_not(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.UNANSWERED, "batch")
    gate = unstable.hold("batch")
    stuck = node.send("a", "1")
    await gate.reached.wait()
    later = node.send("a", "2")
    assert (await node.send("b")).item.rev == 1
    assert not later.done()
    gate.release()
    await asyncio.gather(stuck, later)
    assert await texts(unstable.real, "a") == ["1", "2"]


async def test_close_waits_until_it_is_known(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.LOST, "batch")
    unstable.fail(Fault.UNANSWERED, "batch", times=3)
    future = node.send()
    await node.lanes.close()
    assert future.done()
    assert len(await stored(unstable.real)) == 1


async def test_transaction_without_an_answer_is_resent_as_it_was(unstable: Unstable) -> None:
    node = Node(unstable.database)
    unstable.fail(Fault.UNANSWERED, "together", times=2)
    await node.both("a", "b")
    sent = [values[0] for verb, values in unstable.calls if verb == "together"]
    ids = [[write.record.id for write in writes if isinstance(write, Insert)] for writes in sent]
    assert len(ids) == 3
    assert ids[0] == ids[1] == ids[2]


def _inviting(by: str) -> Append:
    """Return what writes a row once, without an entry of the stream."""
    row = Invitation(id="r:ada", room="r", user="ada", by=by, created_at=1)

    async def plan(view: View) -> Plan:
        if await view.get(INVITATIONS, row.id) is not None:
            raise AlreadyInvited
        return Plan(writes=[Insert(INVITATIONS, row)])

    return Append(("r",), plan)


@pytest.mark.parametrize("fault", UNANSWERED)
async def test_row_without_an_entry_is_written_once(either: Unstable, fault: Fault) -> None:
    node = Node(either.database)
    either.fail(fault, "together")
    await node.lanes.append(_inviting("bob"))
    assert [row.by for row in await either.real.find(INVITATIONS, {"room": "r"})] == ["bob"]


async def test_row_that_another_node_wrote_meanwhile_is_not_taken_for_ones_own(either: Unstable) -> None:
    ours, theirs = Node(either.database), Node(either.real)
    gate = either.hold("together")
    either.fail(Fault.UNANSWERED, "together")
    future = ours.lanes.append(_inviting("bob"))
    await gate.reached.wait()
    await theirs.lanes.append(_inviting("eve"))
    gate.release()
    with pytest.raises(AlreadyInvited):
        await future
