"""Somebody who moderates the whole installation."""

from services.ids import now_ms
from store.database import Database
from store.tables import LOGINS, USERS
from tests.application import Parley
from tests.people import Person
from tests.refusals import claims


async def staff_of(parley: Parley, role: str = "moderator") -> Person:
    """Make one, who has logged in with two proofs just now."""
    (person,) = await parley.people("staff")
    await promote(parley.database, person.id, str(claims(person.account.token)["sid"]), role)
    return person


async def promote(database: Database, user: str, login: str, role: str = "moderator") -> None:
    """Give somebody a role, and make of their log-in one with two proofs, given just now."""
    await database.update(USERS, user, {"role": role, "email_verified": True})
    await database.update(LOGINS, login, {"methods": ("password", "totp"), "confirmed_at": now_ms()})
