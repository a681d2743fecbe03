"""Log lines: one an event, whatever stands in it."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from services import logs
from services.logs import JsonFormatter, TextFormatter

FORGED = "x\r\n12:00:00.000 ERROR   parley: forged\u2028\x1b[31m\0"


def record(message: str, *values: object, exc_info: Any = None, **fields: object) -> logging.LogRecord:
    made = logging.getLogger("parley.test").makeRecord(
        "parley.test", logging.WARNING, "file.py", 1, message, values, exc_info, extra=fields
    )
    made.created = 1_700_000_000.5
    return made


def failure(text: str) -> Any:
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def test_json_line_is_an_object_with_the_fields() -> None:
    line = json.loads(JsonFormatter("n1").format(record("took %d", 3, user="u1", seconds=1.5)))
    assert line == {
        "time": "2023-11-14T22:13:20.500Z",
        "level": "warning",
        "logger": "parley.test",
        "node": "n1",
        "message": "took 3",
        "user": "u1",
        "seconds": 1.5,
    }


def test_json_line_stays_one_whatever_stands_in_it() -> None:
    text = JsonFormatter("n").format(record("%s", FORGED, exc_info=failure(FORGED), field=FORGED, odd={1, 2}))
    assert len(text.splitlines()) == 1
    assert text.isascii()
    line = json.loads(text)
    assert line["message"] == line["field"] == FORGED
    assert "ValueError" in line["traceback"]


def test_text_line_is_for_eyes() -> None:
    text = TextFormatter().format(record("listening", port=8080, store="data"))
    assert text[12:] == " WARNING parley.test: listening port=8080 store='data'"


def test_text_line_stays_one_whatever_stands_in_it() -> None:
    text = TextFormatter().format(record("%s", FORGED, field=FORGED))
    assert len(text.splitlines()) == 1
    assert not any(ord(character) < 32 for character in text)


def test_traceback_of_a_text_cannot_look_like_a_line() -> None:
    text = TextFormatter().format(record("failed", exc_info=failure(FORGED)))
    first, *rest = text.splitlines()
    assert "failed" in first
    assert any("ValueError" in line for line in rest)
    assert all(line.startswith("  ") for line in rest)
    assert not any(ord(character) < 32 for line in rest for character in line)


@pytest.fixture
def _restored() -> Iterator[None]:
    root, access = logging.getLogger(), logging.getLogger("tornado.access")
    handlers, level, access_level = root.handlers[:], root.level, access.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    access.setLevel(access_level)


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize(("form", "terminal", "is_json"), [
    ("json", True, True),
    ("text", False, False),
    ("auto", True, False),
    ("auto", False, True),
])  # fmt: skip
def test_form_is_as_chosen_or_as_the_terminal_wants(
    monkeypatch: pytest.MonkeyPatch, form: Any, terminal: bool, is_json: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(form, "info", "n1")
    logging.getLogger("parley").info("told")
    logging.getLogger("parley").debug("not told")
    logging.getLogger("tornado.access").warning("not told either")
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("{") == is_json
    assert "told" in line
