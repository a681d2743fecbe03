"""Figures of reading: pages of a room, what changed in it, one's rooms; a million messages and ten thousand rooms."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures.rows import Results, beside, row
from benchmarks.report.row import Aim, Row

PAGE = 50
CHANGES = 100
READERS = 16
MANY = 1_000_000
ROOMS = 10_000
SHARED = 100
"""Rooms of the one who is not in all of them."""

BEHIND = 100
"""Changes that are asked for."""

OWNER, ALSO = 1, 2
"""Talkers: who is in all of the many rooms, and who in some."""


def reading(bench: Bench, floor: str, path: str, items: int, **options: Any) -> Results:
    """Measure a GET beside the same question by hand, over the same data."""
    more = {"size": options.pop("size", READERS), "seconds": bench.seconds(options.pop("seconds", 1))}
    return beside(bench, floor, bench.data(), "reads", **more, options={"path": path, "items": items, **options})


def page_of(bench: Bench, room: str, newest: int, **whose: Any) -> Results:
    """Measure reads of a room's newest page."""
    return reading(bench, "history", f"/api/rooms/{room}/messages?limit={PAGE}", PAGE, newest=newest, **whose)


def same_page(bench: Bench) -> Sequence[Row]:
    """Measure reads of one page by everybody in a room at once."""
    rooms = bench.everybody().rooms
    bench.fill(messages={rooms.hundred: 1000})
    results = reading(bench, "history", f"/api/rooms/{rooms.hundred}/messages?limit={PAGE}", PAGE, size=100)
    who = "100 members ask for one page at once"
    return [
        row(bench, f"GET messages/s, {who}", "per_s", results),
        row(bench, f"questions to the store a read, {who}", "questions", results),
    ]


def history(bench: Bench) -> Sequence[Row]:
    """Measure reads of the newest page of a long room."""
    newest = bench.size(MANY, 10_000)
    room = bench.everybody().rooms.history
    bench.fill(messages={room: newest})
    anywhere = reading(bench, "history", f"/api/rooms/{room}/messages?limit={PAGE}", PAGE, places=newest, talker=0)
    latest = page_of(bench, room, newest, talker=0)
    return [
        row(bench, f"GET messages/s, the {PAGE} newest of {newest:,}", "per_s", latest, Aim("ratio", 0.8)),
        row(bench, f"GET messages/s, {PAGE} anywhere among {newest:,}", "per_s", anywhere),
    ]


def changes(bench: Bench) -> Sequence[Row]:
    """Measure reads of what changed last in a long room."""
    newest = bench.size(MANY, 10_000)
    bench.fill(messages={bench.everybody().rooms.history: newest})
    path = f"/api/rooms/{bench.everybody().rooms.history}/changes?since={newest - BEHIND}&limit={CHANGES}"
    results = reading(bench, "history", path, BEHIND, newest=newest, talker=0)
    return [row(bench, f"GET changes/s, {BEHIND} of {newest:,}", "per_s", results)]


def rooms(bench: Bench) -> Sequence[Row]:
    """Measure the list of one's rooms: of somebody in a hundred of many, and of somebody in all of them."""
    many = bench.size(ROOMS, 200)
    talkers = bench.everybody().talkers
    bench.fill(author=talkers[OWNER], rooms=many, also=talkers[ALSO], shared=SHARED)
    some = reading(bench, "rooms", "/api/rooms?limit=50", 50, talker=ALSO)
    every = reading(bench, "rooms", "/api/rooms?limit=50", 50, talker=OWNER, size=1)
    return [
        row(bench, f"GET rooms/s, {SHARED} of {many:,} rooms are one's own", "per_s", some),
        row(bench, f"GET rooms, all {many:,} are one's own, p50, ms", "read_p50", every),
    ]
