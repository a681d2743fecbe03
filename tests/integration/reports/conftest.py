"""The scene of these tests."""

import pytest

from tests.application import Parley
from tests.integration.aliases.scene import Scene, scene_of


@pytest.fixture
async def scene(one: Parley) -> Scene:
    """A topic with people in it."""
    return await scene_of(one)
