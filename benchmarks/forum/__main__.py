"""Measure how lists of posts and comments grow: ``python -m benchmarks.forum``, about ten minutes.

The same reads of two stores, of which one has a hundred times the posts and votes, by turns in one run: what the
machine gives at that moment both have. Read is what an operation reads and encodes, without the way to it: that is the
same for both, and would only make the ratio smaller.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import msgspec

from benchmarks.forum.world import READER, TOPIC, World, fill
from benchmarks.parts import mongo
from benchmarks.results import say
from services.application import Application
from services.forum.comments import reading as comments
from services.forum.feed import listing as feed
from services.forum.posts.lists import listing as posts
from services.operations.context import Context, Principal
from store import open_database
from store.database import Database

SIZES: Final = ((1_000, 10_000), (100_000, 1_000_000))
"""Posts and votes of both stores."""
READS: Final = 2_000
"""Reads of each sort in each store; 20 of them are above a p99."""
PAGE: Final = 20
LIMIT: Final = 3.0
"""Times the p99 of the small store that one of the large may have."""

Read = Callable[[Context, World, random.Random], Awaitable[Any]]


def _cursor(chance: random.Random, places: Sequence[Any]) -> str | None:
    """Return a place to begin a page at; half of all pages are the first."""
    return str(chance.choice(places)) if chance.random() < 0.5 else None


def _listed(order: Any) -> Read:
    def read(context: Context, world: World, chance: random.Random) -> Awaitable[Any]:
        every: dict[str, Sequence[Any]] = {"new": world.ids, "top": world.top, "hot": world.hot}
        given = posts.ListPosts(topic=TOPIC, order=order, limit=PAGE, cursor=_cursor(chance, every[order]))
        return posts.LIST.run(context, given)

    return read


def _recent(context: Context, world: World, chance: random.Random) -> Awaitable[Any]:
    return posts.RECENT.run(context, posts.ListRecent(limit=PAGE, cursor=_cursor(chance, world.ids)))


def _feed(context: Context, world: World, chance: random.Random) -> Awaitable[Any]:
    return feed.LIST.run(context, feed.ListFeed(limit=PAGE, cursor=_cursor(chance, world.ids)))


def _comments(context: Context, world: World, chance: random.Random) -> Awaitable[Any]:
    post = world.busiest if chance.random() < 0.5 else chance.choice(world.ids)
    return comments.LIST.run(context, comments.ListComments(post=post, order="top", limit=PAGE))


KINDS: Final[dict[str, Read]] = {
    "posts of a topic, new": _listed("new"),
    "posts of a topic, top": _listed("top"),
    "posts of a topic, hot": _listed("hot"),
    "the latest of all": _recent,
    "feed, 5,000 followed": _feed,
    "comments, top": _comments,
}


def _context(database: Database) -> Context:
    application = cast("Application", SimpleNamespace(database=database))
    return Context(application, Principal(READER, READER, "", 0.0), "")


async def _timed(read: Read, context: Context, world: World, chance: random.Random) -> float:
    start = time.perf_counter()
    msgspec.json.encode(await read(context, world, chance))
    return (time.perf_counter() - start) * 1000


def _at(samples: list[float], share: float) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


async def compare(store: str, databases: Sequence[Database], sizes: Sequence[tuple[int, int]], reads: int) -> list[str]:
    """Fill both stores, read them by turns, and return the rows of the table."""
    worlds = []
    for database, (posts_, votes) in zip(databases, sizes, strict=True):
        began = time.monotonic()
        worlds.append(await fill(database, posts_, votes))
        say(f"{store}: {posts_:,} posts and {votes:,} votes are there after {time.monotonic() - began:.0f} s")
    rows, chance = [], random.Random(11)
    for name, read in KINDS.items():
        samples: tuple[list[float], list[float]] = ([], [])
        for _ in range(reads + 50):
            for database, world, taken in zip(databases, worlds, samples, strict=True):
                taken.append(await _timed(read, _context(database), world, chance))
        small, large = samples[0][50:], samples[1][50:]
        ratio = _at(large, 0.99) / _at(small, 0.99)
        cells = [_at(small, 0.5), _at(large, 0.5), _at(small, 0.99), _at(large, 0.99)]
        rows.append(f"| {name} | {store} | {' | '.join(f'{cell:.2f}' for cell in cells)} | {ratio:.2f} |")
        say(rows[-1])
    return rows


async def measure(store: str, place: Path, sizes: Sequence[tuple[int, int]], reads: int) -> list[str]:
    """Return the rows of one store."""
    with ExitStack() as parts:
        url = parts.enter_context(mongo(place)) if store == "mongo" else ""
        names = [url.replace("/parley?", f"/parley_{number}?") or None for number in range(2)]
        async with (
            open_database(place / "small", names[0]) as small,
            open_database(place / "large", names[1]) as large,
        ):
            return await compare(store, (small, large), sizes, reads)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forum", description="How lists of posts grow.")
    parser.add_argument("--store", choices=("sqlite", "mongo"), action="append", help="a store (default: both)")
    parser.add_argument("--quick", action="store_true", help="a tenth of posts, votes and reads: for a first look")
    asked = parser.parse_args()
    sizes = [(posts_ // 10, votes // 10) for posts_, votes in SIZES] if asked.quick else SIZES
    rows = []
    for store in asked.store or ("sqlite", "mongo"):
        with tempfile.TemporaryDirectory(prefix="parley-forum-") as folder:
            rows += asyncio.run(measure(store, Path(folder), sizes, READS // 10 if asked.quick else READS))
    print(
        "| read | store | p50 small | p50 large | p99 small | p99 large | ratio of p99 |",
        "|---|---|---:|---:|---:|---:|---:|",
        *rows,
        sep="\n",
    )


if __name__ == "__main__":
    main()
