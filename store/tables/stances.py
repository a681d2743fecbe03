"""How people stand to what others say and do: followed, muted, silenced, hidden."""

from typing import Any

from store.database import Index, Record, Table


class Stance(Record, kw_only=True, omit_defaults=True):
    """How somebody stands to one thing; its id is ``user:target``.

    Each of the four is in columns of its own, which hold something only where it is so: a change of one of them needs
    to know nothing of the others, and what is not so takes no place in an index.
    """

    user: str
    target: str
    kind: str
    """topic, room, post, comment, message or person."""
    place: str
    """``kind:target``, by which lists are ordered: those of one kind stand together."""
    followed: str | None = None
    """The target, where it is followed."""
    follows: str | None = None
    """The user, where it is followed; ``mutes``, ``silences`` and ``hides`` in the same way."""
    mutes: str | None = None
    muted_until: int = 0
    silences: str | None = None
    silenced_until: int = 0
    hides: str | None = None


STANCES = Table(
    "stances",
    Stance,
    (
        Index(("followed", "user")),
        Index(("follows", "place")),
        Index(("mutes", "place")),
        Index(("silences", "place")),
        Index(("hides", "place")),
        Index(("user", "target")),
    ),
)

STANCE_TABLES: tuple[Table[Any], ...] = (STANCES,)
