"""A check that nobody awaits would pass everybody: each gate that is to find one finds a planted one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.processes import ROOT

PLANTED = """
import asyncio


async def is_live(token: str) -> bool:
    return token == "live"


async def require_live(token: str) -> None:
    if not await is_live(token):
        raise PermissionError


async def admit(token: str) -> str:
    require_live(token)
    if is_live(token):
        return "admitted"
    asyncio.create_task(require_live(token))
    return "refused"
"""
FORGOTTEN = """

async def test_nobody_looks() -> None:
    require_live("ended")
"""


def run(*command: str, fed: str = "") -> str:
    """Return what a tool of ours says, set as it is set here; it has to find something wrong."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, input=fed, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def line_of(words: str) -> int:
    return PLANTED.splitlines().index(words) + 1


@pytest.fixture(scope="module")
def of_types(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the check of types says."""
    folder = tmp_path_factory.mktemp("types")
    planted = folder / "planted.py"
    planted.write_text(PLANTED, encoding="utf-8")
    return run("mypy", "--cache-dir", str(folder), str(planted)).splitlines()


def test_types_tell_of_a_check_that_is_not_awaited(of_types: list[str]) -> None:
    told = [line for line in of_types if f"planted.py:{line_of('    require_live(token)')}: error:" in line]
    assert any(line.endswith("[unused-coroutine]") for line in told)


def test_types_tell_of_a_condition_that_is_not_awaited(of_types: list[str]) -> None:
    told = [line for line in of_types if f"planted.py:{line_of('    if is_live(token):')}: error:" in line]
    assert any(line.endswith("[truthy-bool]") for line in told)


def test_lint_tells_of_a_task_that_nobody_keeps() -> None:
    told = run(
        "ruff", "check", "--output-format", "concise", "--stdin-filename", "services/planted.py", "-", fed=PLANTED
    )
    assert f"services/planted.py:{line_of('    asyncio.create_task(require_live(token))')}:5: RUF006" in told


def test_suite_fails_where_something_is_not_awaited(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED + FORGOTTEN, encoding="utf-8")
    settings = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider")
    told = run("pytest", *settings, str(tmp_path))
    assert "coroutine 'require_live' was never awaited" in told
    assert "1 failed" in told


def test_log_of_a_server_that_does_not_await_fails_its_test() -> None:
    assert processes._TROUBLE.search("RuntimeWarning: coroutine 'Tokens.require_live' was never awaited")
