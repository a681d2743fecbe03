"""Counting what the store is asked."""

import contextlib
from collections.abc import Iterator

from tests.application import Parley


@contextlib.contextmanager
def asked(parley: Parley) -> Iterator[list[str]]:
    """Give a list that has, at the end, the verb and the table of each call of the store made meanwhile."""
    calls: list[str] = []
    start = len(parley.store.calls)
    yield calls
    for verb, values in parley.store.calls[start:]:
        table = getattr(values[0], "name", "") if values else ""
        calls.append(f"{verb} {table}".strip())
