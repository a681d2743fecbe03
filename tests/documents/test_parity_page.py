"""The page about the older systems names operations that there are, and says of each line what became of it."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"
PROSE = PAGE.read_text(encoding="utf-8").partition("\n## Line by line\n")[0]
"""What stands before the table of every line, which a test of its own reads."""
VERDICTS = {"kept", "better", "refused", "later"}

_OPERATION = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE)(?:`?, `?(?:GET|POST|PUT|PATCH|DELETE))*`?) ([a-z][\w/{}-]*)")


def rows() -> list[list[str]]:
    lines = [line for line in PROSE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "then"]


def test_each_line_says_what_became_of_it_and_how() -> None:
    found = rows()
    assert len(found) > 60
    assert [row for row in found if len(row) != 3 or row[1] not in VERDICTS or not row[2]] == []


def test_operations_that_are_named_are_there(openapi: Any) -> None:
    named = [
        (method, f"/api/{path}")
        for _, _, how in rows()
        for methods, path in _OPERATION.findall(how)
        for method in re.findall(r"[A-Z]+", methods)
    ]
    assert len(named) > 30
    missing = {f"{method} {path}" for method, path in named if method.lower() not in openapi["paths"].get(path, {})}
    assert missing == set()
