"""Nodes that tell each other: everything is heard everywhere, and what was not told is found."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest

from store import open_database
from store.broker_memory import Exchange
from store.tables import ENTRIES, LOGINS, Login, Text
from tests.entries import text_entry
from tests.peers import until
from tests.unit.ws.ears import Ear
from tests.unit.ws.relay.nodes import KEY, Member, hear, heard, nodes
from tests.unstable import Unstable
from ws.relay import announcer, canary, relay, sweeps, tail
from ws.relay.envelopes import DIGEST_BYTES, Envelopes, Kind
from ws.relay.leases import UNKEPT_S


@pytest.fixture
def exchange() -> Exchange:
    """What the nodes share."""
    return Exchange()


@pytest.fixture
async def pair(unstable: Unstable, exchange: Exchange) -> AsyncIterator[list[Member]]:
    """Two nodes on one store whose links carry."""
    async with nodes(unstable.database, exchange) as made:
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what happens each second happen more often."""
    monkeypatch.setattr(canary, "EVERY_S", 0.05)
    monkeypatch.setattr(canary, "SILENT_S", 0.15)
    monkeypatch.setattr(relay, "EVERY_S", 0.05)
    monkeypatch.setattr(relay, "NOTE_S", 0.05)
    monkeypatch.setattr(relay, "LOGINS_S", 0.0)


async def write_silently(unstable: Unstable, rev: int, stream: str = "r") -> None:
    """Have an item in the store that nobody tells of, as a node leaves it that dies."""
    entry = text_entry(stream, "dead", "dead", f"c{rev}", Text(text="x"), "d")
    await unstable.real.insert(ENTRIES, msgspec.structs.replace(entry, rev=rev, seq=rev, changed=rev))


