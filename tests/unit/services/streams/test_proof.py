"""Heads in doubt: a store that tells an older one than was acknowledged, until it has kept a write."""

import asyncio
from typing import Any, cast

import pytest

from services.streams.proof import Proof
from store.database import Database
from store.errors import Unavailable
from tests.unit.services.streams.node import Node
from tests.unstable import Fault, Unstable


class Behind:
    """A database as a member gives it that was elected just now: without its newest entries, until it keeps a write."""

    def __init__(self, real: Database, entries: int) -> None:
        self.writes = 0
        self._real = real
        self._entries = entries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def find(self, *values: Any, **how: Any) -> list[Any]:
        found = await self._real.find(*values, **how | {"limit": 100})
        return found[0 if self.writes else self._entries :][: how["limit"]]

    async def ping(self) -> None:
        await self._real.ping()
        self.writes += 1


@pytest.fixture
async def behind(unstable: Unstable) -> Behind:
    node = Node(unstable.real)
    for _ in range(3):
        await node.send()
    return Behind(unstable.database, 2)


async def test_head_that_is_not_under_what_is_known_is_believed(behind: Behind) -> None:
    proof = Proof(cast(Database, behind))
    assert await proof.head("r", 1) == 1
    assert behind.writes == 0


async def test_head_under_what_is_known_is_asked_again_after_a_write(behind: Behind) -> None:
    assert await Proof(cast(Database, behind)).head("r", 3) == 3
    assert behind.writes == 1


async def test_head_that_is_really_lower_is_so(behind: Behind) -> None:
    assert await Proof(cast(Database, behind)).head("r", 9) == 3


async def test_those_in_doubt_at_once_share_the_writes(unstable: Unstable, behind: Behind) -> None:
    proof = Proof(cast(Database, behind))
    gate = unstable.hold("ping")
    first = asyncio.ensure_future(proof.head("r", 3))
    await gate.reached.wait()
    others = [asyncio.ensure_future(proof.head("r", 3)) for _ in range(10)]
    await asyncio.sleep(0.05)
    assert not any(other.done() for other in others), "a write that was under way before them proves nothing to them"
    gate.release()
    assert await asyncio.gather(first, *others) == [3] * 11
    assert behind.writes == 2


async def test_store_that_keeps_nothing_proves_nothing(unstable: Unstable, behind: Behind) -> None:
    proof = Proof(cast(Database, behind))
    unstable.fail(Fault.UNAVAILABLE, "ping")
    with pytest.raises(Unavailable):
        await proof.head("r", 3)
    assert await proof.head("r", 3) == 3


async def test_doubt_may_be_given_up(unstable: Unstable, behind: Behind) -> None:
    proof = Proof(cast(Database, behind))
    gate = unstable.hold("ping")
    asking = asyncio.ensure_future(proof.head("r", 3))
    await gate.reached.wait()
    asking.cancel()
    await proof.close()
    assert asking.cancelled()
