"""Who is named in a text: ``@name``, another name of somebody in a topic, and everybody at once."""

import re
from typing import Final

from services.loop import tasks
from store.database import Database
from store.tables import ALIASES, USERS

NAMES: Final = 20
"""Names of one text that are looked up; further ones are only words."""

# No part of an address: what stands before it is no word, no dot, no hyphen.
_NAME: Final = re.compile(r"(?<![\w@.-])@([A-Za-z0-9_-]{3,20})(?![A-Za-z0-9_-])")
_EVERYBODY: Final = frozenset({"everyone", "todos"})


def named_in(text: str) -> list[str]:
    """Return the names in a text, folded, each once."""
    return list(dict.fromkeys(name.lower() for name in _NAME.findall(text)))


def names_everybody(text: str) -> bool:
    """Tell whether a text is for everybody."""
    return not _EVERYBODY.isdisjoint(named_in(text))


async def mentioned(database: Database, text: str, before: str, topic: str | None) -> list[str]:
    """Return the users whom a text names and ``before`` did not, by their own names or by those they have in a topic.

    A hyphen or a low line behind a name that nobody has may be no part of it.
    """
    old = {*named_in(before), *_EVERYBODY}
    names = [name for name in named_in(text) if name not in old][:NAMES]
    found = await tasks.together(_user(database, name, topic) for name in names)
    return list(dict.fromkeys(user for user in found if user is not None))


async def _user(database: Database, name: str, topic: str | None) -> str | None:
    for spelled in dict.fromkeys((name, name.rstrip("-_"))):
        if topic is not None:
            aliases = await database.find(ALIASES, {"topic": topic, "name_key": spelled}, limit=1)
            if aliases and aliases[0].owned is not None:
                return aliases[0].user
        users = await database.find(USERS, {"name_key": spelled}, limit=1)
        if users:
            return users[0].id
    return None
