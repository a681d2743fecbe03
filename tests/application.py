"""A whole node in the process of the test, on a real store, and clients of it."""

import asyncio
import dataclasses
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import server
from handlers.documents import openapi
from services import JOBS as JOBS_BY_KIND
from services import RECURRING
from services.application import Application
from services.jobs.jobs import Function
from settings import Settings
from store import open_database
from store.database import Database
from store.tables import CALLS, JOBS, KEEPERS
from tests.client.site import Site
from tests.client.wire import VIOLATIONS
from tests.people import Person
from tests.unstable import Unstable
from ws import asyncapi
from ws.door import Door

# Making them takes longer than all the rest of a start, and they are the same for every node.
_asyncapi = functools.cache(asyncapi.document)
_openapi = functools.cache(openapi.document)


@dataclass(frozen=True, slots=True)
class Parley:
    """A node that listens, its parts within reach, and clients of it."""

    node: server.Node
    store: Unstable
    site: Site

    @property
    def application(self) -> Application:
        """What its operations work with."""
        return self.node.application

    @property
    def door(self) -> Door:
        """What its sessions share."""
        return self.node.door

    @property
    def database(self) -> Database:
        """The database itself, where no call fails."""
        return self.store.real

    async def people(self, *names: str) -> list[Person]:
        """Make accounts."""
        return [await Person.register(self.site, name) for name in names]

    async def without_jobs(self) -> None:
        """Wait until no job is left to do: none of them meets what the test has the store do next."""
        async with asyncio.timeout(20):
            while not await self._only_recurring():  # noqa: ASYNC110 - written by other nodes too
                await asyncio.sleep(0.01)

    async def _only_recurring(self) -> bool:
        rows = await self.database.find(JOBS, {"state": "waiting"})
        return {row.kind for row in rows} <= RECURRING.keys()


@asynccontextmanager
async def running(folder: Path, **chosen: Any) -> AsyncIterator[Parley]:
    """Run a node with its data in a folder; ``chosen`` are fields of ``Settings``. Limits are off unless chosen.

    What clients see that the protocol forbids fails the test at the end.
    """
    values: dict[str, Any] = {"port": 0, "data_dir": folder / "data", "bcrypt_cost": 4, "limits": False}
    settings = Settings(**values | chosen)
    stores: list[Unstable] = []

    @asynccontextmanager
    async def opened(data_dir: Path, mongo_url: str | None) -> AsyncIterator[Database]:
        async with open_database(data_dir, mongo_url) as database:
            stores.append(Unstable(database, spared=(JOBS, CALLS, KEEPERS)))
            yield stores[-1].database

    def beside(function: Function) -> Function:
        async def work(application: Application, what: dict[str, Any]) -> None:
            await function(dataclasses.replace(application, database=stores[0].real), what)

        return work

    VIOLATIONS.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "open_database", opened)
        # What is done in the background meets none of the faults that a test means for an operation.
        patch.setattr(server, "JOBS", {kind: beside(function) for kind, function in JOBS_BY_KIND.items()})
        patch.setattr(asyncapi, "document", _asyncapi)
        patch.setattr(openapi, "document", _openapi)
        async with server.running(settings) as node:
            async with Site(("127.0.0.1", node.port)) as site:
                yield Parley(node, stores[0], site)
            stores[0].heal()
    assert not VIOLATIONS, VIOLATIONS[:5]
