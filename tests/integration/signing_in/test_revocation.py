"""All log-ins of a person end at once on every node, with Redis between them and without."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.logins import families as logins
from tests.application import Parley, running
from tests.client.account import Account
from tests.parts import Redis
from tests.peers import until

pytestmark = pytest.mark.redis

SOON_S = 15.0
"""Longest that a test waits for what takes 5 s at most on a machine at leisure."""


@pytest.fixture
async def nodes(tmp_path: Path, redis_part: Redis) -> AsyncIterator[tuple[Parley, Parley]]:
    async with running(tmp_path, redis_url=redis_part.url) as one, running(tmp_path, redis_url=redis_part.url) as two:
        await _carried(one, two)
        yield one, two


async def _carried(*nodes: Parley) -> None:
    registries = [node.application.metrics.registry for node in nodes]
    await until(lambda: not any(registry.get_sample_value("parley_degraded") for registry in registries))


async def _status(node: Parley, account: Account) -> int:
    return (await node.site.rest.request("GET", "/api/users/me", token=account.token)).status


@pytest.mark.parametrize("redis_is_up", [True, False])
async def test_revoking_a_person_ends_all_their_sockets_and_tokens_on_the_other_node(
    nodes: tuple[Parley, Parley], redis_part: Redis, redis_is_up: bool
) -> None:
    one, two = nodes
    ann, bob = await one.people("ann", "bob")
    again = await two.site.log_in(ann.account)
    accounts = (ann.account, again)
    sockets = [await two.site.connect(account) for account in accounts]
    unharmed = await two.site.connect(bob.account)
    assert [await _status(two, account) for account in accounts] == [200, 200]
    if not redis_is_up:
        redis_part.kill()
    assert await logins.revoke(one.application, ann.id, "told so") == 2
    async with asyncio.timeout(SOON_S):
        assert [(await socket.closed).code for socket in sockets] == [4504, 4504]
    assert [await _status(two, account) for account in accounts] == [401, 401]
    for account in accounts:
        late = await two.site.open()
        _never_answered = late.start("hello", {"token": account.token})
        async with asyncio.timeout(SOON_S):
            assert (await late.closed).code == 4501
    await unharmed.call("ping", {})
