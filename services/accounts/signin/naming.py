"""A username for somebody who comes from elsewhere: a proposal, which they may change."""

import re
import secrets
import unicodedata

from store.database import Database
from store.tables import USERS

LENGTH = 20
TRIES = 5
"""Names that are looked up: with four digits at their end the second one is nearly always free."""


def plain(wish: str) -> str:
    """Return what of a name may stand in a username; at least three characters."""
    letters = unicodedata.normalize("NFKD", wish.partition("@")[0]).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", letters).strip("-_")[:LENGTH].rstrip("-_")
    return name if len(name) >= 3 else f"{name or 'user'}-new"


async def suggest(database: Database, wish: str) -> str:
    """Return a username that nobody has now, made of what somebody is called elsewhere."""
    name = plain(wish)
    candidate = name
    for _ in range(TRIES):
        if not await database.find(USERS, {"name_key": candidate.lower()}, limit=1):
            break
        candidate = f"{name[: LENGTH - 5].rstrip('-_')}-{secrets.randbelow(9000) + 1000}"
    return candidate
