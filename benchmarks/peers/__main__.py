"""Measure Parley and its peers in the same run: ``python -m benchmarks.peers``.

In each run each takes a turn, on the same core, with the same clients, in an order that shifts from run to run.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.bench import Bench, bench
from benchmarks.load.task import Result
from benchmarks.parts import CORES, Broken
from benchmarks.peers import outcome, pages
from benchmarks.peers.document import fill_page
from benchmarks.peers.outcome import Entry, Outcome
from benchmarks.peers.peer import Missing, Peer
from benchmarks.peers.registry import PEERS
from benchmarks.peers.tell import terminal
from benchmarks.peers.turns import FAILURES, MEMBERS, Contestant, of_parley, of_peer, turn
from benchmarks.results import machine, others

QUICK = 0.2
QUIET = 0.1
"""Cores that other programs may use without a word about it."""

STORES = {"sqlite": "SQLite", "mongo": "MongoDB"}
KEEPS = {
    "sqlite": "each message with its place in the stream, WAL, synchronous=FULL",
    "mongo": "each message with its place in the stream, at a majority of one, journaled",
}


def say(text: str) -> None:
    """Tell how far it has come."""
    print(text, file=sys.stderr, flush=True)


def installed(peers: Sequence[Peer], missing: dict[str, str]) -> dict[str, str]:
    """Install peers and return the versions of those that can be had, by name; note the others as missing."""
    versions = {}
    for peer in peers:
        say(f"{peer.name}: installed if it is not yet")
        try:
            versions[peer.name] = peer.install()
        except (Missing, Broken) as error:
            missing[peer.name] = str(error)
            say(f"{peer.name} is left out: {error}")
    return versions


def about_parley(name: str, store: str) -> Entry:
    """Return Parley without a result yet."""
    packages = ", ".join(f"{package} {version(package)}" for package in ("tornado", "uvloop", "msgspec"))
    settings = f"`server.py` as it starts by itself on {STORES[store]}, limits of rates and sockets off"
    return Entry(name=name, versions=packages, settings=settings, keeps=KEEPS[store])


def take_turns(contestants: Sequence[Contestant], found: Outcome, runs: int, scale: float) -> None:
    """Measure all, run by run; each run is kept when it is over, for all of them may take half an hour."""
    entries = {entry.name: entry for entry in found.entries}
    for run in range(runs):
        first = run % len(contestants)
        for contestant in [*contestants[first:], *contestants[:first]]:
            elsewhere, began = others(), time.monotonic()
            found.others = max(found.others, elsewhere)
            result, trouble = turn(contestant, scale)
            entries[contestant.name].results.append(result)
            entries[contestant.name].troubles += [trouble] if trouble else []
            took = f"{time.monotonic() - began:.0f} s, {elsewhere:.1f} of {len(CORES)} cores in use by others before"
            say(f"run {run + 1}, {contestant.name}: {took}{'; ' if trouble else ''}{trouble}")
        found.runs = run + 1
        outcome.keep(found)


def compared_pages(made: Bench, missing: dict[str, str]) -> list[Entry]:
    """Measure reading a page; nothing where the peer cannot be had."""
    try:
        versions = pages.install()
    except Missing as error:
        missing[pages.NAME] = str(error)
        return []
    parley = Entry(name="Parley")
    peer = Entry(name=pages.NAME, versions=versions, settings=pages.SETTINGS)
    try:
        read_pages(made, parley, peer)
    except FAILURES as error:  # what was measured before counts
        say(str(error))
        peer.troubles.append("the pages of one of both could not be read to the end")
    return [parley, peer]


def read_pages(made: Bench, parley: Entry, peer: Entry) -> None:
    """Measure both, run by run, on a room that is filled first."""
    newest = pages.fill(made)
    made.stop()
    parley.name += f", {newest:,} stored"
    turns: list[tuple[Entry, Callable[[Bench, int], Result]]] = [
        (parley, pages.read_parley),
        (peer, pages.read_fastapi),
    ]
    for run in range(made.runs):
        for entry, read in turns if run % 2 == 0 else turns[::-1]:
            result = read(made, newest)
            entry.results.append(result | {f"per_s_{name}": result[name] for name in ("busy", "server")})
        say(f"run {run + 1}: pages")


def measured(asked: argparse.Namespace, place: Path) -> Outcome:
    """Measure everything that is asked for."""
    where, scale, missing = machine(), QUICK if asked.quick else 1.0, dict[str, str]()

    def is_asked(name: str) -> bool:
        return not asked.only or name.casefold().startswith(tuple(start.casefold() for start in asked.only))

    wanted = [peer for peer in PEERS if is_asked(peer.name)]
    versions = installed(wanted, missing)
    found = Outcome(machine=where, quick=asked.quick, missing=missing)
    with bench(asked.store, place / asked.store, asked.runs, scale) as made:
        made.prepare(made.size(MEMBERS, 200))
        made.stop()
        contestants = [of_parley(made)]
        found.entries = [about_parley(contestants[0].name, asked.store)]
        for peer in (peer for peer in wanted if peer.name in versions):
            contestants.append(of_peer(peer, place))
            about = Entry(name=peer.name, versions=versions[peer.name], settings=peer.settings, keeps=peer.keeps)
            found.entries.append(about)
        if len(contestants) > 1:
            take_turns(contestants, found, asked.runs, scale)
        if is_asked(pages.NAME):
            found.pages = compared_pages(made, missing)
            found.runs = asked.runs
    return found


def arguments() -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Parley beside its peers.")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="who is called that, or begins so; may be repeated"
    )
    parser.add_argument("--store", choices=STORES, default="sqlite", help="Parley's store (default: sqlite)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a fifth of time and people: for a first look")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance-peers.md")
    asked = parser.parse_args()
    names = [*(peer.name for peer in PEERS), pages.NAME]
    for start in asked.only or ():
        if not any(name.casefold().startswith(start.casefold()) for name in names):
            parser.error(f"nobody is called {start}: {', '.join(names)}")
    return asked


def main() -> None:
    """Measure, print the tables, write the JSON."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="parley-peers-") as place:
        found = measured(asked, Path(place))
    say(f"written to {outcome.keep(found)}")
    print(terminal(found))
    if found.others > QUIET:
        print(f"This machine was not quiet: other programs used up to {found.others:.1f} of its {len(CORES)} cores.")
    if asked.write:
        say(f"and into {fill_page()}")


if __name__ == "__main__":
    main()
