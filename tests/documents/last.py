"""Coming last: a test that looks at what all others did waits until they are done, in whatever process they run.

Each process of pytest-xdist writes down the tests that it finished, beside the records. The last test is handed out
last, so nothing waits for it but the end.
"""

import contextlib
import time
from pathlib import Path

import pytest

from tests import recorder

POLL_S = 0.2
"""Pause between two looks at what the other processes have finished."""


def is_last(item: pytest.Item) -> bool:
    """Tell whether a test is to come after all others."""
    return item.get_closest_marker("last") is not None


class Finished:
    """A plugin that writes down which tests this process has finished."""

    NAME = "parley-finished"

    def __init__(self, worker: str) -> None:
        self._path = recorder.directory() / f"{worker}.done"
        self._path.unlink(missing_ok=True)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write a test down; what it recorded is in its file by then."""
        recorder.flush()
        # Where the last test of all is done in another process, the records are gone, and nobody waits any more.
        with contextlib.suppress(FileNotFoundError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{nodeid}\n")


def wait_for_all(session: pytest.Session, directory: Path, seconds: float) -> list[str]:
    """Wait until every test but the last ones is finished; return those that were not in time."""
    wanted = {item.nodeid for item in session.items if not is_last(item)}
    deadline = time.monotonic() + seconds
    while True:
        done = {line for path in directory.glob("*.done") for line in path.read_text(encoding="utf-8").splitlines()}
        left = wanted - done
        if not left or time.monotonic() > deadline:
            return sorted(left)
        time.sleep(POLL_S)


def is_whole(config: pytest.Config) -> bool:
    """Tell whether this run is of the whole suite, nothing picked and nothing left out."""
    asked = {(config.rootpath / argument).resolve() for argument in config.args}
    suite = {(config.rootpath / path).resolve() for path in config.getini("testpaths")}
    picked = any(config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf", "ignore"))
    return asked == suite and not picked
