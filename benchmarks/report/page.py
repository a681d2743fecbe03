"""docs/performance.md: its tables and plots, made of what was kept of the latest runs.

``python -m benchmarks.report.page`` makes them anew without measuring anything.
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from statistics import median

from benchmarks.parts import ROOT
from benchmarks.report.plots import NAMES, PLOTS, beside_floors, drawn
from benchmarks.report.row import Row, spread
from benchmarks.report.table import markdown
from benchmarks.results import Results, kept

PAGE = ROOT / "docs" / "performance.md"
FIGURES = ROOT / "docs" / "performance"
"""Where plots are, beside the page."""

PLACE = re.compile(r"(<!-- made: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def where(results: Results) -> str:
    """Return on what machine something was measured, and how busy it was."""
    made, busiest = results.machine, max((row.others for row in results.rows), default=0.0)
    return (
        f"{made.at[:10]}, {made.processor}, {made.cores} cores, {made.system}, Python {made.python}; medians of "
        f"{results.runs} runs, with the lowest and the highest{'; a first look' if results.quick else ''}. "
        f"Other programs used up to {busiest:.1f} cores meanwhile.\n"
    )


def figure_tables(results: Results) -> str:
    """Return the main table, a part for each store."""
    head = ["figure", "Parley", "floor", "ratio", "by processor time", "aim", "server, driver"]
    text = where(results)
    for store, rows in groupby(results.rows, lambda row: row.store):
        text += f"\n**{NAMES.get(store, store.capitalize())}**\n\n"
        text += markdown(head, [row.cells() for row in rows])
        if plot := beside_floors(results.rows, store) if store in NAMES else "":
            text += f"\n{pictured(f'figures-{store}', plot, f'Ratios to floors on {NAMES[store]}')}"
    return text


def growth_tables(results: Results) -> str:
    """Return the plots of what grows, each with what it is drawn of, and then what is told without a plot."""
    text, left = where(results), list(results.rows)
    for name, plot in PLOTS.items():
        mine = [row for row in left if row.figure.startswith(plot.figures)]
        left = [row for row in left if row not in mine]
        if mine:
            text += f"\n{pictured(name, drawn(plot, mine), plot.title)}\n{grown(mine)}"
    for figure in dict.fromkeys(row.figure for row in left):
        text += f"\n**{figure}**\n\n{grown([row for row in left if row.figure == figure])}"
    return text


def grown(rows: Sequence[Row]) -> str:
    """Return the table of a plot; what none of its rows has is left out."""
    several = len({row.figure for row in rows}) > 1
    lines = [["", "Parley", "floor", "µs each", "floor's", "aim"]]
    for row in rows:
        which = [NAMES[row.store], *([row.figure.rpartition(", ")[2]] if several else []), f"{row.x:,.0f}"]
        values = map(spread, (row.samples, row.floors, row.costs, row.floor_costs))
        lines.append([", ".join(which), *values, row.verdicts()])
    columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
    head, *rest = zip(*columns, strict=True)
    return markdown(head, rest)


def pictured(name: str, svg: str, words: str) -> str:
    """Keep a plot and return what shows it."""
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    return f"![{words}](performance/{name}.svg)\n"


def road_table(results: Results) -> str:
    """Return what each step of a message costs; the last row is the whole."""
    whole = median(results.rows[-1].samples)
    lines = [[row.figure, spread(row.samples), f"{median(row.samples) / whole:.0%}"] for row in results.rows]
    return where(results) + "\n" + markdown(["step", "µs of processor time", "share"], lines)


MADE: dict[str, Callable[[Results], str]] = {"figures": figure_tables, "growth": growth_tables, "road": road_table}
"""What is made of results, by the name of both."""


def filled(page: str, made: dict[str, str]) -> str:
    """Return a page with what was made in its places; other places stay as they are.

    Raises:
        ValueError: If there is no place for something.
    """
    if missing := set(made) - {match[2] for match in PLACE.finditer(page)}:
        raise ValueError(f"the page has no place for {sorted(missing)}")
    return PLACE.sub(
        lambda match: f"{match[1]}{made.get(match[2], match[0][len(match[1]) : -len(match[3])])}{match[3]}", page
    )


def write(*names: str) -> list[str]:
    """Put what was measured last into the page and return which files changed; all of it where nothing is named."""
    found = {name: results for name in names or MADE if (results := kept(name)) is not None}
    made = {name: MADE[name](results) for name, results in found.items()}
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    return [str(PAGE.relative_to(ROOT)), f"{FIGURES.relative_to(ROOT)}/"]


if __name__ == "__main__":
    write()
