"""The figures: what is loaded, beside which floor, and what it should reach."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench
from benchmarks.load.task import Result
from benchmarks.parts import Broken, printed, python
from benchmarks.report import Aim, Row

WINDOWS = (1, 16, 64)
MEMBERS = 1000
SENDERS = 50
WATCHERS = 100
SESSIONS = 2000
RETURNING = 200
READERS = 16
FEW, MANY = 1000, 1_000_000

FLAT = 0.9
"""History counts as flat when a million stored messages leave at least this much of the speed at a thousand."""


def row(bench: Bench, figure: str, key: str, results: tuple[list[Result], list[Result]]) -> Row:
    """Return the row of one key of the results."""
    parley, floor = results
    prefix = f"{key}_" if f"{key}_busy" in parley[0] else ""
    return Row(
        figure=figure,
        store=bench.store,
        samples=[result[key] for result in parley],
        floors=[result[key] for result in floor],
        driver=[result[f"{prefix}busy"] for result in parley if f"{prefix}busy" in result],
        server=[result[f"{prefix}server"] for result in parley if f"{prefix}server" in result],
        floor_server=[result[f"{prefix}server"] for result in floor if f"{prefix}server" in result],
    )


def deliveries(bench: Bench) -> list[Row]:
    """Measure deliveries in a big room at each window."""
    members = bench.size(MEMBERS, 100)
    more = {"size": members, "seconds": bench.seconds(1), "options": {"windows": WINDOWS}}

    def floor() -> Result:
        with bench.floor("deliveries", *bench.keeping()) as measure:
            return measure("deliveries", **more)

    results = bench.compare(partial(bench.measure, "deliveries", **more), floor)
    rows = [row(bench, f"deliveries/s, {members:,} members, window {w}", f"w{w}", results) for w in WINDOWS]
    for made, window in zip(rows, WINDOWS, strict=True):
        made.aims = (Aim("ratio", 0.5), *([Aim("value", 300_000)] if window == 16 else []))
    return rows


def sends(bench: Bench) -> list[Row]:
    """Measure acknowledged sends of many senders in one room, and in a room each."""
    rows = []
    for rooms, streams in (("one", 1), ("own", SENDERS)):
        seconds = bench.seconds(1.5)
        script = python(f"benchmarks/floor_sends_{bench.store}.py", bench.url or bench.place, seconds, streams)
        parley = partial(bench.measure, "sends", size=SENDERS, seconds=seconds, options={"rooms": rooms})
        results = bench.compare(parley, partial(printed_rate, script))
        where = "one room" if rooms == "one" else f"{SENDERS} rooms"
        rows.append(row(bench, f"acknowledged sends/s, {SENDERS} senders, {where}", "per_s", results))
    return rows


def printed_rate(script: Sequence[str]) -> Result:
    """Return what a floor without sockets prints: its rate and its share of a core."""
    rate, share = printed(script, within_s=60)
    return {"per_s": rate, "busy": 0.0, "server": share}


def latency(bench: Bench) -> list[Row]:
    """Measure how long an answer and a copy take on a quiet node."""
    more = {"size": WATCHERS, "seconds": bench.seconds(2)}

    def floor() -> Result:
        with bench.floor("latency", *bench.keeping()) as measure:
            return measure("latency", **more)

    results = bench.compare(partial(bench.measure, "latency", **more), floor)
    return [
        row(bench, f"send → {what}, room of {WATCHERS}, p{share}, ms", f"{what}_p{share}", results)
        for what in ("ack", "deliver")
        for share in (50, 99)
    ]


def memory(bench: Bench) -> list[Row]:
    """Measure the memory of a session, each time on a server that has just started."""
    more = {"size": bench.size(SESSIONS, 200)}

    def parley() -> Result:
        bench.restart()
        return bench.measure("memory", **more)

    def floor() -> Result:
        with bench.floor("memory") as measure:
            return measure("memory", **more)

    made = row(bench, f"KiB a session, five rooms, {more['size']:,} sessions", "kib", bench.compare(parley, floor))
    made.aims = (Aim("value", 20, least=False),)
    return [made]


def hello(bench: Bench) -> list[Row]:
    """Measure how many people can come back a second."""
    more = {"size": 32, "seconds": bench.seconds(1.5)}

    def floor() -> Result:
        with bench.floor("hello") as measure:
            return measure("hello", **more)

    results = bench.compare(partial(bench.measure, "hello", **more), floor)
    return [row(bench, "connections with hello/s", "per_s", results)]


def history(bench: Bench) -> list[Row]:
    """Measure reads of the newest page at few and at many stored messages."""
    rows = []
    for stored in (FEW, bench.size(MANY, 10_000)):
        newest = fill(bench, stored)
        more = {"size": READERS, "seconds": bench.seconds(1), "options": {"newest": newest}}

        def floor(more: dict[str, object] = more) -> Result:
            with bench.floor("history", bench.store, bench.url or sqlite_file(bench.place / "data")) as measure:
                return measure("history", **more)

        results = bench.compare(partial(bench.measure, "history", **more), floor)
        rows.append(row(bench, f"GET messages/s, {stored:,} stored", "per_s", results))
    few, many = rows
    many.aims = (Aim("value", FLAT * median(few.samples), words=f"≥ {FLAT} of {FEW:,}'s"),)
    return rows


def fill(bench: Bench, stored: int) -> int:
    """Bring the history room to this many messages, with Parley stopped, and return the newest one's seq."""
    bench.stop()
    source = bench.url or sqlite_file(bench.place / "data")
    (newest,) = printed(python("-m", "benchmarks.fill", source, bench.people, stored), within_s=300)
    bench.restart()
    return int(newest)


def sqlite_file(directory: Path) -> Path:
    """Return the database file of a data directory.

    Raises:
        Broken: If there is not exactly one.
    """
    found = [path for path in directory.iterdir() if path.is_file() and path.open("rb").read(15) == b"SQLite format 3"]
    if len(found) != 1:
        raise Broken(f"{directory} holds {len(found)} databases")
    return found[0]


FIGURES: dict[str, tuple[Callable[[Bench], Sequence[Row]], int]] = {
    "latency": (latency, 0),
    "deliveries": (deliveries, MEMBERS),
    "sends": (sends, 0),
    "hello": (hello, RETURNING),
    "memory": (memory, SESSIONS),
    "history": (history, 0),
}
"""Name to what measures it, and the crowd that it needs; in the order in which they are measured."""
