"""What a node wants to hear: nothing is kept of what it wants no more."""

import asyncio

import pytest

from store.broker_memory import Exchange, MemoryBroker
from tests.peers import until
from ws.relay import subscriptions as subscriptions_module
from ws.relay.subscriptions import Subscriptions


async def test_nothing_is_kept_of_a_channel_that_is_dropped_before_it_is_subscribed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriptions_module, "READY_S", 0.01)
    subscriptions = Subscriptions(MemoryBroker("a", Exchange()))  # nobody subscribes: nothing runs
    subscriptions.trusted = lambda: True
    for channel in ("waited for in vain", "dropped meanwhile"):
        subscriptions.want(channel)
    await subscriptions.ready("waited for in vain")
    subscriptions.drop("waited for in vain")
    waiting = asyncio.ensure_future(subscriptions.ready("dropped meanwhile"))
    await until(lambda: bool(subscriptions._ready))
    subscriptions.drop("dropped meanwhile")
    await waiting
    assert not subscriptions._ready
    assert not subscriptions._given_up
