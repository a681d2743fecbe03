"""Catching up: what was missed comes whole, in order and once, whatever happens meanwhile."""

import asyncio
from typing import Any

import pytest

from services.streams.batch import Batch
from services.streams.reading import read_batch
from store.errors import Unavailable
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Live, Person
from tests.unstable import Gate
from ws.sessions import catchup
from ws.sessions.catchup import CHUNK_BYTES

OLD = ["0", "1", "2", "3", "4", "5"]


class Chunks:
    """The reads of catch-ups: two revs each; one of them may be held, or fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(catchup, "CHUNK_REVS", 2)
        monkeypatch.setattr(catchup, "read_batch", self._read)
        self.count = 0
        self.gate = Gate()
        self.held: int | None = None
        self.failing: int | None = None

    async def _read(self, *arguments: Any) -> Batch:
        number = self.count
        self.count += 1
        if number == self.held:
            await self.gate.hold()
        if number == self.failing:
            raise Unavailable("made to fail")
        return await read_batch(*arguments)


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> Chunks:
    return Chunks(monkeypatch)


class Missed:
    """A room of Bob's where Ann missed six messages, which no memory holds."""

    def __init__(self, room: str, ann: Person, bob: Person, items: list[Json]) -> None:
        self.room = room
        self.ann, self.bob = ann, bob
        self.items = items
        self.cursor = {room: 2}

    async def texts(self, live: Live, last: str) -> list[str]:
        """Return the texts that come, up to the last; revs have to rise."""
        seen: list[Json] = []
        while not seen or seen[-1]["d"].get("text") != last:
            seen.append(await live.next("message"))
        revs = [event["rev"] for event in seen]
        assert revs == sorted(set(revs))
        return [event["d"].get("text", "notice") for event in seen]


async def missing(parley: Parley, **how: str) -> Missed:
    ann, bob = await parley.people("ann", "bob")
    room = await bob.create(**how)
    await ann.do("room.join", room=room)
    return Missed(room, ann, bob, [await bob.say(room, text) for text in OLD])


@pytest.fixture
async def missed(parley: Parley) -> Missed:
    return await missing(parley)


@pytest.mark.parametrize("held", [0, 1, 2])
async def test_what_comes_meanwhile_comes_once_and_behind(missed: Missed, chunks: Chunks, held: int) -> None:
    chunks.held = held
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    await missed.bob.say(missed.room, "new 1")
    await missed.bob.say(missed.room, "new 2")
    chunks.gate.release()
    await missed.bob.say(missed.room, "new 3")
    assert await missed.texts(live, "new 3") == [*OLD, "new 1", "new 2", "new 3"]


async def test_what_is_kept_and_not_yet_delivered_comes_once(
    parley: Parley, missed: Missed, chunks: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catchup, "CHUNK_REVS", 100)
    chunks.held = 0
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    written = parley.store.hold("batch", answered=True)
    saying = asyncio.create_task(missed.bob.say(missed.room, "new"))
    await written.reached.wait()
    chunks.gate.release()
    events = await live.until("live")
    assert [event["d"]["text"] for event in events if event.get("room") == missed.room] == OLD
    written.release()
    await saying
    assert await missed.texts(live, "new") == ["new"]
    assert await live.pending() == []


async def test_nothing_is_live_in_any_stream_before_all_are_caught_up_with(missed: Missed, chunks: Chunks) -> None:
    other = await missed.bob.create("other")
    await missed.ann.do("room.join", room=other)
    chunks.held = 0
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    await missed.bob.say(other, "elsewhere")
    chunks.gate.release()
    events = await live.until("live")
    assert [event["d"]["text"] for event in events if event.get("room") in (missed.room, other)] in (
        OLD,
        [*OLD, "elsewhere"],
    )
    await missed.bob.say(other, "end")
    after = [event["d"]["text"] for event in await live.pending() if event["ev"] == "message"]
    assert [*[event["d"]["text"] for event in events if event.get("room") == other], *after] == ["elsewhere", "end"]


@pytest.mark.parametrize("held", [0, 1, 2])
async def test_item_that_changes_meanwhile_comes_once_as_it_is(missed: Missed, chunks: Chunks, held: int) -> None:
    chunks.held = held
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    for message in (missed.items[0], missed.items[5]):
        place = {"room": missed.room, "message": message["id"]}
        await missed.bob.do("message.edit", **place, text=f"edited {message['text']}")
    chunks.gate.release()
    await missed.bob.say(missed.room, "end")
    heard = await missed.texts(live, "end")
    assert heard[-3:] == ["edited 0", "edited 5", "end"]
    assert heard[:-3] == [text for text in OLD if text in heard[:-3]]
    assert set(heard) >= {"1", "2", "3", "4"}


async def test_item_that_was_changed_comes_at_its_latest_change_alone(missed: Missed, chunks: Chunks) -> None:
    place = {"room": missed.room, "message": missed.items[1]["id"]}
    for text in ("one", "two"):
        await missed.bob.do("message.edit", **place, text=text)
    await missed.bob.do("room.update", room=missed.room, name="first")
    await missed.bob.do("room.update", room=missed.room, name="second")
    live = await missed.ann.connect(missed.cursor)
    events = [event for event in await live.until("live") if event.get("room") == missed.room]
    told = [event["d"]["name"] if event["ev"] == "room" else event["d"].get("text", "notice") for event in events]
    assert told == ["0", "2", "3", "4", "5", "two", "notice", "notice", "second"]
    assert chunks.count > 3


async def test_live_is_said_when_everything_was_said(missed: Missed, chunks: Chunks) -> None:
    chunks.held = 2
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    assert not [event for event in await live.pending() if event["ev"] == "live"]
    chunks.gate.release()
    await live.until("live")


