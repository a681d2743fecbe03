"""What a test changes in a server's records, beside it: time that passed, and roles that nobody is there to give."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.accounts.logins.needs import ADMIN_CONFIRMED_MS
from services.ids import now_ms
from store import open_database
from store.database import Database
from store.tables import LOGINS, USERS, User
from tests.browser.person import Person
from tests.processes import ServerProcess


@asynccontextmanager
async def _user(server: ServerProcess, person: Person) -> AsyncIterator[tuple[Database, User]]:
    async with open_database(server.data, None) as database:
        (user,) = await database.find(USERS, {"name_key": person.name.lower()}, limit=1)
        yield database, user


async def age(server: ServerProcess, person: Person) -> None:
    """Have the latest proof of all of somebody's sessions be long ago."""
    async with _user(server, person) as (database, user):
        long_ago = now_ms() - 2 * ADMIN_CONFIRMED_MS
        for login in await database.find(LOGINS, {"user": user.id, "live": True}, by="created_at", limit=100):
            await database.update(LOGINS, login.id, {"created_at": long_ago, "confirmed_at": long_ago})


async def give_role(server: ServerProcess, person: Person, role: str) -> None:
    """Make somebody a moderator or an admin."""
    async with _user(server, person) as (database, user):
        await database.update(USERS, user.id, {"role": role})
