"""New accounts: what a name and an address may be, and the records that make one."""

from typing import Annotated

import msgspec

from services.errors import UsernameTaken
from services.ids import member_id, new_id, now_ms, self_stream
from store.database import Database, Insert, Write
from store.tables import MEMBERS, ROOMS, USERS, Member, Room, User

Username = Annotated[str, msgspec.Meta(min_length=3, max_length=20, pattern="^[A-Za-z0-9_-]+(?![^A-Za-z0-9_-])$")]
_INK = "[^@\\s\\x00-\\x1f\\x7f-\\xa0\\ufeff]"
"""Neither space nor control: named one by one where readers of the schema differ on what a space is."""
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=f"^{_INK}+@{_INK}+(?!\\s)$")]


async def require_free(database: Database, username: str) -> None:
    """Let pass a username that nobody has; who is faster gets it all the same, for a unique index decides.

    Raises:
        UsernameTaken: If somebody has it, whatever the case of its letters.
    """
    if await database.find(USERS, {"name_key": username.lower()}, limit=1):
        raise UsernameTaken


def new_user(username: str, email: str, *, password: str | None = None, verified: bool = False) -> User:
    """Return the record of a new account; ``password`` is hashed. A ``verified`` address needs its ``Address`` too."""
    return User(
        id=new_id(),
        name_key=username.lower(),
        username=username,
        name=username,
        email=email,
        email_verified=verified,
        password=password,
        created_at=now_ms(),
    )


def rows_of(user: User) -> tuple[Write, ...]:
    """Return the writes that make an account: the person, their own stream, and their place in it.

    They are refused (``Duplicate``) where the username was taken meanwhile.
    """
    stream, now = self_stream(user.id), user.created_at
    own = Room(id=stream, kind="self", owner=user.id, member_count=1, created_at=now)
    seat = Member(
        id=member_id(stream, user.id), room=stream, user=user.id, username=user.username, role="owner", joined_at=now
    )
    return Insert(USERS, user), Insert(ROOMS, own), Insert(MEMBERS, seat)
