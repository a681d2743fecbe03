"""How people stand to what others say and do. It is one's own: nobody else is told, and no frame depends on it.

Followed: one is told of new posts in a topic and of new comments under a post. Of a room it says that one keeps it in
mind: its messages are counted as unread, and no notification is made of each.
Muted: no notification is made of what happens there, until a time.
Silenced: muted, and nothing of it is counted as unread by what shows it.
Hidden: it is left out of the lists that one asks for.
"""

from collections.abc import Sequence
from typing import Final

from services.ids import now_ms
from store.database import FIND_LIMIT, Database
from store.tables import STANCES, Stance

FOR_EVER: Final = 253_402_300_799_999
"""Milliseconds to the end of the year 9999: what is muted for ever is muted until then."""


def stance_id(user: str, target: str) -> str:
    """Return the id of the record of how a user stands to something."""
    return f"{user}:{target}"


async def stances_of(database: Database, user: str, targets: Sequence[str]) -> dict[str, Stance]:
    """Return how a user stands to these things, by target; left out are those to which they never took a stance.

    One question to the store for each 1,000 targets.
    """
    found: dict[str, Stance] = {}
    wanted = [stance_id(user, target) for target in dict.fromkeys(targets)]
    for start in range(0, len(wanted), FIND_LIMIT):
        rows = await database.get_many(STANCES, wanted[start : start + FIND_LIMIT])
        found |= {row.target: row for row in rows.values()}
    return found


async def unwilling(database: Database, users: Sequence[str], targets: Sequence[str]) -> set[str]:
    """Return those of these users who do not want to be told of what happens in or by one of these targets."""
    now = now_ms()
    wanted = [stance_id(user, target) for user in users for target in dict.fromkeys(targets)]
    found: set[str] = set()
    for start in range(0, len(wanted), FIND_LIMIT):
        rows = await database.get_many(STANCES, wanted[start : start + FIND_LIMIT])
        found |= {row.user for row in rows.values() if quiet(row, now)}
    return found


def hidden(stance: Stance | None) -> bool:
    """Tell whether something is to be left out of lists."""
    return stance is not None and stance.hides is not None


def silenced(stance: Stance | None, now: int) -> bool:
    """Tell whether something is silenced now."""
    return stance is not None and stance.silences is not None and stance.silenced_until > now


def quiet(stance: Stance | None, now: int) -> bool:
    """Tell whether no notification is to be made of something now: it is muted or silenced."""
    if stance is None:
        return False
    return silenced(stance, now) or (stance.mutes is not None and stance.muted_until > now)
