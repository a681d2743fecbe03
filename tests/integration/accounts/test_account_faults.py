"""The store fails at each call of each operation of accounts in turn: 503, and nothing that is a mistake of ours.

That nothing is half done is shown for rooms and messages by tests/integration/every_operation/test_faults.py, and for
what concerns accounts where each is tested: each writes in one transaction.
"""

from pathlib import Path
from typing import Any

import pytest

from services import OPERATIONS
from services.operations.operation import Operation
from tests.application import running
from tests.integration.every_operation.parity_rows import ROWS
from tests.refusals import bearer, rest, world_of
from tests.unstable import Fault

ELSEWHERE = {row.op for row in ROWS} | {"message.reaction.put", "message.reaction.delete"}
MINE = [operation for operation in OPERATIONS if operation.path is not None and operation.name not in ELSEWHERE]


@pytest.mark.parametrize("operation", MINE, ids=lambda operation: operation.name)
async def test_store_that_fails_is_unavailable(tmp_path: Path, operation: Operation[Any]) -> None:
    async with running(tmp_path) as parley:
        world = await world_of(parley, tmp_path)
        headers = {} if operation.public else bearer(world.caller.account.token)
        await parley.without_jobs()
        world.forget()
        parley.store.calls.clear()
        first = await rest(world, operation, headers)
        assert first.status < 500
        calls = len(parley.store.calls)
        for at in range(calls):
            await parley.without_jobs()
            world.forget()
            parley.application.directory._known.clear()
            parley.store.fail(Fault.UNAVAILABLE, skip=at)
            answer = await rest(world, operation, headers)
            # What was done before is done: the second time there is less to do, and the fault may not be met.
            assert answer.status < 500 or (answer.status, answer.code) == (503, "unavailable"), (at, answer)
            parley.store.heal()
