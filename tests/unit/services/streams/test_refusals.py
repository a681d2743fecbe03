"""Refusals: another node was first, or the same request came twice. Nodes here share a database and nothing else."""

import asyncio

import pytest

from services.errors import CidConflict, Unavailable
from services.streams.append import Append, Outcome, Plan, Step, View
from services.streams.batch import Batch
from services.streams.lanes import flight
from services.streams.lanes import lanes as lanes_module
from services.streams.lanes.lanes import Lanes
from tests.peers import until
from tests.unit.services.streams.node import Node, sending, stored, texts, words
from tests.unstable import Fault, Unstable

# Another node was first


async def test_stale_head_is_caught_up_with_and_told(either: Unstable) -> None:
    one, two = Node(either.database), Node(either.real)
    await asyncio.gather(*(one.send(text=f"one {number}") for number in range(3)))
    await asyncio.gather(*(two.send(text=f"two {number}") for number in range(2)))
    outcome = await one.send(text="late")
    assert outcome.item.rev == 6
    assert one.delivered() == [1, 2, 3, 4, 5, 6]
    assert await texts(either.real) == ["one 0", "one 1", "one 2", "two 0", "two 1", "late"]


@pytest.mark.parametrize("joint", [False, True])
async def test_refusal_concerns_its_own_stream_alone(either: Unstable, joint: bool) -> None:
    ours, theirs = Node(either.database), Node(either.real)
    await asyncio.gather(ours.send("a"), ours.send("b"), ours.send("c"))
    await theirs.send("b")
    either.calls.clear()
    order: list[str] = []
    futures = [ours.send(stream, f"{stream}{number}") for number in (1, 2) for stream in "abc"]
    for future in futures:
        future.add_done_callback(lambda done: order.append(words(done.result().item)))
    if joint:
        futures.append(ours.both("b", "c"))
    await asyncio.gather(*futures)
    assert sorted(order[:4]) == ["a1", "a2", "c1", "c2"], "those of other streams waited"
    assert order[4:] == ["b1", "b2"]
    assert await texts(either.real, "a") == ["x", "a1", "a2"]
    assert await texts(either.real, "b") == ["x", "x", "b1", "b2", *["x"] * joint]
    assert ours.delivered("b") == list(range(1, 5 + joint))


async def test_racing_nodes_lose_and_reorder_nothing(either: Unstable) -> None:
    nodes = [Node(either.real), Node(either.real)]

    async def talk(node: Node, name: str) -> list[Outcome]:
        outcomes = []
        for number in range(25):
            outcomes += await asyncio.gather(*(node.send(text=f"{name} {number} {part}") for part in range(3)))
        return outcomes

    both = await asyncio.gather(*(talk(node, f"n{at}") for at, node in enumerate(nodes)))
    there = await texts(either.real)
    assert len(there) == 150
    for at, outcomes in enumerate(both):
        assert [there[outcome.item.rev - 1] for outcome in outcomes] == [
            f"n{at} {number} {part}" for number in range(25) for part in range(3)
        ]
    for node in nodes:
        revs = node.delivered()
        assert revs == list(range(revs[0], revs[-1] + 1))


async def test_racing_nodes_get_their_turns(either: Unstable) -> None:
    nodes = [Node(either.real), Node(either.real)]
    streams = [f"s{number}" for number in range(4)]
    items = [(await nodes[0].send(stream)).item for stream in streams]
    done = [0, 0]
    going = True

    async def talk(at: int, number: int) -> None:
        while going:
            if number % 2:
                await nodes[at].send(streams[number % 4])
            else:
                await nodes[at].edit(items[done[at] % 4], f"{at} {number} {done[at]}")
            done[at] += 1

    talks = [asyncio.ensure_future(talk(at, number)) for at in range(2) for number in range(20)]
    # Who is ahead changes every few writes: they go on until both have had many, or one has had nearly all.
    await until(lambda: min(done) >= 100 or max(done) >= 2000)
    going = False
    await asyncio.gather(*talks)
    assert min(done) >= 100, f"one node starved the other: {done}"


async def test_racing_changes_of_one_item_lose_nothing(either: Unstable) -> None:
    one, two = Node(either.real), Node(either.real)
    item = (await one.send(text="")).item
    for number in range(10):
        await asyncio.gather(one.edit(item, f"one {number}"), two.edit(item, f"two {number}"))
    entries = await stored(either.real)
    assert len(entries) == 21
    assert entries[0].changed == 21


async def test_append_that_never_gets_its_turn_is_unavailable(
    unstable: Unstable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "ATTEMPTS", 2)
    monkeypatch.setattr(lanes_module, "RETRY_JITTER_S", 0)
    ours, theirs = Node(unstable.database), Node(unstable.real)
    runs = 0

    async def overtaken(_view: View) -> Plan:
        nonlocal runs
        runs += 1
        await theirs.send()
        return Plan([Step(sending(stream, "late").item) for stream in ("r", "other")])  # type: ignore[arg-type]

    with pytest.raises(Unavailable):
        await ours.lanes.append(Append(("r", "other"), overtaken))
    assert runs == 3
    assert await texts(unstable.real, "other") == []
    assert (await ours.send()).item.rev == 4


