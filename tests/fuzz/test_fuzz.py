"""A short look with the fuzzer at what reads bytes of anybody; ``make fuzz`` looks for longer."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.fuzz.__main__ import NAMES, ROOT
from tests.fuzz.targets import TARGETS

RUNS = 3000
LONGEST_S = 3
"""Of looking; what it takes to start comes to it."""


def test_every_target_is_known_by_its_name() -> None:
    assert tuple(TARGETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_bytes_of_anybody_break_nothing(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        missing("atheris, the fuzzer, exists for Linux on x86_64 alone")
    options = [f"-runs={RUNS}", f"-max_total_time={LONGEST_S}", "-seed=7", f"--into={tmp_path}"]
    command = [sys.executable, "-m", "tests.fuzz", name, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    assert " runs in " in done.stderr, "it has looked"


@pytest.mark.parametrize("name", NAMES)
def test_committed_inputs_break_nothing(name: str) -> None:
    """These are tried where there is no fuzzer too."""
    inputs = [path.read_bytes() for path in (ROOT / "tests" / "fuzz" / "corpus" / name).iterdir()]
    assert inputs
    for data in inputs:
        TARGETS[name](data)
