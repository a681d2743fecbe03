"""The pages of security say of every line of two lists what holds it; none is left out, and what they name exists."""

import ast
import functools
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from services.jobs.sweeping import KEPT
from settings import OPTIONS
from tests.faults.__main__ import SCENARIOS
from tests.processes import ROOT

DOCS = ROOT / "docs"
MODEL = (DOCS / "security.md").read_text(encoding="utf-8")
CHECKLIST = (DOCS / "security" / "checklist.md").read_text(encoding="utf-8")
STANDARD = (DOCS / "security" / "asvs.md").read_text(encoding="utf-8")

CHECKLIST_LINES = {"A": 14, "T": 13, "W": 15, "R": 17, "O": 10, "E": 6, "D": 6, "C": 7, "X": 7, "S": 10, "L": 5}
"""How many lines each part of the checklist has, numbered from 1."""

LEVELS = """
    1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123
    2.1 122  2.2 112  2.3 12223  2.4 23
    3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
    4.1 12233  4.2 23333  4.3 22  4.4 1222
    5.1 2  5.2 112333  5.3 113  5.4 222
    6.1 122  6.2 111111112222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
    7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22
    8.1 1233  8.2 1123  8.3 133  8.4 23
    9.1 111  9.2 1222
    10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
    11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33
    12.1 12233  12.2 11  12.3 22223
    13.1 2333  13.2 222223  13.3 2233  13.4 1222233
    14.1 22  14.2 12223333  14.3 122
    15.1 12233  15.2 12233  15.3 1222222  15.4 3333
    16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
    17.1 23  17.2 22223333  17.3 22
"""
"""The sections of ASVS 5.0.0, each with the levels of its requirements in their order."""

SECTIONS = [line.split() for line in re.findall(r"[\d.]+ \d+", LEVELS)]
ASVS = {f"{section}.{n}": int(level) for section, levels in SECTIONS for n, level in enumerate(levels, 1)}

TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)(\[[^`]+\])?`")
SCENARIO = re.compile(r"`faults:([\w-]+)`")
FILE = re.compile(r"`([\w./-]+/[\w.-]+|[\w-]+\.(?:py|md|toml|txt))`")
WRITTEN = re.compile(r"(?:^|; )(By reason|Not applicable|Short): \S.{15,}")
UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Line(NamedTuple):
    """One line of a list: its words, and what holds it."""

    id: str
    level: int
    words: str
    held: str

    @property
    def kind(self) -> str:
        """What holds it first of all; a test is better than a reason."""
        written = WRITTEN.match(self.held)
        if (TEST.search(self.held) or SCENARIO.search(self.held)) and (not written or written[1] == "By reason"):
            return "by tests"
        return written[1].lower() if written else "nothing"


def rows(page: str, form: str) -> Iterator[tuple[str, ...]]:
    """Give the cells of the rows of a page's tables whose first cell has this form."""
    for row in re.findall(rf"^\| ({form}) \| (.*) \|$", page, re.MULTILINE):
        yield row[0], *row[1].split(" | ")


def checklist() -> list[Line]:
    return [Line(id_, 0, words, held) for id_, words, held in rows(CHECKLIST, r"[A-Z]-\d+")]


def standard() -> list[Line]:
    return [Line(id_, int(level), words, held) for id_, level, words, held in rows(STANDARD, r"\d+\.\d+\.\d+")]


LINES = [*checklist(), *standard()]


def parametrized(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a test runs more than once, by a mark or by fixtures, which have ids too."""
    marks = any("parametrize" in ast.unparse(mark) for mark in function.decorator_list)
    return marks or bool(function.args.args)


@functools.cache
def cases_in(path: str) -> dict[str, bool]:
    """Return the tests of a file by name, and whether each may have cases."""
    if not (ROOT / path).is_file():
        return {}
    found: dict[str, bool] = {}
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found[node.name] = parametrized(node)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found |= {f"{node.name}::{f.name}": parametrized(f) for f in node.body if isinstance(f, ast.FunctionDef)}
    return found


def missing(text: str) -> list[str]:
    """Return what a text names and there is not: tests, scenarios, files."""
    absent = []
    for path, name, case in TEST.findall(text):
        there = cases_in(path)
        if name not in there or (case and not there[name]):
            absent.append(f"{path}::{name}{case}")
    absent += [f"faults:{name}" for name in SCENARIO.findall(text) if name not in SCENARIOS]
    return absent + [name for name in FILE.findall(text) if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", [MODEL, CHECKLIST, STANDARD], ids=["model", "checklist", "standard"])
def test_everything_that_is_named_exists(page: str) -> None:
    assert missing(page) == []


def test_what_does_not_exist_is_found() -> None:
    here = "tests/documents/test_security.py"
    good = (
        f"`{here}::{test_what_does_not_exist_is_found.__name__}`, `{here}::test_everything_that_is_named_exists[model]`"
    )
    assert missing(f"{good}, `faults:kills`, `settings.py`, `store/tables`") == []
    bad = [f"{here}::test_nothing", f"{here}::test_what_does_not_exist_is_found[x]", "tests/gone.py::test_it"]
    bad += ["faults:gone", "services/gone.py"]
    assert missing(" ".join(f"`{name}`" for name in bad)) == bad


def test_checklist_is_whole() -> None:
    assert [line.id for line in checklist()] == [
        f"{part}-{n}" for part, lines in CHECKLIST_LINES.items() for n in range(1, lines + 1)
    ]


def test_levels_are_as_many_as_the_standard_has() -> None:
    assert Counter(ASVS.values()) == {1: 70, 2: 183, 3: 92}


def test_standard_is_whole() -> None:
    lines = standard()
    told = [line.id for line in lines]
    assert [id_ for id_, times in Counter(told).items() if times > 1] == []
    assert [line.id for line in lines if ASVS.get(line.id) != line.level] == []
    assert sorted(set(ASVS) - set(told), key=by_number) == [id_ for id_ in ASVS if ASVS[id_] == 3 and id_ not in told]
    assert told == sorted(told, key=by_number)


def by_number(id_: str) -> list[int]:
    return [int(part) for part in id_.split(".")]


def test_every_line_is_held_by_a_test_or_has_its_reason() -> None:
    assert [line.id for line in LINES if line.kind == "nothing" or not 2 <= len(line.words.split()) <= 16] == []


def test_what_falls_short_is_told_openly() -> None:
    section = MODEL.partition("## What falls short")[2].partition("\n## ")[0]
    told = set(re.findall(r"\b(?:[A-Z]-\d+|\d+\.\d+\.\d+)\b", section))
    assert told == {line.id for line in LINES if "Short: " in line.held}


def test_counts_are_those_of_the_lists() -> None:
    kinds = ["by tests", "by reason", "not applicable", "short"]
    parts = {"the checklist": checklist()}
    parts |= {f"ASVS level {level}": [line for line in standard() if line.level == level] for level in (1, 2, 3)}
    for name, lines in parts.items():
        counts = Counter(line.kind for line in lines)
        partly = sum("Short: " in line.held for line in lines) - counts["short"]
        row = " | ".join(str(number) for number in (len(lines), *(counts[kind] for kind in kinds), partly))
        assert f"| {name} | {row} |" in MODEL


def test_figures_are_those_of_the_code() -> None:
    table = MODEL.partition("## Figures")[2].partition("\n## ")[0]
    figures = re.findall(r"^\| .* \| ([\d.]+)(?: (\w+?)s?)? \| `([\w.]+)\.([A-Z]\w+)` \|$", table, re.MULTILINE)
    assert len(figures) == table.count("\n| ") - 1 > 20
    for number, unit, module, name in figures:
        found = getattr(importlib.import_module(module), name)
        assert found == float(number) * UNITS_S.get(unit, 1) * (1000 if name.endswith("_MS") else 1), name
        assert (unit in UNITS_S) is name.endswith(("_S", "_MS")), name


def test_records_are_kept_as_long_as_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \| (\d+) days?\b.* \|$", MODEL, re.MULTILINE)
    assert {name: int(days) for name, days in told} == {keeping.table.name: keeping.days for keeping in KEPT}


@pytest.mark.parametrize("page", [MODEL, (ROOT / "SECURITY.md").read_text(encoding="utf-8")], ids=["model", "notice"])
def test_settings_that_are_named_exist(page: str) -> None:
    named = set(re.findall(r"`(--[a-z-]+|PARLEY_[A-Z_]+)[=`]", page))
    assert named
    assert named - {name for option in OPTIONS for name in (option.flag, option.variable)} == set()


def test_every_file_of_the_pages_is_linked() -> None:
    pages = [path.relative_to(DOCS).as_posix() for path in Path(DOCS, "security").iterdir()]
    assert [page for page in pages if f"]({page})" not in MODEL] == []
