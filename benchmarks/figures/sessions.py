"""Figures of sessions: what one takes, how many begin a second, and how soon one is back."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures.rows import Results, beside, row
from benchmarks.load.prepare import MISSED
from benchmarks.load.task import Result
from benchmarks.report.row import Aim, Row

SESSIONS = 1000
RETURNING = MISSED
COMING = 32
"""Connections that are being opened at the same time."""

BEHIND = 200
"""Messages that somebody who comes back has missed."""

FILLERS = 20
"""People who come back for what is in memory."""

UNDER_10_MS = Aim("value", 10, least=False)
ONE_QUESTION = Aim("value", 1, least=False)


def memory_of(bench: Bench, sessions: int) -> Results:
    """Measure the memory of a session, each time on a server that has just started."""

    def parley() -> Result:
        bench.restart()
        return bench.measure("memory", size=sessions)

    def floor() -> Result:
        with bench.floor("memory") as measure:
            return measure("memory", size=sessions)

    return bench.compare(parley, floor)


def memory(bench: Bench) -> Sequence[Row]:
    """Measure the memory of a session."""
    sessions = bench.size(SESSIONS, 200)
    figure = f"KiB a session, five rooms, {sessions:,} sessions"
    return [row(bench, figure, "kib", memory_of(bench, sessions), Aim("value", 20, least=False))]


def hello(bench: Bench) -> Sequence[Row]:
    """Measure how many people can come back a second."""
    results = beside(bench, "hello", (), "hello", size=COMING, seconds=bench.seconds(1.5))
    return [row(bench, "connections with hello/s", "per_s", results, Aim("core", 2500))]


def missing(bench: Bench, people: int) -> dict[str, Any]:
    """Have people leave, and write what they miss into the store alone; return what brings them back."""
    places = str(bench.place / "places.json")
    bench.measure("leave", size=people, options={"places": places})
    rooms = bench.everybody().rooms.missed[:people]
    bench.fill(more=dict.fromkeys(rooms, BEHIND))
    return {"size": people, "options": {"places": places, "missed": BEHIND}}


def resume_stored(bench: Bench) -> Results:
    """Measure coming back to a node that has nothing of it in memory, beside a query by hand."""
    people, more = bench.size(RETURNING, 40), dict[str, Any]()

    def parley() -> Result:
        more.update(missing(bench, people))
        return bench.measure("resume", **more)

    def floor() -> Result:
        if not more:
            more.update(missing(bench, people))
        with bench.floor("resume", *bench.data()) as measure:
            return measure("resume", **more)

    return bench.compare(parley, floor)


def resume(bench: Bench) -> Sequence[Row]:
    """Measure how long coming back takes: what was missed being in the store alone, and in memory."""
    stored = resume_stored(bench)
    kept = [bench.measure("resume", size=FILLERS, options={"missed": BEHIND}) for _ in range(bench.runs)]
    rows = []
    for where, results in (("from the store", stored), ("from memory", (kept, []))):
        what = f"resume of {BEHIND} missed items {where}"
        rows += [
            row(bench, f"{what}, p50, ms", "resume_p50", results),
            row(bench, f"{what}, p99, ms", "resume_p99", results, UNDER_10_MS),
            row(bench, f"{what}, reads of messages each", "questions_entries", results, ONE_QUESTION),
            row(bench, f"{what}, all questions to the store each", "questions_all", results),
        ]
    return rows
