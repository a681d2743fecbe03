"""Keepers: which nodes are dead that look after calls, by their beats alone."""

import pytest

from services.calls.keeping.keepers import BEAT_S, DEAD_S, Keepers
from tests.clock import Clock
from tests.unstable import Unstable


@pytest.fixture
def clock() -> Clock:
    """The clock of the node that looks."""
    return Clock()


@pytest.fixture
def here(unstable: Unstable, clock: Clock) -> Keepers:
    """The node that looks at the others."""
    return Keepers(unstable.database, "here", clock)


@pytest.fixture
def there(unstable: Unstable, clock: Clock) -> Keepers:
    """Another one."""
    return Keepers(unstable.database, "there", clock)


async def looked(here: Keepers, clock: Clock, seconds: float) -> set[str]:
    """Look as often as a node does, for as long; return who is dead at the end."""
    dead: set[str] = set()
    for _ in range(round(seconds / BEAT_S)):
        clock.now += BEAT_S
        dead = await here.dead({"here", "there"})
    return dead


async def test_a_node_whose_beat_stands_still_is_dead(here: Keepers, there: Keepers, clock: Clock) -> None:
    await there.beat()
    assert await looked(here, clock, DEAD_S) == set()
    assert await looked(here, clock, BEAT_S * 2) == {"there"}


async def test_a_node_that_beats_is_not_dead(here: Keepers, there: Keepers, clock: Clock) -> None:
    for _ in range(10):
        await there.beat()
        assert await looked(here, clock, BEAT_S) == set()


async def test_a_node_that_has_never_beaten_is_given_as_long(here: Keepers, clock: Clock) -> None:
    assert await looked(here, clock, DEAD_S) == set()
    assert await looked(here, clock, BEAT_S * 2) == {"there"}


async def test_a_node_that_has_left_is_dead_at_once(here: Keepers, there: Keepers, clock: Clock) -> None:
    await there.beat()
    assert await looked(here, clock, BEAT_S) == set()
    await there.leave()
    assert await looked(here, clock, BEAT_S) == {"there"}


async def test_a_beat_that_nobody_looked_at_for_long_proves_nothing(
    here: Keepers, there: Keepers, clock: Clock
) -> None:
    """A node without calls does not beat; and while the store is away none does."""
    await there.beat()
    assert await looked(here, clock, BEAT_S) == set()
    clock.now += DEAD_S * 10
    assert await here.dead({"there"}) == set()
    await there.beat()
    assert await looked(here, clock, DEAD_S) == set()
