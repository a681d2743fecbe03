"""Towns of nodes."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.ws.presence.town import Town
from tests.unstable import Unstable


@pytest.fixture
async def town(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """A town without nodes. Whoever has to try again does so at once: the time of the town is no real one."""
    monkeypatch.setattr("ws.presence.telling.RETRY_S", 0.0)
    monkeypatch.setattr("ws.presence.looking.RETRY_S", 0.0)
    town = Town(unstable.database)
    yield town
    await town.close()
