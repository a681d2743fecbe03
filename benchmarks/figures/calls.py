"""Figures of calls: many at once, an answer that stops the ringing elsewhere, and one who abuses signals."""

from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.figures.rows import row
from benchmarks.load.task import Result
from benchmarks.report.row import Aim, Row

CALLS = 500
CALLERS = 2 * CALLS

RINGING = 40
"""Calls that are answered in each round of those that others hear of."""

SIGNALLING = Aim("value", 50, least=False)
QUIET = Aim("value", 300, least=False)
ABUSED = Aim("ratio", 1.5, least=False)

STEPS = {
    "all": "all that is waited for",
    "ring": "start → rings",
    "accepted": "accept → the caller knows",
    "said_signal": "signal → the other leg, while all go on",
    "set": "muted → the other leg",
    "over": "leave → the other leg",
}


def calls(bench: Bench) -> Sequence[Row]:
    """Measure all steps of many calls at once on one node; pings at the same time are the floor of signals."""
    size = bench.size(CALLS, 50)
    results = [bench.measure("calls", size=size, seconds=bench.seconds(5)) for _ in range(bench.runs)]
    who, rows = f"{size} calls at once", []
    for key, words in STEPS.items():
        for share in ("p50", "p99"):
            aims = (SIGNALLING,) if share == "p99" else ()
            rows.append(_row(bench, f"{who}: {words}, {share}, ms", f"{key}_{share}", results, *aims))
    rows.append(_row(bench, f"{who}: longest stall of the loop, ms at most", "stall", results))
    return rows


def _row(bench: Bench, figure: str, key: str, results: Sequence[Result], *aims: Aim) -> Row:
    made = row(bench, figure, key, (results, []), *aims)
    part = "said" if key.startswith("said_") else "begin"
    made.driver = [result[f"{part}_busy"] for result in results]
    made.server = [result[f"{part}_server"] for result in results]
    if key.startswith("said_signal"):
        made.floors = [result[key.replace("signal", "ping")] for result in results]
    return made


def abuse(bench: Bench) -> Sequence[Row]:
    """Measure signals of others while one sends 1,000 a second, with limits and without; the floor is without abuse."""
    without = [_abused(bench) for _ in range(bench.runs)]
    limited: list[Result] = []
    for _ in range(bench.runs):
        with bench.limiting():  # anew each time: it remembers who abused it
            limited.append(_abused(bench))
    rows = []
    for words, results in (("limits off", without), ("limits on", limited)):
        floors = [{key.removeprefix("floor_"): value for key, value in one.items()} for one in _floors(results)]
        for share, aims in (("p50", ()), ("p99", (ABUSED,))):
            figure = f"one sends 1,000 signals a second, {words}: signals of others, {share}, ms"
            rows.append(row(bench, figure, f"signal_{share}", (results, floors), *aims))
        figure = f"one sends 1,000 signals a second, {words}: share that is taken"
        rows.append(row(bench, figure, "abuse_taken", (results, [])))
    return rows


def _abused(bench: Bench) -> Result:
    return bench.measure("abuse", seconds=bench.seconds(8))


def _floors(results: Sequence[Result]) -> list[Result]:
    return [{key: value for key, value in one.items() if key.startswith("floor_")} for one in results]


def rings(bench: Bench) -> Sequence[Row]:
    """Measure how soon a second device, at another node, knows that another one has answered."""
    size = bench.size(RINGING, 10)
    with bench.joined(2):
        results = [bench.measure("rings", size=size) for _ in range(bench.runs)]
    who = "over two nodes: accept → a second device at the other node rings no more"
    return [
        row(bench, f"{who}, p50, ms", "quiet_p50", (results, [])),
        row(bench, f"{who}, p99, ms", "quiet_p99", (results, []), QUIET),
    ]
