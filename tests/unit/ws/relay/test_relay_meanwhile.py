"""Nodes that tell each other while something else happens: nothing falls between two of their ways to find things."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Collection

import msgspec
import pytest

from services.ids import member_id
from services.loop import tasks
from services.streams.append import notice_entry
from store.broker_memory import Exchange
from store.errors import Unavailable
from store.tables import ENTRIES, MEMBERS, ROOMS, Effect, Notice, Room
from store.tables import Member as Row
from tests.peers import until
from tests.unit.ws.ears import Ear
from tests.unit.ws.relay.nodes import Member, hear, heard, nodes
from tests.unstable import Gate, Unstable
from ws.hub import idle
from ws.relay import announcer, canary, relay, sweeps
from ws.relay.envelopes import Kind
from ws.relay.everywhere import Signal


@pytest.fixture
def exchange() -> Exchange:
    """What the nodes share."""
    return Exchange()


@pytest.fixture
async def pair(unstable: Unstable, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Member]]:
    """Two nodes that look often at their links, tell nothing twice, and do not sweep by themselves."""
    monkeypatch.setattr(announcer, "EVERY_S", 3600.0)
    monkeypatch.setattr(sweeps, "STEP_S", 3600.0)
    monkeypatch.setattr(canary, "EVERY_S", 0.05)
    monkeypatch.setattr(canary, "SILENT_S", 0.3)
    monkeypatch.setattr(relay, "EVERY_S", 0.05)
    monkeypatch.setattr(relay, "NOTE_S", 0.05)
    async with nodes(unstable.database, exchange) as made:
        yield made


def test_the_newest_head_is_told_again_though_an_older_one_was_asked_for() -> None:
    told: list[tuple[str, int]] = []
    telling = announcer.Announcer(lambda stream, rev: told.append((stream, rev)), lambda _: None)
    telling.wrote("r", 9)
    telling.tell()
    telling.wrote("r", 7)
    for _ in range(announcer.TIMES):
        telling.tell()
    assert told == [("r", 9)] * (announcer.TIMES + 1)


async def test_many_streams_are_told_of_in_many_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "EVERY_S", 0.0)
    monkeypatch.setattr(announcer, "SLICE", 10)
    monkeypatch.setattr(announcer, "SLICE_PAUSE_S", 0.0)
    told: list[tuple[str, int]] = []
    telling = announcer.Announcer(lambda stream, rev: told.append((stream, rev)), lambda _: None)
    heads = [(f"r{number}", number) for number in range(1, 25)]
    for head in heads:
        telling.wrote(*head)
    running = asyncio.create_task(telling.run())
    goes = [0]
    while len(told) < len(heads) * announcer.TIMES:
        await asyncio.sleep(0)
        goes.append(len(told))
    await tasks.end(running)
    assert told == heads * announcer.TIMES
    assert max(later - earlier for earlier, later in itertools.pairwise(goes)) <= 10


async def test_a_stream_that_is_wanted_again_while_it_is_unsubscribed_misses_nothing(
    pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    monkeypatch.setattr(idle, "IDLE_KEPT", 0)
    gate, unsubscribe = Gate(), two.broker.unsubscribe

    async def slowly(channels: Collection[str]) -> None:
        await unsubscribe(channels)
        await gate.hold()

    first = Ear("bob")
    watched = await two.listen(first)
    monkeypatch.setattr(two.broker, "unsubscribe", slowly)
    two.hub.detach(first.session, watched)
    await gate.reached.wait()
    ear = await hear(two, Ear("bob"))
    await one.write()
    gate.release()
    await heard(two, ear, 1)


async def test_a_stream_opened_in_doubt_and_subscribed_late_misses_nothing(
    exchange: Exchange, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    exchange.cut()
    await until(lambda: two.relay.degraded)
    subscribe, refused = two.broker.subscribe, {"r"}

    async def all_but_refused(channels: Collection[str]) -> None:
        await subscribe(set(channels) - refused)
        if refused & set(channels):
            raise Unavailable("not yet")

    monkeypatch.setattr(two.broker, "subscribe", all_but_refused)
    ear = await hear(two, Ear("bob"))
    exchange.mend()
    await until(lambda: not two.relay.degraded and not one.relay.degraded)
    await asyncio.sleep(0.2)  # the last look at the store
    await one.write()
    refused.clear()
    await heard(two, ear, 1)


async def test_doubt_that_ends_while_the_store_is_asked_is_followed_by_a_look(
    unstable: Unstable, exchange: Exchange, pair: list[Member]
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    recovered: list[int] = []
    two.relay.recovered.append(lambda: recovered.append(1))
    gate = unstable.hold("latest", times=2)
    await until(lambda: gate.waiting == 2)
    exchange.cut()
    await one.write()
    await until(lambda: two.relay.degraded)
    one.broker._queue.clear()
    exchange.mend()
    await until(lambda: not two.relay.degraded)
    assert ear.revs == []
    gate.release()
    await heard(two, ear, 1)
    await until(lambda: recovered)


async def test_what_was_found_in_the_store_is_a_fact_too(unstable: Unstable, pair: list[Member]) -> None:
    _, two = pair
    store, facts = unstable.real, two.live._facts
    row = Row(id=member_id("r", "bob"), room="r", user="bob", username="bob", role="member", joined_at=1)
    await store.insert(ROOMS, Room(id="r", kind="public", owner="ann", member_count=2, created_at=1))
    await store.insert(MEMBERS, row)
    ear = await hear(two, Ear("ann"))
    assert await facts.member(await facts.known("r"), "bob")
    left = notice_entry("r", Notice("removed", "bob", "ann"), Effect("left", "bob", room="r"))
    await store.delete(MEMBERS, row.id)
    await store.insert(ENTRIES, msgspec.structs.replace(left, rev=1, seq=1, changed=1))
    two.relay._sweeps.hurry("r")
    await heard(two, ear, 1)
    assert await facts.member(await facts.known("r"), "bob") is None


async def test_what_is_not_kept_is_not_told_late(pair: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    with monkeypatch.context() as patch:
        patch.setattr(one.broker, "_plan", lambda: None)  # its link hangs
        await until(lambda: one.relay.degraded)
        one.live.signal("r", b'{"ev":"old"}')
    one.broker._plan()
    await until(lambda: not one.relay.degraded)
    one.live.signal("r", b'{"ev":"new"}')
    await until(lambda: ear.outbox.ephemeral)
    assert [b"new" in frame for frame in ear.outbox.ephemeral] == [True]


async def test_work_that_fails_begins_again(
    exchange: Exchange, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    asked: list[int] = []

    async def mistaken() -> None:
        asked.append(1)
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(two.relay._tail, "look", mistaken)
        exchange.cut()
        await until(lambda: asked)
    await one.write()
    await heard(two, ear, 1)


def test_a_word_that_makes_a_mistake_ends_no_link(pair: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    monkeypatch.setattr(two.hub, "signal", lambda *_, **__: 1 // 0)
    two.relay._receive("r", one.relay._envelopes.seal(Kind.SIGNAL, msgspec.msgpack.encode(Signal(b"{}"))))
