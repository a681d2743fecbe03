"""Tables of an outcome: for a terminal, and in Markdown."""

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.peers.outcome import Entry, Outcome, called, times
from benchmarks.peers.turns import WINDOWS
from benchmarks.report.row import SATURATED, number, spread

Cell = Callable[[Entry], str]

READING = """Medians of the runs, which took turns, with the lowest and the highest. µs a copy: processor time of all
processes of a server for each delivery at window 16; it holds too where other programs take turns on the core, which
rates do not. ! means that the driver's core was full: the server may be faster than that."""

NOTHING = "-"

AIMS = (("python-socketio", "w16", 10.0), ("Flask-SocketIO", "w16", 5.0), ("Centrifugo", "w16", 1.0))
"""Whom Parley, durable, should be ahead of in deliveries, and how many times."""


def figure(key: str) -> Cell:
    """Return what tells one figure."""

    def cell(entry: Entry) -> str:
        if not entry.samples(key):
            return NOTHING
        full = " !" if entry.worst(f"{key}_busy") > SATURATED else ""
        lost = f", {share:.2g} % lost" if (share := 100 * entry.worst(f"{key}_lost")) else ""
        closed = f", {sockets:.0f} closed" if (sockets := entry.worst(f"{key}_closed")) else ""
        return spread(entry.samples(key)) + full + lost + closed

    return cell


def cost(key: str) -> Cell:
    """Return what tells the processor time of one operation."""

    def cell(entry: Entry) -> str:
        return spread(entry.costs(key)) or NOTHING

    return cell


def against(parley: Entry, key: str) -> Cell:
    """Return what tells how often Parley's figure is a peer's, in the same run."""

    def cell(entry: Entry) -> str:
        return "" if entry is parley else spread(times(parley, entry, key)) or NOTHING

    return cell


def deliveries(outcome: Outcome) -> list[list[str]]:
    """Return the table of deliveries, its head first."""
    parley = outcome.entries[0]
    cells = [*(figure(f"w{window}") for window in WINDOWS), against(parley, "w16"), cost("w16")]
    head = [*(f"window {window}" for window in WINDOWS), f"{parley.name} / it, window 16", "µs a copy"]
    return lines(["deliveries/s", *head], outcome.entries, cells)


def sockets(outcome: Outcome) -> list[list[str]]:
    """Return the table of latency, memory and connections, its head first."""
    keys = {
        "send → ack p50, ms": "ack_p50",
        "send → copy p50, ms": "deliver_p50",
        "send → copy p99, ms": "deliver_p99",
        "KiB a socket": "kib",
        "connections with join/s": "hello_per_s",
    }
    return lines(["sockets", *keys], outcome.entries, [figure(key) for key in keys.values()])


def pages(outcome: Outcome) -> list[list[str]]:
    """Return the table of pages, its head first; the head alone where nothing was read."""
    cells = [figure("per_s"), cost("per_s")]
    return lines(["50 newest messages", "pages/s", "µs a page"], outcome.pages, cells)


def lines(head: list[str], entries: Sequence[Entry], cells: Sequence[Cell]) -> list[list[str]]:
    """Return a table of the entries that were measured."""
    return [head, *([entry.name, *(cell(entry) for cell in cells)] for entry in entries if entry.results)]


def ahead(parley: Entry, peer: Entry, key: str) -> tuple[list[float], str]:
    """Return how many times ahead Parley is, run by run, and by what: not by rates where the driver was the limit."""
    if parley.worst(f"{key}_busy") > SATURATED:
        pairs = zip(parley.costs(key), peer.costs(key), strict=False)
        return [theirs / ours for ours, theirs in pairs], " by processor time, for the driver's core was full"
    return times(parley, peer, key), ""


def verdicts(outcome: Outcome) -> list[str]:
    """Return the aims, and what became of each that was measured."""
    told = []
    for name, key, bound in AIMS:
        peer = called(outcome.entries, name)
        ratios, how = ahead(outcome.entries[0], peer, key) if peer else ([], "")
        if ratios:
            word = "met" if median(ratios) >= bound else "MISSED"
            goal = f"{bound:g} times {name}" if bound > 1 else f"ahead of {name}"
            told.append(f"{goal} at window 16{how}: {spread(ratios)}, {word}")
    rivals = {entry.name: median(kib) for entry in outcome.entries[1:] if (kib := entry.samples("kib"))}
    if rivals and (kib := outcome.entries[0].samples("kib")):
        name, least = min(rivals.items(), key=lambda rival: rival[1])
        word = "met" if median(kib) < least else "MISSED"
        told.append(f"less memory a socket than every peer: {number(median(kib))} KiB, {name} {number(least)}, {word}")
    if len(outcome.pages) > 1 and (ratios := times(outcome.pages[0], outcome.pages[1], "per_s")):
        told.append(f"ahead of FastAPI: {spread(ratios)}, {'met' if median(ratios) > 1 else 'MISSED'}")
    return told


def aligned(table: list[list[str]]) -> str:
    """Return a table for a terminal."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return "\n".join([text[0], "─" * len(max(text, key=len)), *text[1:]])


def terminal(outcome: Outcome) -> str:
    """Return everything for a terminal."""
    parts = [aligned(table) for table in (deliveries(outcome), sockets(outcome), pages(outcome)) if len(table) > 1]
    trouble = [f"{entry.name}: {text}" for entry in outcome.entries + outcome.pages for text in entry.troubles]
    missing = [f"{name} is not here: {why}" for name, why in outcome.missing.items()]
    return "\n\n".join([*parts, "\n".join([*verdicts(outcome), *trouble, *missing]), READING])
