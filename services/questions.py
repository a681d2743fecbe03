"""Counting what is asked of the store: what a deployment pays for, and what a wave of clients must not multiply."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from services.metrics import Metrics
from store.database import Database
from store.errors import Duplicate

VERBS: Final = (
    "get", "get_many", "find", "highest", "count", "search", "tail", "latest",
    "insert", "batch", "update", "increment", "maximum", "delete",
)  # fmt: skip
"""What is counted by table; ``together`` and ``gather`` are about several, and are counted as themselves."""


class _Counted:
    """A database whose verbs count. They are set on the object, so that counting costs one call more and no look-up."""

    batch: Callable[..., Awaitable[None]]

    def __init__(self, database: Database, metrics: Metrics) -> None:
        for verb in VERBS:
            setattr(self, verb, _counting(getattr(database, verb), verb, metrics))
        together, gather = (metrics.questions.labels(verb, "") for verb in ("together", "gather"))

        async def write(writes: Any) -> None:
            together.inc()
            await database.together(writes)

        async def read(*wanted: Any) -> Any:
            gather.inc()
            return await database.gather(*wanted)

        self.gather = read
        self.together = _refusable(write, metrics)
        self.batch = _refusable(self.batch, metrics)
        self.ping, self.close = database.ping, database.close
        self.epoch = database.epoch


def counted(database: Database, metrics: Metrics) -> Database:
    """Return a database that counts what it is asked in ``metrics.questions``, and is the given one otherwise."""
    return cast(Database, _Counted(database, metrics))


def _counting(ask: Callable[..., Any], verb: str, metrics: Metrics) -> Callable[..., Any]:
    meters: dict[str, Any] = {}

    def asked(table: Any, *arguments: Any, **named: Any) -> Any:
        meter = meters.get(table.name)
        if meter is None:
            meter = meters[table.name] = metrics.questions.labels(verb, table.name)
        meter.inc()
        return ask(table, *arguments, **named)

    return asked


def _refusable(write: Callable[..., Awaitable[None]], metrics: Metrics) -> Callable[..., Awaitable[None]]:
    """Return a write that counts how often an index refuses it, which is where nodes are in each other's way."""

    async def written(*arguments: Any) -> None:
        try:
            await write(*arguments)
        except Duplicate as refused:
            metrics.refused.labels(refused.index, refused.table).inc()
            raise

    return written
