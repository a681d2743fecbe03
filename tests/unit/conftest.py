"""The loop of the tests of parts."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Have them run on the loop that serves: asyncio's own says and does some things otherwise."""
    return {"uvloop": uvloop.new_event_loop}
