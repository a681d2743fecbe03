"""Every scenario in its short form: complete and in order, whatever breaks. Figures are for the long forms."""

from pathlib import Path

import pytest

from tests.conftest import missing
from tests.faults.__main__ import SCENARIOS
from tests.parts import Missing

SEED = 1
ON_MONGO = ("kills", "store", "storm")
"""Scenarios in which the store matters most."""


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.timeout(180)
@pytest.mark.usefixtures("redis_url")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_nothing_is_lost_doubled_or_reordered(name: str, tmp_path: Path) -> None:
    run, short, _ = SCENARIOS[name]
    try:
        outcome = await run(tmp_path, SEED, "sqlite", short)
    except Missing as error:
        missing(str(error))
    assert not outcome.wrong, "\n".join(outcome.wrong)


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.mongo
@pytest.mark.timeout(180)
@pytest.mark.usefixtures("redis_url", "mongo_url")
@pytest.mark.parametrize("name", ON_MONGO)
async def test_nothing_is_lost_doubled_or_reordered_on_mongo(name: str, tmp_path: Path) -> None:
    run, short, _ = SCENARIOS[name]
    outcome = await run(tmp_path, SEED, "mongo", short)
    assert not outcome.wrong, "\n".join(outcome.wrong)
