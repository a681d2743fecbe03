"""How long generated tests look."""

import os

import pytest


@pytest.fixture
def examples() -> int:
    """Cases for each operation of REST; ``PARLEY_TEST_EXAMPLES`` has more of them looked at."""
    return int(os.environ.get("PARLEY_TEST_EXAMPLES", "4"))
