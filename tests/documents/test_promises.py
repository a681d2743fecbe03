"""The page of promises names what holds them; what it names exists."""

import re

from tests.faults.__main__ import SCENARIOS
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| \*\*.*\| (.*) \|$", PAGE, re.MULTILINE)


def test_every_promise_is_held_by_something() -> None:
    assert len(ROWS) > 15
    assert all(re.search(r"`[^`]+`", held) for held in ROWS)


def test_everything_that_holds_a_promise_exists() -> None:
    named = {name for held in ROWS for name in re.findall(r"`([^`]+)`", held)}
    scenarios = {name.removeprefix("faults:") for name in named if name.startswith("faults:")}
    assert scenarios <= set(SCENARIOS)
    files = {name for name in named if not name.startswith("faults:")}
    assert {name for name in files if not (ROOT / "tests" / name).exists()} == set()


def test_every_scenario_holds_a_promise() -> None:
    assert [name for name in SCENARIOS if f"`faults:{name}`" not in PAGE] == []