async def test_refusal_that_cannot_be_looked_into_is_unavailable_and_told_later(unstable: Unstable) -> None:
    ours, theirs = Node(unstable.database), Node(unstable.real)
    await ours.send(text="0")
    await theirs.send(text="1")
    unstable.fail(Fault.UNAVAILABLE, "get")
    with pytest.raises(Unavailable):
        await ours.send(text="refused")
    assert (await ours.send(text="2")).item.rev == 3
    assert ours.delivered() == [1, 2, 3]
    assert await texts(unstable.real) == ["0", "1", "2"]


async def test_others_that_cannot_be_read_are_read_later(unstable: Unstable) -> None:
    ours, theirs = Node(unstable.database), Node(unstable.real)
    await ours.send(text="0")
    await theirs.send(text="1")
    unstable.fail(Fault.UNAVAILABLE, "find")
    assert (await ours.send(text="2")).item.rev == 3
    assert unstable.healed
    assert await texts(unstable.real) == ["0", "1", "2"]


async def test_what_was_kept_before_a_refusal_is_told_though_the_refusal_cannot_be_looked_into(
    unstable: Unstable,
) -> None:
    ours, theirs = Node(unstable.database), Node(unstable.real)
    await asyncio.gather(ours.send("other"), ours.send("r"))
    await theirs.send("r")
    unstable.fail(Fault.UNAVAILABLE, "get")
    kept, refused = ours.send("other"), ours.send("r")
    assert (await kept).item.rev == 2
    with pytest.raises(Unavailable):
        await refused


async def test_a_mistake_while_others_are_learnt_of_leaves_the_stream_open(unstable: Unstable) -> None:
    mistakes = [ValueError("a mistake of ours")]

    def learned(_: Batch) -> None:
        while mistakes:
            raise mistakes.pop()

    lanes = Lanes(unstable.database, lambda _: None, learned)
    with pytest.raises(Unavailable):
        await lanes.append(sending("r", "1"))
    assert (await lanes.append(sending("r", "2"))).item.rev == 1


# The same request twice


async def test_repeated_cid_is_answered_with_the_first_item(either: Unstable) -> None:
    node = Node(either.database)
    first = await node.send(text="hello", cid="same")
    again = await node.send(text="hello", cid="same")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.item.id == first.item.id
    assert len(await stored(either.real)) == 1
    assert node.delivered() == [1]


async def test_repeated_cid_leaves_no_gap_behind_it(either: Unstable) -> None:
    node = Node(either.database)
    await node.send(text="hello", cid="same")
    futures = [node.send(text="a"), node.send(text="hello", cid="same"), node.send(text="b"), node.send("s", "c")]
    a, again, b, c = await asyncio.gather(*futures)
    assert (a.item.rev, again.item.rev, b.item.rev, c.item.rev) == (2, 1, 3, 1)
    assert await texts(either.real) == ["hello", "a", "b"]


async def test_repetition_within_one_write_is_answered_with_the_first_item(either: Unstable) -> None:
    node = Node(either.database)
    first, again, last = await asyncio.gather(*(node.send(text="hello", cid=cid) for cid in ("same", "same", "other")))
    assert (first.repeated, again.repeated, last.repeated) == (False, True, False)
    assert again.item.id == first.item.id
    assert [entry.cid for entry in await stored(either.real)] == ["same", "other"]


@pytest.mark.parametrize("together", [False, True])
async def test_cid_with_another_body_is_a_conflict(either: Unstable, together: bool) -> None:
    node = Node(either.database)
    first = node.send(text="one body", cid="same")
    if not together:
        await first
    futures = [first, node.send(text="another", cid="same"), node.send(text="after")]
    _, refused, after = await asyncio.gather(*futures, return_exceptions=True)
    assert isinstance(refused, CidConflict)
    assert isinstance(after, Outcome)
    assert await texts(either.real) == ["one body", "after"]


async def test_repeated_cid_answers_the_item_as_it_is_now(either: Unstable) -> None:
    node = Node(either.database)
    item = (await node.send(text="hello", cid="same")).item
    await node.edit(item, "changed")
    again = await node.send(text="hello", cid="same")
    assert (again.item.rev, again.item.changed, again.item.body) == (1, 2, (await stored(either.real))[0].body)


async def test_cid_is_each_authors_own(either: Unstable) -> None:
    node = Node(either.database)
    outcomes = await asyncio.gather(*(node.send(cid="same", author=name) for name in ("ann", "bob")))
    assert [outcome.repeated for outcome in outcomes] == [False, False]


async def test_cid_is_each_streams_own(either: Unstable) -> None:
    node = Node(either.database)
    outcomes = await asyncio.gather(*(node.send(stream, cid="same") for stream in ("a", "b")))
    assert [outcome.repeated for outcome in outcomes] == [False, False]


async def test_first_item_that_cannot_be_read_is_unavailable(unstable: Unstable) -> None:
    node = Node(unstable.database)
    await node.send(cid="same")
    unstable.fail(Fault.UNAVAILABLE, "find")
    with pytest.raises(Unavailable):
        await node.send(cid="same")
    assert (await node.send(cid="same")).repeated
    assert len(await stored(unstable.real)) == 1


async def test_foreign_repetition_is_answered_with_the_foreign_item(either: Unstable) -> None:
    ours, theirs = Node(either.database), Node(either.real)
    await ours.send(text="0")
    first = await theirs.send(text="hello", cid="same")
    again = await ours.send(text="hello", cid="same")
    assert again.repeated
    assert again.item.id == first.item.id
    assert await texts(either.real) == ["0", "hello"]