async def test_what_one_node_writes_is_heard_on_the_other_without_a_read(
    unstable: Unstable, pair: list[Member]
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    reads = unstable.count("find")
    await one.write()
    await one.write()
    await heard(two, ear, 1, 2)
    assert unstable.count("find") == reads + 1, "the lane read its head, and nobody else anything"


async def test_a_lane_follows_what_other_nodes_write(pair: list[Member]) -> None:
    one, two = pair
    await hear(one, Ear("ann"))
    await hear(two, Ear("bob"))
    await one.write()
    await until(lambda: len(two.learned) == 1)
    await two.write()
    await until(lambda: len(one.learned) == 1)
    await one.write()
    assert one.lanes._lanes["r"].head == 3


async def test_nodes_that_hear_each_other_write_in_turns_and_read_nothing(
    unstable: Unstable, pair: list[Member]
) -> None:
    for number, member in enumerate(pair):
        member.live.wrote = member.lanes.rivals.heard
        await hear(member, Ear(f"ear{number}"))
    await pair[0].write()
    await until(lambda: pair[1].learned)
    await pair[1].write()
    reads = unstable.count("find", "get")

    async def talk(member: Member) -> list[int]:
        return [(await member.write()).rev for _ in range(10)]

    revs = await asyncio.gather(*(talk(member) for member in pair for _ in range(5)))
    assert sorted(rev for some in revs for rev in some) == list(range(3, 103))
    assert all(some == sorted(some) for some in revs)
    assert unstable.count("find", "get") - reads < 10, "a word that came late may be read instead"


async def test_who_wrote_is_told_before_what_they_wrote(pair: list[Member]) -> None:
    one, two = pair
    await hear(two, Ear("bob"))
    told: list[tuple[str, str, int]] = []
    two.live.wrote = lambda stream, node: told.append((stream, node, len(two.learned)))
    await one.write()
    await until(lambda: two.learned)
    assert told == [("r", "n0", 0)]


async def test_signals_reach_other_nodes_but_not_who_sent_them(pair: list[Member]) -> None:
    one, two = pair
    ann, bob = await hear(two, Ear("ann")), await hear(two, Ear("bob"))
    one.live.signal("r", b'{"ev":"typing"}', but_user="ann")
    await until(lambda: bob.outbox.ephemeral)
    assert ann.outbox.ephemeral == []


async def test_a_person_is_told_on_all_nodes(pair: list[Member]) -> None:
    one, two = pair
    ear = await hear(two, Ear("ann"), "u_ann")
    one.live.tell("ann", b'{"ev":"read"}')
    await until(lambda: ear.outbox.ephemeral)


async def test_sessions_of_a_log_in_end_on_all_nodes(unstable: Unstable, pair: list[Member]) -> None:
    one, two = pair
    for login in ("l1", "l2"):
        await unstable.real.insert(LOGINS, Login(id=login, user="ann", live=True, created_at=1, expires_at=2**60))
    ear = await hear(two, Ear("ann", "l1"))
    other = await hear(two, Ear("ann", "l2"))
    one.live.end_login("l1", "logged out")
    await until(lambda: ear.ended)
    assert two.tokens.has_ended("l1")
    assert other.ended == []


async def test_a_lost_message_is_found_by_what_is_told_again(
    unstable: Unstable, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    with monkeypatch.context() as patch:
        patch.setattr(one.broker, "publish", lambda *_: None)
        await one.write()
    one.relay._announcer.tell()
    await heard(two, ear, 1)
    for _ in range(announcer.TIMES):
        one.relay._announcer.tell()
    assert one.relay._announcer._heads == {}


async def test_a_revocation_that_was_lost_is_told_again(pair: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    ear = await hear(two, Ear("ann", "l1"))
    with monkeypatch.context() as patch:
        patch.setattr(one.broker, "publish", lambda *_: None)
        one.live.end_login("l1", "logged out")
    one.relay._announcer.tell()
    await until(lambda: ear.ended)


@pytest.mark.usefixtures("quick")
async def test_without_links_the_store_is_watched(unstable: Unstable, exchange: Exchange, pair: list[Member]) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    exchange.cut()
    await until(lambda: two.relay.degraded)
    await one.write()
    await heard(two, ear, 1)
    exchange.mend()
    await until(lambda: not two.relay.degraded)
    await one.write()
    await heard(two, ear, 1, 2)


@pytest.mark.usefixtures("quick")
async def test_what_was_written_while_a_link_was_gone_is_found_once_it_is_back(
    exchange: Exchange, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    monkeypatch.setattr(tail, "OVERLAP_S", 5.0)
    ear = await hear(two, Ear("bob"))
    recovered: list[int] = []
    two.relay.recovered.append(lambda: recovered.append(1))
    exchange.cut()
    await one.write()
    exchange.mend()
    await heard(two, ear, 1)
    await until(lambda: recovered)


@pytest.mark.usefixtures("quick")
async def test_a_mute_link_is_noticed(pair: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    monkeypatch.setattr(two.broker, "heard", lambda *_: None)
    await until(lambda: two.relay.degraded)
    await one.write()
    await heard(two, ear, 1)


async def test_opening_a_stream_does_not_wait_for_a_broker_that_is_away(unstable: Unstable, exchange: Exchange) -> None:
    exchange.cut()
    async with nodes(unstable.database, exchange, 1) as (one,):
        async with asyncio.timeout(1):
            await hear(one, Ear("bob"))
        assert one.relay.degraded


@pytest.mark.usefixtures("quick")
async def test_subscriptions_that_the_broker_forgot_are_made_again(
    exchange: Exchange, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    monkeypatch.setattr(exchange, "count", lambda channel: 0 if channel == "r" else 1)
    await two.relay._subscriptions._check()
    monkeypatch.undo()
    await until(lambda: "r" in two.broker.subscribed)
    await one.write()
    await heard(two, ear, 1)


async def test_a_dead_nodes_last_words_are_found(unstable: Unstable, pair: list[Member]) -> None:
    _, two = pair
    ear = await hear(two, Ear("bob"))
    await write_silently(unstable, 1)
    for told in two.relay.leases.gone:
        told("n0")
    await heard(two, ear, 1)


@pytest.mark.usefixtures("quick")
async def test_every_stream_is_asked_about_in_a_round(
    unstable: Unstable, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "ROUND_S", 0.2)
    monkeypatch.setattr(sweeps, "STEP_S", 0.05)
    async with nodes(unstable.database, exchange, 1) as (one,):
        ears = [await hear(one, Ear("bob"), f"r{number}") for number in range(7)]
        for number in range(7):
            await write_silently(unstable, 1, f"r{number}")
        for ear in ears:
            await heard(one, ear, 1)


@pytest.mark.usefixtures("quick")
async def test_a_history_that_went_back_resets_those_who_watch(unstable: Unstable, pair: list[Member]) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    entry = await one.write()
    await heard(two, ear, 1)
    await unstable.real.delete(ENTRIES, entry.id)
    two.relay._sweeps.hurry("r")
    await until(lambda: len(ear.heard) == 2)
    assert ear.heard[1] == {"ev": "reset", "room": "r", "d": {"head": 0}}


@pytest.mark.usefixtures("quick")
async def test_without_links_ended_log_ins_are_found_in_the_store(
    unstable: Unstable, exchange: Exchange, pair: list[Member]
) -> None:
    _, two = pair
    for login, live in (("l1", True), ("l2", False)):
        await unstable.real.insert(LOGINS, Login(id=login, user="ann", live=live, created_at=1, expires_at=2**60))
    kept, ended = await hear(two, Ear("ann", "l1")), await hear(two, Ear("ann", "l2"))
    exchange.cut()
    await until(lambda: ended.ended)
    assert kept.ended == []
    assert two.tokens.has_ended("l2")


@pytest.mark.usefixtures("quick")
async def test_without_links_ended_log_ins_are_found_though_no_session_is_theirs(
    unstable: Unstable, exchange: Exchange, pair: list[Member]
) -> None:
    _, two = pair
    await unstable.real.insert(LOGINS, Login(id="l1", user="ann", live=True, created_at=1, expires_at=2**60))
    await two.tokens.authenticate(two.tokens.issue("ann", "ann", "l1"))
    await unstable.real.update(LOGINS, "l1", {"live": False})
    assert list(two.tokens.believed()) == ["l1"]
    exchange.cut()
    await until(lambda: two.tokens.has_ended("l1"))


async def test_a_large_batch_is_told_by_its_head_alone(pair: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    monkeypatch.setattr(relay, "BATCH_BYTES", 10)
    await one.write()
    await heard(two, ear, 1)
    assert all(batch.events == [] for batch in two.learned)


@pytest.mark.parametrize("forged", ["of another key", "unsigned", "of an old version", "empty", "of a pickle"])
async def test_forged_words_are_dropped_and_counted(
    pair: list[Member], forged: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, two = pair
    sealed = Envelopes(b"z" * 32, "one").seal(Kind.ENDED, msgspec.msgpack.encode(("l1", "banned")))
    old = bytes((0, Kind.ENDED, 3)) + b"one" + msgspec.msgpack.encode(("l1", "banned"))
    said = {
        "of another key": sealed,
        "unsigned": sealed[DIGEST_BYTES:],
        "of an old version": blake2b(old, digest_size=DIGEST_BYTES, key=KEY).digest() + old,
        "empty": b"",
        "of a pickle": b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
    }[forged]
    two.relay._receive("nodes", said)
    assert not two.tokens.has_ended("l1")
    assert two.metrics.registry.get_sample_value("parley_unheard_messages_total") == 1
    assert "what was heard from the broker is no word of a node" in caplog.messages


async def test_words_of_another_installation_are_not_heard(
    unstable: Unstable, tmp_path: Path, exchange: Exchange, pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, two = pair
    ear = await hear(two, Ear("bob"))
    monkeypatch.setattr("tests.unit.ws.relay.nodes.KEY", b"z" * 32)
    async with open_database(tmp_path / "other", None) as other, nodes(other, exchange, 1) as (stranger,):
        await stranger.write()
        stranger.live.signal("r", b"{}")
        await asyncio.sleep(0.05)
    assert (ear.revs, ear.outbox.ephemeral) == ([], [])


@pytest.mark.usefixtures("quick")
async def test_what_a_node_writes_that_alone_is_cut_off_is_looked_for(
    pair: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    ear = await hear(two, Ear("bob"))
    monkeypatch.setattr(one.broker, "publish", lambda *_: None)
    two.relay.leases._went("n0")
    two.relay._node_gone("n0")
    await one.write()
    await heard(two, ear, 1)
    await one.write()
    await heard(two, ear, 1, 2)
    assert not two.relay.degraded


async def test_a_node_that_ends_says_so(unstable: Unstable, exchange: Exchange, pair: list[Member]) -> None:
    _, two = pair
    two.relay.leases.living |= {"n9"}
    async with nodes(unstable.database, exchange, 1) as (third,):
        third.relay._envelopes = Envelopes(KEY, "n9")
    await until(lambda: "n9" in two.relay.leases._left)


async def test_node_whose_lease_is_not_kept_while_the_links_carry_tells_it(pair: list[Member]) -> None:
    relay = pair[0].relay
    assert relay.faults() == []
    relay.leases._kept_at = asyncio.get_running_loop().time() - UNKEPT_S - 1
    assert [fault.partition(":")[0] for fault in relay.faults()] == ["the leases of nodes are not kept"]
