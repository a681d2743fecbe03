"""Watchers of a hub: how they come and go, and what they hear that is not kept."""

import asyncio

import pytest

from store.errors import Unavailable
from store.tables import ENTRIES
from tests.unit.ws.ears import Ear, Station, batch, frames, item, items
from tests.unstable import Fault, Unstable
from ws.hub import idle
from ws.wire.codes import CloseCode

# Coming and going


async def test_one_head_is_read_for_all_who_come_at_once(unstable: Unstable, station: Station) -> None:
    ears = [Ear(f"u{number}") for number in range(5)]
    await asyncio.gather(*(station.listen(ear) for ear in ears))
    assert unstable.count("find") == 1
    assert station.meter("parley_watched_streams") == 1
    assert station.meter("parley_sessions") == 5


async def test_head_that_cannot_be_read_is_told_and_read_again(unstable: Unstable, station: Station) -> None:
    unstable.fail(Fault.UNAVAILABLE, "find")
    ears = [Ear("ann"), Ear("bob")]
    results = await asyncio.gather(*(station.listen(ear) for ear in ears), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    watched = station.hub.find("r")
    assert watched is None or watched.idle
    station.deliver(*items(1, 1))
    await unstable.real.insert(ENTRIES, item(1))
    await station.listen(ears[0])
    station.deliver(*items(2, 2))
    assert ears[0].revs == [2]


async def test_whoever_gives_up_while_the_head_is_read_is_not_held(unstable: Unstable, station: Station) -> None:
    gate = unstable.hold("find")
    ears = [Ear("ann"), Ear("bob")]
    listening = [asyncio.create_task(station.listen(ear)) for ear in ears]
    await gate.reached.wait()
    listening[0].cancel()
    await asyncio.wait(listening[:1])
    gate.release()
    watched = await listening[1]
    assert list(watched.sessions) == [ears[1].session]
    assert not watched.holding


async def test_stream_is_kept_a_while_when_nobody_watches_any_more(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    watched = await station.listen(ear)
    station.hub.remove(ear.session, "ann", ["r"])
    station.deliver(*items(1, 3))
    reads = unstable.count("find")
    again = Ear("ann")
    assert await station.listen(again) is watched
    assert unstable.count("find") == reads
    assert [kept.rev for kept in watched.since(1)] == [2, 3]
    assert (ear.revs, again.revs) == ([], [])


async def test_only_so_many_streams_are_kept_for_nobody(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "IDLE_KEPT", 2)
    ear = Ear("ann")
    for stream in ("a", "b", "c", "d"):
        watched = await station.listen(ear, stream)
        if stream != "d":
            station.hub.detach(ear.session, watched)
    assert [stream for stream in "abcd" if station.hub.find(stream)] == ["b", "c", "d"]
    assert station.meter("parley_watched_streams") == 3


async def test_removed_session_hears_nothing(station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    await station.listen(ear, "s")
    for _ in range(2):
        station.hub.remove(ear.session, "ann", ["r", "s", "never watched"])
    station.deliver(*items(1, 1), batch(item(1, "s")))
    station.hub.tell("ann", b"{}")
    assert ear.outbox.pushes == ear.outbox.ephemeral == []
    assert station.hub.sessions() == station.hub.sessions("ann") == []
    assert station.meter("parley_sessions") == 0


# Not kept


async def test_signal_is_heard_by_watchers_alone(station: Station) -> None:
    ann, bob, cay, dan = Ear("ann"), Ear("bob"), Ear("cay"), Ear("dan")
    for ear in (ann, bob):
        await station.listen(ear)
    await station.listen(cay, first_seq=5)
    await station.listen(dan, "s")
    station.hub.signal("r", b'{"n":1}')
    station.hub.signal("r", b'{"n":2}', but_user="ann")
    station.hub.signal("r", b'{"n":3}', but=bob.session)
    station.hub.signal("nobody watches", b'{"n":4}')
    heard = [[frames(frame)[0]["n"] for frame in ear.outbox.ephemeral] for ear in (ann, bob, cay, dan)]
    assert heard == [[1, 3], [1, 2], [1, 2, 3], []]
    assert ann.outbox.pushes == []


async def test_telling_reaches_all_sessions_of_a_person(station: Station) -> None:
    one, two, other = Ear("ann"), Ear("ann"), Ear("bob")
    for ear in (one, two, other):
        station.hub.add(ear.session, ear.user)
    station.hub.tell("ann", b'{"n":1}')
    station.hub.tell("ann", b'{"n":2}', but=one.session)
    station.hub.tell("nobody", b'{"n":3}')
    assert [len(ear.outbox.ephemeral) for ear in (one, two, other)] == [1, 2, 0]


async def test_ending_a_log_in_or_a_person_ends_their_sessions(station: Station) -> None:
    ears = [Ear("ann", "l1"), Ear("ann", "l2"), Ear("bob", "l3")]
    for ear in ears:
        station.hub.add(ear.session, ear.user)
    station.hub.end_login("l2", "logged out")
    assert [ear.ended for ear in ears] == [[], [(CloseCode.SESSION_ENDED, "logged out")], []]
    station.hub.end_user("ann", "revoked")
    assert [len(ear.ended) for ear in ears] == [1, 2, 0]


async def test_whoever_lets_go_late_takes_nothing_from_those_who_came_since(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "IDLE_KEPT", 0)
    gone, ear = Ear("ann"), Ear("bob")
    earlier = await station.listen(gone)
    station.hub.detach(gone.session, earlier)
    watched = await station.listen(ear)
    station.hub.detach(gone.session, earlier)
    assert station.hub.find("r") is watched
    station.deliver(*items(1, 1))
    assert ear.revs == [1]


async def test_close_ends_what_is_under_way(unstable: Unstable, station: Station) -> None:
    ear = Ear("ann")
    await station.listen(ear)
    station.deliver(*items(5, 5))
    unstable.hold("find")
    late = asyncio.create_task(station.listen(Ear("bob"), "s"))
    await asyncio.sleep(0)
    await station.hub.close()
    assert not station.hub.gaps._fills
    assert isinstance((await asyncio.gather(late, return_exceptions=True))[0], asyncio.CancelledError)


async def test_stream_that_is_being_opened_is_not_forgotten(
    unstable: Unstable, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "IDLE_KEPT", 0)
    gate = unstable.hold("find")
    first = asyncio.create_task(station.listen(Ear("ann")))
    await gate.reached.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(station.listen(Ear("bob")))
    gate.release()
    watched = await second
    assert watched is station.hub.find("r")
    assert watched.delivered == 0


async def test_streams_kept_for_nobody_are_bounded_in_bytes_however_they_grow(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "IDLE_BYTES", 2000)
    ear = Ear("ann")
    for stream in ("quiet", "busy"):
        station.hub.detach(ear.session, await station.listen(ear, stream))
    for rev in range(1, 5):
        station.deliver(batch(item(rev, "busy")))
    assert station.hub.find("quiet")
    for rev in range(5, 20):
        station.deliver(batch(item(rev, "busy")))
    assert station.hub.find("busy") is None
    assert station.meter("parley_watched_streams") == (1 if station.hub.find("quiet") else 0)
