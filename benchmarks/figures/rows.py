"""From what the driver measured to the row of a figure."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench
from benchmarks.load.task import Result
from benchmarks.parts import printed
from benchmarks.report.row import Aim, Row

Results = tuple[Sequence[Result], Sequence[Result]]
"""What Parley did and what the floor did, run by run."""


def row(bench: Bench, figure: str, key: str, results: Results, *aims: Aim, x: float = 0.0) -> Row:
    """Return the row of one key of the results."""
    parley, floor = results
    prefix = f"{key}_" if f"{key}_busy" in parley[0] else ""

    def shares(of: Sequence[Result], name: str) -> list[float]:
        return [result[f"{prefix}{name}"] for result in of if f"{prefix}{name}" in result]

    return Row(
        figure=figure,
        store=bench.store,
        samples=[result[key] for result in parley],
        floors=[result[key] for result in floor if key in result],
        aims=aims,
        driver=shares(parley, "busy"),
        server=shares(parley, "server"),
        floor_server=shares(floor, "server"),
        x=x,
    )


def beside(bench: Bench, floor: str, place: Sequence[Any], load: str, **more: Any) -> Results:
    """Measure a load against Parley and against the server ``floor_NAME.py``, interleaved."""
    with bench.floor(floor, *place) as measure:
        return bench.compare(lambda: bench.measure(load, **more), lambda: measure(load, **more))


def printed_rate(script: Sequence[str]) -> Result:
    """Return what a floor without sockets prints: its rate and its share of a core."""
    rate, share = printed(script, within_s=60)
    return {"per_s": rate, "busy": 0.0, "server": share}
