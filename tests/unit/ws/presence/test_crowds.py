"""How many people of a large room are there, over several nodes."""

import asyncio

import pytest

from tests.unit.ws.presence.town import Device, Node, Town, settle
from ws.hub.watched import Watched
from ws.presence import crowds


@pytest.fixture(autouse=True)
def _answers_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "ANSWER_S", 0.01)


def enter(node: Node, room: str, *users: str) -> list[Device]:
    """Let people watch a room on a node; the hub opens it as it would for a session."""
    watched = node.hub.find(room)
    if watched is None:
        watched = node.hub._watched[room] = Watched(room)
        watched.delivered = 0
        node.line.want(room)
    devices = [node.connect(user) for user in users]
    for device in devices:
        node.hub.attach(device.session, watched)
    return devices


async def test_everybody_is_counted_once(town: Town) -> None:
    a, b, c = await town.build("a", "b", "c")
    enter(a, "room", "ann", "bob", "ann")
    enter(b, "room", "bob", "cid")
    enter(b, "other", "dan")
    assert await a.desk.count("room") == 3
    assert await b.desk.count("room") == 3
    assert await c.desk.count("room") == 3, "nobody of it has to be here"
    assert await a.desk.count("empty") == 0


async def test_many_who_ask_cost_one_question(town: Town) -> None:
    (a,) = await town.build("a")
    enter(a, "room", "ann", "bob")
    await settle()
    before = town.place.questions
    assert await asyncio.gather(*(a.desk.count("room") for _ in range(50))) == [2] * 50
    assert await a.desk.count("room") == 2
    assert town.place.questions == before + 1


async def test_count_is_made_anew_after_a_while(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = await town.build("a", "b")
    enter(b, "room", "ann", "bob")
    assert await a.desk.count("room") == 2
    enter(b, "room", "cid")
    assert await a.desk.count("room") == 2, "it is of just now"
    monkeypatch.setattr(crowds, "KEPT_S", -1.0)
    assert await a.desk.count("room") == 2, "and so is what the other has said"
    monkeypatch.setattr(crowds, "FILLED_S", -1.0)
    assert await a.desk.count("room") == 3


async def test_without_redis_those_here_are_counted(town: Town) -> None:
    a, b = await town.build("a", "b")
    enter(a, "room", "ann", "bob")
    enter(b, "room", "cid")
    town.place.down = True
    assert await a.desk.count("room") == 2
    a.line.degraded = True
    assert await a.desk.count("room") == 2
    town.place.down = a.line.degraded = False
    assert await a.desk.count("room") == 3


async def test_asking_for_thousands_of_rooms_is_bounded(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "KEPT", 10)
    a, b = await town.build("a", "b")
    for number in range(50):
        enter(b, f"room-{number}", "ann")
        assert await a.desk.count(f"room-{number}") == 1
    assert len(a.desk._crowds._counts) == len(b.desk._crowds._filled) == 10
    await settle()
    await a.desk.close()
