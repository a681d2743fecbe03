"""Break things for a long time: ``python -m tests.faults``; see README.md beside this file."""

import argparse
import asyncio
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from tests.faults import (
    clocks,
    crowd,
    cycles,
    flood,
    kills,
    mass_cut,
    orphans,
    overload,
    presence,
    redis_faults,
    removals,
    replay,
    revocations,
    rolling,
    store_faults,
    storm,
    zombies,
)
from tests.faults.figures import Outcome, table
from tests.faults.rig import forget

Run = Callable[[Path, int, str, Any], Awaitable[Outcome]]

SCENARIOS: dict[str, tuple[Run, Any, Any]] = {
    "kills": (kills.run, kills.SHORT, kills.LONG),
    "orphans": (orphans.run, orphans.SHORT, orphans.LONG),
    "zombies": (zombies.run, zombies.SHORT, zombies.LONG),
    "redis": (redis_faults.run, redis_faults.SHORT, redis_faults.LONG),
    "store": (store_faults.run, store_faults.SHORT, store_faults.LONG),
    "storm": (storm.run, storm.SHORT, storm.LONG),
    "rolling": (rolling.run, rolling.SHORT, rolling.LONG),
    "mass-cut": (mass_cut.run, mass_cut.SHORT, mass_cut.LONG),
    "removals": (removals.run, removals.SHORT, removals.LONG),
    "revocations": (revocations.run, revocations.SHORT, revocations.LONG),
    "presence": (presence.run, presence.SHORT, presence.LONG),
    "clocks": (clocks.run, clocks.SHORT, clocks.LONG),
    "overload": (overload.run, overload.SHORT, overload.LONG),
    "crowd": (crowd.run, crowd.SHORT, crowd.LONG),
    "flood": (flood.run, flood.SHORT, flood.LONG),
    "cycles": (cycles.run, cycles.SHORT, cycles.LONG),
    "replay": (replay.run, replay.SHORT, replay.LONG),
}
"""Each with its short and its long form."""

LONGEST_S = 1200.0
"""No run takes longer, whatever goes wrong."""


def say(text: str) -> None:
    """Tell how far it has come."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Break things, and judge what is left.")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="a scenario; may be given again")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after the other (default: 1)")
    parser.add_argument("--store", choices=("sqlite", "mongo"), action="append", help="a store (default: sqlite)")
    parser.add_argument("--short", action="store_true", help="the short form, which the tests run")
    parser.add_argument("--keep", type=Path, help="where to leave histories; without it those of good runs are removed")
    return parser.parse_args()


def one(name: str, seed: int, store: str, folder: Path, *, short: bool) -> Outcome:
    """Run a scenario once; what goes wrong in it is part of its outcome."""
    run, small, large = SCENARIOS[name]
    began, load = time.monotonic(), os.getloadavg()[0]

    async def bounded() -> Outcome:
        async with asyncio.timeout(LONGEST_S):
            return await run(folder, seed, store, small if short else large)

    try:
        outcome = uvloop.run(bounded())
    except Exception:  # noqa: BLE001  the other seeds are run all the same
        outcome = Outcome(name, seed, store, wrong=[traceback.format_exc()])
    outcome.load = load
    judged = "WRONG" if outcome.wrong else "slow" if outcome.slow else "good"
    say(f"{name} on {store}, seed {seed}: {judged} after {time.monotonic() - began:.0f} s; load average {load:.1f}")
    return outcome


def main() -> int:
    """Run what is asked for and print the figures; return 1 where anything was wrong."""
    asked = arguments()
    outcomes: list[Outcome] = []
    place = asked.keep or Path(tempfile.mkdtemp(prefix="parley-faults-"))
    for name in asked.only or SCENARIOS:
        for store in asked.store or ["sqlite"]:
            for seed in range(asked.seed, asked.seed + asked.seeds):
                folder = place / f"{name}-{store}-{seed}"
                outcomes.append(one(name, seed, store, folder, short=asked.short))
                if outcomes[-1].wrong:
                    say(f"  its history: {folder / 'history.jsonl'}")
                elif asked.keep is None:
                    forget(folder)
    print(table(outcomes))
    if asked.keep is not None:
        (place / "outcomes.json").write_bytes(msgspec.json.format(msgspec.json.encode(outcomes)))
    return any(outcome.wrong for outcome in outcomes)


if __name__ == "__main__":
    raise SystemExit(main())
