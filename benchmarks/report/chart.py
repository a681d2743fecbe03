"""Plots as SVG, legible on a light page and on a dark one: curves on logarithmic axes, and ratios beside floors."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from benchmarks.report.row import number

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 36, 62, 48
"""Margins around what is drawn."""

LABELS = 400
"""Width of the labels beside ratios."""

BETWEEN = 22
"""Height of one of those."""

LETTER, ROW = 6.6, 18
"""Width of a letter and height of a row in the legend."""

STEPS = (1, 2, 5)
"""Where a decade is marked, where there are few decades."""

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 14px; font-weight: 600; }
.axis { stroke: #57606a; fill: none; }
.grid { stroke: #d0d7de; fill: none; }
.c0 { stroke: #0a5cb8; fill: #0a5cb8; } .c1 { stroke: #b44d00; fill: #b44d00; }
.c2 { stroke: #157f3c; fill: #157f3c; } .c3 { stroke: #8250a8; fill: #8250a8; }
.line { fill: none; stroke-width: 2; } .spread { stroke-width: 1.5; } .floor { stroke-dasharray: 6 4; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .axis { stroke: #9198a1; } .grid { stroke: #30363d; }
  .c0 { stroke: #58a6ff; fill: #58a6ff; } .c1 { stroke: #ff9d4d; fill: #ff9d4d; }
  .c2 { stroke: #4ac26b; fill: #4ac26b; } .c3 { stroke: #c297ff; fill: #c297ff; } .line { fill: none; }
}
"""
COLOURS = 4


class Point(NamedTuple):
    """Where a curve is at ``x``: the median of the runs, and how far they lie apart."""

    x: float
    middle: float
    low: float
    high: float


class Line(NamedTuple):
    """One curve."""

    name: str
    points: Sequence[Point]
    is_floor: bool = False
    """Whether it is drawn dashed, in the colour of the line before it."""


class Scale:
    """A logarithmic axis: from values to places."""

    def __init__(self, low: float, high: float, start: float, end: float, marks: Sequence[float]) -> None:
        """Take the lowest and the highest value, both above 0, their places, and what is marked."""
        self.low, self.high = low, high
        self.start, self.end = start, end
        self.marks = marks

    def at(self, value: float) -> float:
        """Return the place of a value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def stepped(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis from one round number to another; of many decades each is marked, of few more than that."""
    steps = [step * 10.0**power for power in range(-9, 13) for step in STEPS]
    low = max(step for step in steps if step <= min(values) * 1.000001)
    high = min(step for step in steps if step >= max(values) * 0.999999 and step > low)
    wide = high / low > 10**3
    marks = [step for step in steps if low <= step <= high and not (wide and math.log10(step) % 1)]
    return Scale(low, high, start, end, marks)


def placed(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis that marks these values and no others."""
    pad = (max(values) / min(values)) ** 0.03
    return Scale(min(values) / pad, max(values) * max(pad, 1.01), start, end, sorted(set(values)))


def curves(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """Return curves with their spread, on logarithmic axes."""
    points = [point for line in lines for point in line.points]
    x = placed([point.x for point in points], LEFT, WIDTH - RIGHT)
    legend, down = _legend(lines)
    values = [value for point in points for value in (point.low, point.high)]
    y = stepped(values, HEIGHT + down - BOTTOM, TOP + down)
    parts = [*_grid(x, y, x_label, y_label)]
    for line, colour in zip(lines, _colours(lines), strict=True):
        parts += _curve(line, colour, x, y, f"{x_label}, {{}} {y_label}")
    return _svg(title, HEIGHT + down, [*parts, *legend])


def _colours(lines: Sequence[Line]) -> Iterator[int]:
    colour = -1
    for line in lines:
        colour += not line.is_floor or colour < 0
        yield colour % COLOURS


def _grid(x: Scale, y: Scale, x_label: str, y_label: str) -> Iterator[str]:
    for tick in x.marks:
        yield _rule("grid", x.at(tick), y.start, x.at(tick), y.end)
        yield _text(x.at(tick), y.start + 18, number(tick), anchor="middle")
    for tick in y.marks:
        yield _rule("grid", x.start, y.at(tick), x.end, y.at(tick))
        yield _text(x.start - 8, y.at(tick) + 4, number(tick), anchor="end")
    yield _rule("axis", x.start, y.start, x.end, y.start)
    yield _rule("axis", x.start, y.start, x.start, y.end)
    yield _text((x.start + x.end) / 2, y.start + BOTTOM - 10, x_label, anchor="middle")
    yield _text(10, y.end - 10, y_label)


def _curve(line: Line, colour: int, x: Scale, y: Scale, told: str) -> Iterator[str]:
    drawn = " ".join(f"{x.at(point.x):.1f},{y.at(point.middle):.1f}" for point in line.points)
    yield f'<polyline class="line c{colour}{" floor" * line.is_floor}" points="{drawn}"/>'
    for point in line.points:
        yield _rule(f"spread c{colour}", x.at(point.x), y.at(point.low), x.at(point.x), y.at(point.high))
        words = f"{line.name}: {number(point.x)} {told.format(number(point.middle))}"
        yield _dot(f"c{colour}", x.at(point.x), y.at(point.middle), words)


def _legend(lines: Sequence[Line]) -> tuple[list[str], float]:
    """Return the names of the curves, and how much lower all else begins where they need more than one row."""
    parts: list[str] = []
    left, down = float(LEFT), 0
    for line, colour in zip(lines, _colours(lines), strict=True):
        width = 56 + LETTER * len(line.name)
        if left + width > WIDTH and left > LEFT:
            left, down = float(LEFT), down + ROW
        parts.append(f'<path class="line c{colour}{" floor" * line.is_floor}" d="M{left:.0f} {down + 38}h26"/>')
        parts.append(_text(left + 32, down + 42, line.name))
        left += width
    return parts, down


def ratios(title: str, label: str, named: Sequence[tuple[str, Point]]) -> str:
    """Return ratios one below the other, with a rule at 1, where the floor is."""
    height = TOP + BETWEEN * len(named) + BOTTOM
    values = [value for _, point in named for value in (point.low, point.high)]
    x = stepped([*values, 1.0], LABELS, WIDTH - RIGHT)
    bottom = height - BOTTOM
    parts = []
    for tick in x.marks:
        parts.append(_rule("axis" if tick == 1 else "grid", x.at(tick), TOP - 8, x.at(tick), bottom))
        parts.append(_text(x.at(tick), bottom + 18, number(tick), anchor="middle"))
    for place, (name, point) in enumerate(named):
        y = TOP + BETWEEN * (place + 0.5)
        parts.append(_text(LABELS - 12, y + 4, name, anchor="end"))
        parts.append(_rule("spread c0", x.at(point.low), y, x.at(point.high), y))
        parts.append(_dot("c0", x.at(point.middle), y, f"{name}: {number(point.middle)}"))
    parts.append(_text(WIDTH / 2, height - 10, label, anchor="middle"))
    return _svg(title, height, parts)


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    titled = f'<title>{escape(title)}</title>\n<text class="title" x="10" y="20">{escape(title)}</text>'
    return "\n".join([head, f"<style>{STYLE}</style>", titled, *parts, "</svg>\n"])


def _rule(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _dot(kind: str, x: float, y: float, words: str) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(words)}</title></circle>'
