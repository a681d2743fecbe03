"""A whole node in the process of the test, on a real store, and clients of it."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import server
from handlers import openapi
from services.application import Application
from settings import Settings
from store import open_database
from store.database import Database
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
            stores.append(Unstable(database))
            yield stores[-1].database

    VIOLATIONS.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "open_database", opened)
        patch.setattr(asyncapi, "document", _asyncapi)
        patch.setattr(openapi, "document", _openapi)
        async with server.running(settings) as node:
            async with Site(("127.0.0.1", node.port)) as site:
                yield Parley(node, stores[0], site)
            stores[0].heal()
    assert not VIOLATIONS, VIOLATIONS[:5]
