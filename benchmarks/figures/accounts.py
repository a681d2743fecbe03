"""Figures of accounts: whether times tell who has one, and what others notice of many who log in at once."""

from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.load.task import Result
from benchmarks.report.row import Aim, Row

COSTS = {4: 500, 12: 50}
"""Work of a hash, and tries of each kind with it."""

APART = Aim("value", 5, least=False)
RUSH = 100
"""People who log in at once."""

SOON = Aim("value", 50, least=False)
QUESTIONS = {"login": "log in, wrong password", "register": "register, with an address", "reset": "ask for a reset"}


def guesses(bench: Bench) -> Sequence[Row]:
    """Measure how far apart the answers about somebody known and somebody unknown are."""
    rows = []
    for cost, tries in COSTS.items():
        with bench.hashing(cost):
            more = {"size": bench.size(tries, 10), "options": {"log": str(bench.place / "server.log")}}
            results = [bench.measure("guesses", **more) for _ in range(bench.runs)]
        for key, words in QUESTIONS.items():
            rows += _times(bench, f"{words}, cost {cost}", key, results)
    return rows


def _times(bench: Bench, words: str, key: str, results: Sequence[Result]) -> list[Row]:
    def made(figure: str, value: str, floor: str = "", *aims: Aim) -> Row:
        return Row(
            figure=f"{words}: {figure}",
            store=bench.store,
            samples=[result[value] for result in results],
            floors=[result[floor] for result in results if floor],
            aims=aims,
            driver=[result[f"{key}_busy"] for result in results],
            server=[result[f"{key}_server"] for result in results],
        )

    return [
        made("known beside unknown, p50, ms", f"{key}_known", f"{key}_unknown"),
        made("how far apart, ms", key, "", APART),
    ]


def rush(bench: Bench) -> Sequence[Row]:
    """Measure pings of others, and stalls of the loop, while many log in at once."""
    with bench.hashing(max(COSTS)):
        results = [bench.measure("rush", size=bench.size(RUSH, 30)) for _ in range(bench.runs)]
    who = f"{RUSH} log in at once, cost {max(COSTS)}"

    def made(words: str, key: str, *aims: Aim) -> Row:
        floors = [result[f"floor_{key}"] for result in results if f"floor_{key}" in result]
        samples = [result[key] for result in results]
        return Row(figure=f"{who}: {words}", store=bench.store, samples=samples, floors=floors, aims=aims)

    return [
        made("pings of others, p50, ms", "ping_p50"),
        made("pings of others, p99, ms", "ping_p99"),
        made("pings of others, longest, ms", "ping_max", SOON),
        made("longest stall of the loop, ms at most", "stall", SOON),
        made("came in", "came_in"),
        made("were told to come back", "told_to_wait"),
        made("seconds until the last one had an answer", "rush_s"),
    ]
