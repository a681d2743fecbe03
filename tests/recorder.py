"""Keeps every frame and REST answer that test clients see, for the test that holds them to the documents.

They are JSON lines in a file of this process, in the directory that ``PARLEY_TEST_RECORD`` names, else in one that is
removed at the end of the process. A line is ``{"door":"ws","op":name|null,"frame":{…}}`` (``op``: what an answer is
about) or ``{"door":"rest","method","path","status","type","body":{…}|null}``.
"""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

VARIABLE = "PARLEY_TEST_RECORD"

_file: TextIO | None = None
_made: Path | None = None


def directory() -> Path:
    """Return the directory of the records, made where there is none."""
    global _made  # noqa: PLW0603  one directory a process
    named = os.environ.get(VARIABLE)  # noqa: TID251  set by whoever starts the suite
    if named:
        path = Path(named)
        path.mkdir(parents=True, exist_ok=True)
        return path
    if _made is None:
        _made = Path(tempfile.mkdtemp(prefix="parley-record-"))
        atexit.register(shutil.rmtree, _made, ignore_errors=True)
    return _made


def _write(line: str) -> None:
    global _file  # noqa: PLW0603  one file a process
    if _file is None:
        _file = (directory() / f"{os.getpid()}.jsonl").open("a", encoding="utf-8", errors="surrogatepass")
        atexit.register(_file.close)
    _file.write(line)


def frame(op: str | None, text: str) -> None:
    """Keep a frame of the server, as it came."""
    _write(f'{{"door":"ws","op":{json.dumps(op)},"frame":{text}}}\n')


def answer(method: str, path: str, status: int, content_type: str, body: str) -> None:
    """Keep an answer of REST; ``body`` is JSON, or empty."""
    head = json.dumps({"door": "rest", "method": method, "path": path, "status": status, "type": content_type})
    _write(f'{head[:-1]}, "body": {body or "null"}}}\n')


def flush() -> None:
    """Let other processes read what this one has kept so far."""
    if _file is not None:
        _file.flush()


def read() -> Iterator[str]:
    """Yield what all processes have recorded in this directory, as lines of JSON."""
    flush()
    for path in sorted(directory().glob("*.jsonl")):
        with path.open(encoding="utf-8", errors="surrogatepass") as lines:
            yield from lines
