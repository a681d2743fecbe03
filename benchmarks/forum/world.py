"""A topic with many posts, written row by row past all operations: what they would leave behind."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from services.forum.orders import hot, top
from services.forum.posts.writing import EVERYBODY
from services.ids import member_id, now_ms
from store.database import Database, Record, Table
from store.tables import (
    COMMENTS,
    ENTRIES,
    FED,
    FOLLOWS,
    MEMBERS,
    POSTS,
    ROOMS,
    VOTES,
    Comment,
    Commented,
    Entry,
    Fed,
    Follow,
    Member,
    Post,
    Posted,
    Room,
    Vote,
)

FOLLOWED: Final = 5_000
"""People whom the reader follows; each has posted as often as any other."""

TEXT: Final = "One says this, another says that, and a third has a word to say on both. " * 6
ROWS: Final = 1_000
"""Rows of one write."""
READER: Final = "reader"
TOPIC: Final = "topic"
STEP_MS: Final = 20_000
"""Between two posts: 100,000 of them are three weeks."""


@dataclass(slots=True)
class World:
    """A store that has been filled, and places in its lists to begin pages at."""

    posts: int
    votes: int
    top: list[int] = field(default_factory=list)
    hot: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    busiest: str = ""
    """The post with a twentieth of all comments."""


def _id(at: int, number: int) -> str:
    return f"{at:012x}{number:018x}"


def _entry(stream: str, id_: str, seq: int, at: int, author: str, body: Posted | Commented) -> Entry:
    kind = "post" if isinstance(body, Posted) else "comment"
    return Entry(
        id=id_,
        stream=stream,
        rev=seq,
        seq=seq,
        changed=seq,
        kind=kind,
        author=author,
        username=author,
        cid=f"~{id_}",
        created_at=at,
        body=body,
    )


def _post(world: World, number: int, start: int, chance: random.Random) -> Iterator[tuple[Table[Any], Record]]:
    at, author = start + number * STEP_MS, f"user{number % FOLLOWED}"
    id_, seq = _id(at, number), number + 1
    count = world.votes // world.posts
    up = chance.randint(0, count)
    body = Posted(title=f"Post {number}", text=TEXT, tags=("one", "two"), up=up, down=count - up, comments=1)
    score = body.up - body.down
    row = Post(
        id=id_,
        place=TOPIC,
        person=author,
        live=TOPIC,
        by=author,
        wide=EVERYBODY,
        top=top(score, seq),
        hot=hot(score, at, seq),
    )
    yield ENTRIES, _entry(TOPIC, id_, seq, at, author, body)
    yield POSTS, row
    yield ROOMS, Room(id=id_, kind="post", place=TOPIC, created_at=at)
    yield FED, Fed(id=f"{READER}:{id_}", user=READER, post=id_, author=author, place=TOPIC)
    for voter in range(count):
        value = 1 if voter < up else -1
        user = f"user{(number + voter) % FOLLOWED}"
        yield (
            VOTES,
            Vote(id=f"{id_}:{user}", item=id_, user=user, post=id_, value=value, up=value == 1, down=value == -1),
        )
    world.ids.append(id_)
    world.top.append(row.top)
    world.hot.append(row.hot)
    yield from _comment(id_, 1, at + 1, chance)


def _comment(post: str, seq: int, at: int, chance: random.Random) -> Iterator[tuple[Table[Any], Record]]:
    id_, score = _id(at, seq), chance.randint(-5, 20)
    said = Commented(text=TEXT[:200], up=max(score, 0), down=max(-score, 0))
    yield ENTRIES, _entry(post, id_, seq, at, f"user{chance.randrange(FOLLOWED)}", said)
    yield COMMENTS, Comment(id=id_, post=post, place=TOPIC, person="user0", level=post, top=top(score, seq))


def _all(world: World) -> Iterator[tuple[Table[Any], Record]]:
    chance, start = random.Random(7), now_ms() - world.posts * STEP_MS
    yield ROOMS, Room(id=TOPIC, kind="topic", open=True, name="topic", created_at=start)
    yield (
        MEMBERS,
        Member(id=member_id(TOPIC, READER), room=TOPIC, user=READER, username=READER, role="member", joined_at=start),
    )
    for number in range(FOLLOWED):
        other = f"user{number}"
        yield FOLLOWS, Follow(id=f"{READER}:{other}", user=READER, other=other, since=_id(start, number))
    for number in range(world.posts):
        yield from _post(world, number, start, chance)
    world.busiest = world.ids[world.posts // 2]
    for seq in range(2, world.posts // 20 + 2):
        yield from _comment(world.busiest, seq, now_ms() + seq, chance)


async def fill(database: Database, posts: int, votes: int) -> World:
    """Fill an empty store, and tell where its lists have their places."""
    world = World(posts, votes)
    waiting: dict[str, tuple[Table[Any], list[Record]]] = {}
    rows = _all(world)
    while part := list(islice(rows, ROWS * 8)):
        for table, record in part:
            waiting.setdefault(table.name, (table, []))[1].append(record)
        await asyncio.gather(*(_write(database, table, records) for table, records in waiting.values()))
        waiting.clear()
    return world


async def _write(database: Database, table: Table[Any], records: Sequence[Record]) -> None:
    for start in range(0, len(records), ROWS):
        await database.batch(table, records[start : start + ROWS])
