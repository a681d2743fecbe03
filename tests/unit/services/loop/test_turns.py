"""Turns: what all clients together may take of one round, and in which order they come to it."""

import asyncio

import pytest

from services.loop import turns as turns_module
from services.loop.turns import WOKEN, Turns
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(clock)


async def test_nobody_waits_while_there_is_little_to_hear(turns: Turns, clock: Clock) -> None:
    for _ in range(100):
        assert not turns.crowded
    clock.now += turns_module.SLICE_S / 2
    assert not turns.crowded


async def test_whoever_comes_after_the_slice_waits_for_the_next_round(turns: Turns, clock: Clock) -> None:
    assert not turns.over
    clock.now += turns_module.SLICE_S
    assert turns.crowded
    await turns.next()
    assert not turns.crowded


async def test_those_who_wait_come_in_their_order_some_in_each_round(turns: Turns, clock: Clock) -> None:
    order: list[int] = []
    rounds: list[int] = []

    async def come(number: int) -> None:
        await turns.next()
        order.append(number)

    assert not turns.over
    clock.now += turns_module.SLICE_S
    coming = [asyncio.ensure_future(come(number)) for number in range(3 * WOKEN)]
    while not all(one.done() for one in coming):
        rounds.append(len(order))
        await asyncio.sleep(0)
    assert order == list(range(3 * WOKEN))
    assert max(after - before for before, after in zip(rounds, [*rounds[1:], len(order)], strict=True)) <= WOKEN


async def test_who_has_given_up_takes_nobodys_turn(turns: Turns, clock: Clock) -> None:
    assert not turns.over
    clock.now += turns_module.SLICE_S
    gone = [asyncio.ensure_future(turns.next()) for _ in range(2 * WOKEN)]
    last = asyncio.ensure_future(turns.next())
    await asyncio.sleep(0)
    for one in gone:
        one.cancel()
    await last
    assert all(one.cancelled() for one in gone)


async def test_it_is_told_how_long_they_wait_until_nobody_does(turns: Turns, clock: Clock) -> None:
    async def come() -> float:
        await turns.next()
        return turns.waited_s

    assert not turns.over
    clock.now += turns_module.SLICE_S
    crowd = [asyncio.ensure_future(come()) for _ in range(2 * WOKEN)]
    await asyncio.sleep(0)
    clock.now += 3.0
    assert {await one for one in crowd[WOKEN:]} == {3.0}
    for _ in range(3):
        await asyncio.sleep(0)
    assert turns.waited_s == 0.0


async def test_what_is_awaited_is_given_in_turn(turns: Turns, clock: Clock) -> None:
    async def read() -> bytes:
        clock.now += turns_module.SLICE_S
        return b"data"

    assert not turns.over
    after = asyncio.ensure_future(turns.after(read()))
    assert await after == b"data"
    assert turns.waited_s == 0.0
