"""Who said something, as it stands on the wire."""

import functools

import msgspec

from store.tables import Entry


class Author(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody, by id and by the name they had. ``anonymous``: another name of somebody in a topic, with its own id."""

    id: str
    username: str
    anonymous: bool = False


_kept = functools.lru_cache(maxsize=4096)(Author)


def author_of(entry: Entry) -> Author | None:
    """Return who wrote an item, under the name that it shows; None where nobody in particular did."""
    if entry.username is None:
        return None
    return _kept(entry.author, entry.username) if entry.person is None else _kept(entry.author, entry.username, True)
