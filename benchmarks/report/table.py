"""Rows as tables: aligned for a terminal, or in Markdown."""

from collections.abc import Sequence
from itertools import groupby

from benchmarks.report.row import HEAD, Row


def table(rows: Sequence[Row]) -> str:
    """Return all rows as one table for a terminal, a part for each store."""
    lines = [HEAD]
    for store, part in groupby(rows, lambda row: row.store):
        lines += [[""] * len(HEAD), [store.upper(), *[""] * (len(HEAD) - 1)], *(row.cells() for row in part)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "─" * sum(widths, 2 * (len(widths) - 1)), *text[2:]])


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as a table in Markdown, numbers apart from the first column."""
    marks = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, marks, *lines))
