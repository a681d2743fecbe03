"""Catching up: what was missed comes whole, in order and once, whatever happens meanwhile."""

import asyncio

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.people import Live, Person
from tests.unstable import Fault
from ws import catchup
from ws.catchup import CHUNK_BYTES


class Missed:
    """A room of Bob's where Ann missed much."""

    def __init__(self, room: str, ann: Person, bob: Person) -> None:
        self.room = room
        self.ann, self.bob = ann, bob
        self.cursor = {room: 2}

    async def texts(self, live: Live, last: str) -> list[str]:
        """Return the texts that come, up to the last."""
        seen: list[Json] = []
        while not seen or seen[-1]["d"]["text"] != last:
            seen.append(await live.next("message"))
        revs = [event["rev"] for event in seen]
        assert revs == sorted(set(revs))
        return [event["d"]["text"] for event in seen]


@pytest.fixture
async def missed(parley: Parley) -> Missed:
    ann, bob = await parley.people("ann", "bob")
    room = await bob.create()
    await ann.do("room.join", room=room)
    for number in range(6):
        await bob.say(room, f"{number}")
    return Missed(room, ann, bob)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catchup, "CHUNK_REVS", 2)


OLD = ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("skip", [0, 1, 2])
async def test_what_comes_meanwhile_comes_once_and_behind(parley: Parley, missed: Missed, skip: int) -> None:
    # Of the reads of a hello only those of entries with subjects are batches: the chunks of the catch-up.
    gate = await held_chunk(parley, missed, skip)
    live, go = gate
    await missed.bob.say(missed.room, "new 1")
    await missed.bob.say(missed.room, "new 2")
    go()
    await missed.bob.say(missed.room, "new 3")
    assert await missed.texts(live, "new 3") == [*OLD, "new 1", "new 2", "new 3"]


async def held_chunk(parley: Parley, missed: Missed, skip: int) -> tuple[Live, object]:
    raise NotImplementedError


async def test_item_changed_meanwhile_comes_as_it_is_then(parley: Parley, missed: Missed) -> None:
    raise NotImplementedError
