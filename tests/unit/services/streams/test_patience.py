"""How long appends wait is found by following one of them at a time."""

import pytest

from services.streams.append import Append, Plan
from services.streams.lanes.patience import PATIENCE_S, Patience


async def _plan(_view: object) -> Plan:
    return Plan()


def some() -> Append:
    return Append(("r",), _plan)


@pytest.fixture
async def patience() -> Patience:
    return Patience()


async def test_one_that_waited_long_loses_it_and_one_that_did_not_restores_it(patience: Patience) -> None:
    now = 0.0
    patience._clock = lambda: now
    first, second = some(), some()
    patience.comes(first)
    patience.comes(second)
    now = PATIENCE_S + 0.1
    patience.goes(second)  # which is not followed
    lost = [patience.lost]
    patience.goes(first)
    lost.append(patience.lost)
    third = some()
    patience.comes(third)
    now += PATIENCE_S / 2
    patience.goes(third)
    lost.append(patience.lost)
    assert lost == [False, True, False]


async def test_one_that_was_given_up_counts_as_well(patience: Patience) -> None:
    now = 0.0
    patience._clock = lambda: now
    first = some()
    patience.comes(first)
    now = 4.5
    first.future.cancel()
    patience.comes(some())
    assert patience.lost
