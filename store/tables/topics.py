"""What belongs to topics and rooms beside their records: titles that are taken, and invitations."""

from typing import Any

from store.database import Index, Record, Table


class Title(Record, kw_only=True):
    """The title of an open topic; its id is the title folded, so that no two have the same."""

    topic: str


class Invitation(Record, kw_only=True, omit_defaults=True):
    """Somebody who may join a room or a topic that they do not see else; its id is ``room:user``."""

    room: str
    user: str
    by: str
    created_at: int


TITLES = Table("titles", Title)
INVITATIONS = Table("invitations", Invitation, (Index(("user", "room")), Index(("room", "user"))))

TOPIC_TABLES: tuple[Table[Any], ...] = (TITLES, INVITATIONS)