async def test_removed_meanwhile_one_hears_nothing_more(missed: Missed, chunks: Chunks) -> None:
    chunks.held = 1
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    await missed.bob.do("room.remove", room=missed.room, user=missed.ann.id)
    await missed.bob.say(missed.room, "behind the back")
    chunks.gate.release()
    events = await live.until("room.left")
    assert [event["d"]["text"] for event in events if event.get("room") == missed.room] == ["0", "1"]
    await live.call("ping")
    assert "behind the back" not in str(await live.pending())


async def test_removed_while_its_socket_is_full_one_hears_nothing_more(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    await bob.connect(deaf=True)  # memory holds it all
    for number in range(120):
        await bob.say(room, f"{number} ".ljust(4000, "x"))
    live = await ann.connect({room: 2}, receive_buffer=4096, read_pause=0.005)
    await bob.do("room.remove", room=room, user=ann.id)
    await bob.say(room, "behind the back")
    heard = [event for event in await live.until("room.left") if event.get("room") == room]
    assert 0 < len(heard) < 120, "it was removed in the midst of it"
    assert await live.call("ping") == {}
    assert "behind the back" not in str([*heard, *await live.pending()])


async def test_removed_and_back_meanwhile_one_hears_nothing_of_the_time_between(parley: Parley, chunks: Chunks) -> None:
    missed = await missing(parley, history="joined")
    chunks.held = 1
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    await missed.bob.do("room.remove", room=missed.room, user=missed.ann.id)
    between = await missed.bob.say(missed.room, "behind the back")
    joining = parley.store.hold("count")
    await missed.bob.do("room.add", room=missed.room, user=missed.ann.id)
    await joining.reached.wait()
    chunks.gate.release()
    await missed.bob.say(missed.room, "back")
    await live.call("ping")
    joining.release()
    await missed.bob.do("message.edit", room=missed.room, message=between["id"], text="behind the back, too")
    await missed.bob.say(missed.room, "end")
    events: list[Json] = []
    while not events or events[-1]["d"].get("text") != "end":
        events.append(await live.next())
    assert "behind the back" not in str(events)
    away = [event["ev"] for event in events].index("room.left"), [event["ev"] for event in events].index("room.joined")
    assert [event for event in events[slice(*away)] if event.get("room") == missed.room] == []
    revs = [event["rev"] for event in events[away[1] :] if event.get("room") == missed.room and "rev" in event]
    assert revs == sorted(set(revs))


@pytest.mark.parametrize("failing", [0, 2])
async def test_catch_up_without_a_store_ends_the_session_to_come_back(
    missed: Missed, chunks: Chunks, failing: int
) -> None:
    chunks.failing = failing
    live = await missed.ann.connect(missed.cursor)
    assert (await live.next("goaway"))["d"] == {"after": 500, "spread": 4500}
    assert await live.code() == 4002
    again = await missed.ann.connect(missed.cursor)
    await missed.bob.say(missed.room, "end")
    assert await missed.texts(again, "end") == [*OLD, "end"]


async def test_session_that_ends_meanwhile_leaves_nothing_behind(
    parley: Parley, missed: Missed, chunks: Chunks
) -> None:
    chunks.held = 1
    live = await missed.ann.connect(missed.cursor)
    await chunks.gate.reached.wait()
    live.socket.cut()
    await parley.door.empty.wait()
    chunks.gate.release()
    watched = parley.door.hub.find(missed.room)
    assert watched is not None
    assert watched.idle


@pytest.mark.parametrize("watched", [True, False], ids=["memory", "store"])
async def test_history_from_the_join_on_holds_for_what_was_missed(
    parley: Parley, chunks: Chunks, watched: bool
) -> None:
    ann, bob = await parley.people("ann", "bob")
    room = await bob.create(history="joined")
    old = await bob.say(room, "before")
    await ann.do("room.join", room=room)
    if watched:
        await bob.connect()
    await bob.do("message.edit", room=room, message=old["id"], text="edited before")
    await bob.do("room.update", room=room, description="for all")
    await bob.say(room, "after")
    live = await ann.connect({room: 3})
    assert live.rooms[room]["state"] == "delta"
    events = [event for event in await live.until("live") if event.get("room") == room]
    assert [event["d"].get("text", event["ev"]) for event in events] == ["room", "after"]
    assert (chunks.count == 0) == watched
    await bob.do("message.edit", room=room, message=old["id"], text="edited again")
    await bob.say(room, "live")
    assert (await live.next("message"))["d"]["text"] == "live"


async def test_slow_reader_is_read_for_no_faster_than_it_takes(parley: Parley, chunks: Chunks) -> None:
    """Two streams of 200 KB: of the second nothing is read before the first has gone out."""
    ann, bob = await parley.people("ann", "bob")
    rooms = [await bob.create(f"{number}") for number in range(2)]
    for room in rooms:
        await ann.do("room.join", room=room)
        for _ in range(50):
            await bob.say(room, "x" * 4000)
    live = await ann.connect(dict.fromkeys(rooms, 2), receive_buffer=4096, read_pause=0.005)
    (session,) = parley.door.hub.sessions(ann.id)
    most = 0
    while session.catching is not None:
        most = max(most, session.outbox.queued)
        await asyncio.sleep(0)
    assert 0 < most <= 2 * CHUNK_BYTES
    events = [event for event in await live.until("live") if event["ev"] == "message" and event["room"] in rooms]
    assert [event["rev"] for event in events] == [*range(3, 53)] * 2
    assert not session.outbox.pacing
