"""What a node counts about itself, read from its ``/metrics``: how often something happened while a load ran."""

import math
from collections.abc import Iterator, Sequence

from benchmarks.load.rest import connections, request
from benchmarks.load.task import Failed

Meters = dict[str, float]
"""Value by name and labels, as they are written."""

LATE = "parley_loop_late_seconds_bucket"
LONGER_S = 10.0
"""What is told of a stall that is longer than every bound."""


def parsed(shown: str) -> Meters:
    """Return the meters of a page of them."""
    lines = (line.rpartition(" ") for line in shown.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def read_meters(ports: Sequence[int]) -> Meters:
    """Return the meters of these nodes, each summed over all of them."""
    total: dict[str, float] = {}
    for port in ports:
        async with connections(port, 1) as (connection,):
            status, content = await connection.ask(request("GET", "/metrics"))
        if status != 200:
            raise Failed(f"GET /metrics: {status}")
        for name, value in parsed(content.decode()).items():
            total[name] = total.get(name, 0.0) + value
    return total


def grown(before: Meters, after: Meters, name: str) -> dict[str, float]:
    """Return by how much each meter grew whose name with its labels begins with ``name``."""
    found = (meter for meter in after if meter.startswith(name))
    return {meter: after[meter] - before.get(meter, 0.0) for meter in found}


def questions(before: Meters, after: Meters) -> dict[str, float]:
    """Return how often the store was asked: ``all``, and ``entries`` for reads of messages alone."""
    asked = grown(before, after, "parley_store_questions_total")
    entries = {meter: count for meter, count in asked.items() if 'table="entries"' in meter and 'verb="find"' in meter}
    return {"all": sum(asked.values()), "entries": sum(entries.values())}


def stall_ms(before: Meters, after: Meters) -> float:
    """Return the lowest bound that no lateness of the loop exceeded."""

    def bounds() -> Iterator[tuple[float, float]]:
        for meter, count in grown(before, after, LATE).items():
            yield float(meter.partition('le="')[2].partition('"')[0]), count

    counts = sorted(bounds())
    bound = next(bound for bound, count in counts if count == counts[-1][1])
    return (LONGER_S if math.isinf(bound) else bound) * 1000


def contention(before: Meters, after: Meters, sends: int) -> dict[str, float]:
    """Return messages a write, the share of writes where another node was first, and reads for 1,000 sends."""
    asked = grown(before, after, "parley_store_questions_total")
    writes = sum(n for meter, n in asked.items() if 'table="entries"' in meter and 'verb="batch"' in meter)
    refused = sum(grown(before, after, 'parley_refused_writes_total{index="stream_rev"').values())
    gaps = sum(grown(before, after, "parley_gap_reads_total").values())
    return {
        "messages_a_write": sends / max(1.0, writes),
        "refused": refused / max(1.0, writes),
        "reads": 1000 * questions(before, after)["entries"] / max(1, sends),
        "gap_reads": 1000 * gaps / max(1, sends),
    }
