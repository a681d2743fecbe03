"""A session while the store stands still: nobody waits twice for what the one before waited for in vain."""

import asyncio
from typing import Any

import pytest

from services.operations import context
from tests.application import Parley
from tests.client.rest import Refused
from ws.sessions import requests


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in a tenth of its time."""
    monkeypatch.setattr(context, "DEADLINE_S", 0.4)
    monkeypatch.setattr(requests, "STANDING_S", 0.1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("op", ["message.send", "room.join"])
async def test_requests_behind_one_that_waits_in_vain_are_told_at_once(parley: Parley, op: str) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    parley.application.tokens._live_until.clear()
    gate = parley.store.hold("get", times=100)
    given: dict[str, Any] = {"room": room} if op == "room.join" else {"room": room, "text": "x", "cid": "x"}
    loop = asyncio.get_running_loop()
    asked = loop.time()
    told = await asyncio.gather(*(live.socket.start(op, given) for _ in range(20)), return_exceptions=True)
    assert loop.time() - asked < 2 * context.DEADLINE_S
    assert [one.code for one in told if isinstance(one, Refused)] == ["unavailable"] * 20
    assert gate.waiting == 1
    gate.release()
    parley.store.heal()
    await asyncio.sleep(requests.HASTE_S)
    assert await live.call("ping") == {}


@pytest.mark.usefixtures("hurried")
async def test_refusal_that_held_up_nobody_hastens_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    live = await ann.connect()
    gate = parley.store.hold("batch")
    assert await live.refused("message.send", room=room, text="x", cid="x") == "unavailable"
    assert await live.call("ping") == {}
    gate.release()


async def test_finding_out_who_asks_takes_of_the_deadline(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "DEADLINE_S", 0.2)
    (ann,) = await parley.people("ann")
    parley.application.tokens._live_until.clear()
    gate = parley.store.hold("get", times=2)
    asked = asyncio.get_running_loop().time()
    answer = await ann.answer("users.me")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")
    assert asyncio.get_running_loop().time() - asked < 2 * context.DEADLINE_S
    gate.release()
