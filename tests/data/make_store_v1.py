"""Makes ``store-v1``, the database that later versions must open: ``python -m tests.data.make_store_v1``.

Run it only while version 1 is not released: afterwards the file stays as that version wrote it.
"""

import asyncio
import shutil
from pathlib import Path

from store.database_sqlite import SqliteDatabase
from store.tables import (
    BANS,
    ENTRIES,
    LOGINS,
    MARKS,
    MEMBERS,
    REFRESHES,
    ROOMS,
    SCHEMA_VERSION,
    STREAMS,
    USERS,
    Ban,
    Effect,
    Entry,
    Login,
    Mark,
    Member,
    Notice,
    Reaction,
    Refresh,
    Room,
    Stream,
    Text,
    User,
)

FOLDER = Path(__file__).parent / "store-v1"
NOW = 1_795_190_000_000
"""Milliseconds since 1970 when everything in it happened."""

PEOPLE = ("ada", "Błażej", "грета")
ROOM = "room-1"
COUNT = 300


def entry(rev: int) -> Entry:
    """Return an entry of the room: a join for each person, then messages, each tenth change a marker."""
    author = f"user-{rev % len(PEOPLE)}"
    made = Entry(
        id=f"entry-{rev:06}", stream=ROOM, rev=rev, author=author, cid=f"cid-{rev}", created_at=NOW + rev, changed=rev
    )
    if rev <= len(PEOPLE):
        made.author, made.cid, made.seq, made.kind = "~", f"~{made.id}", rev, "notice"
        made.body = Notice("joined", user=author)
        made.effect = Effect("joined", user=author, role="member")
    elif rev % 10 == 0:
        made.cid, made.changed, made.item = f"~{made.id}", None, entry(rev - 1).id
    else:
        made.seq, made.kind, made.username, made.digest = rev, "text", PEOPLE[rev % len(PEOPLE)], f"{rev:032x}"
        made.body = Text(f"Zażółć gęślą jaźń 👋 {rev}", reply_to=f"entry-{rev - 1:06}" if rev % 7 == 0 else None)
    if rev % 10 == 9:
        made.changed, made.edited_at = rev + 1, NOW + rev + 1
        made.body = Text(f"edited {rev}", reactions=[Reaction("👍", 1, ["user-0"])])
    return made


async def make(folder: Path) -> None:
    """Make the database in a new folder."""
    database = await SqliteDatabase.open(folder / "parley.db")
    for number, name in enumerate(PEOPLE):
        user = f"user-{number}"
        await database.insert(
            USERS,
            User(
                id=user,
                name_key=name.casefold(),
                username=name,
                name=name.title(),
                email=f"{number}@example.org",
                password="$2b$04$none",
                created_at=NOW,
            ),
        )
        login = Login(id=f"login-{number}", user=user, live=True, created_at=NOW, expires_at=NOW + 10**9)
        await database.insert(LOGINS, login)
        await database.insert(
            REFRESHES, Refresh(id=f"{number:064x}", login=login.id, created_at=NOW, expires_at=NOW + 1)
        )
        member = Member(id=f"{ROOM}:{user}", room=ROOM, user=user, username=name, role="member", joined_at=NOW)
        await database.insert(MEMBERS, member)
        await database.maximum(MEMBERS, member.id, "read", 100 + number)
    await database.insert(ROOMS, Room(id=ROOM, kind="public", name="Zażółć", owner="user-0", created_at=NOW))
    await database.increment(ROOMS, ROOM, "member_count", len(PEOPLE))
    await database.insert(BANS, Ban(id=f"{ROOM}:user-9", room=ROOM, user="user-9", by="user-0", created_at=NOW))
    await database.insert(STREAMS, Stream(id=ROOM, floor=5))
    await database.batch(ENTRIES, [entry(rev) for rev in range(1, COUNT + 1)])
    mark = Mark(id="entry-000009:user-0:👍", item="entry-000009", user="user-0", emoji="👍", created_at=NOW)
    await database.insert(MARKS, mark)
    await database.close()


if __name__ == "__main__":
    assert SCHEMA_VERSION == 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    asyncio.run(make(FOLDER))
