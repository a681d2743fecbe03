"""People whom tests trust: admins and moderators, logged in with two proofs, and people with a proved address."""

import asyncio
from collections.abc import Awaitable, Callable

from services.ids import now_ms
from store.tables import ADDRESSES, LOGINS, USERS, Address
from tests.application import Parley
from tests.client.rest import Answer
from tests.people import Person
from tests.refusals import claims


async def people_with(parley: Parley, **roles: str) -> list[Person]:
    """Make people by name, each with a role of the whole installation, and as fit for it as they have to be."""
    found = []
    for name, role in roles.items():
        (person,) = await parley.people(name)
        await trust(parley, person, role)
        found.append(person)
    return found


async def trust(parley: Parley, person: Person, role: str) -> None:
    """Give somebody a role behind the server's back, as if they had just logged in with two proofs."""
    await parley.database.update(USERS, person.id, {"role": role})
    twice = {"methods": ("password", "totp"), "confirmed_at": now_ms()}
    await parley.database.update(LOGINS, claims(person.account.token)["sid"], twice)


async def prove(parley: Parley, person: Person) -> str:
    """Have somebody's address proved; return it."""
    email = f"{person.account.username}@example.org".lower()
    await parley.database.insert(ADDRESSES, Address(id=email, user=person.id))
    await parley.database.update(USERS, person.id, {"email": email, "email_verified": True})
    return email


async def ask(person: Person, method: str, path: str, **body: object) -> Answer:
    """Ask for a path below ``/api``, with a body where there is one."""
    return await person.account.request(method, f"/api/{path}", body or None)


async def refusal(person: Person, method: str, path: str, **body: object) -> tuple[int, str | None]:
    """Return status and code of what is answered."""
    answer = await ask(person, method, path, **body)
    return answer.status, answer.code


async def lines(admin: Person, **which: str) -> list[str]:
    """Return what the audit log says, the latest first."""
    found = (await admin.account.get("admin", "audit", **which))["items"]
    return [line["action"] for line in found]


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Ask until it holds.

    Raises:
        TimeoutError: If it does not in time.
    """
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in a server
            await asyncio.sleep(0.02)
