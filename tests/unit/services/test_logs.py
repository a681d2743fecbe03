"""Log lines: one an event, whatever stands in it."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from services import logs
from services.logs import CAUSES, LINES, WINDOW_S, Fewer, JsonFormatter, TextFormatter, network

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
    root, access, general = (logging.getLogger(name) for name in (None, "tornado.access", "tornado.general"))
    handlers, level, access_level, general_level = root.handlers[:], root.level, access.level, general.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    for name in logs.OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    access.setLevel(access_level)
    general.setLevel(general_level)


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


@pytest.mark.parametrize("made", [JsonFormatter("n"), TextFormatter()], ids=["json", "text"])
@pytest.mark.parametrize(
    "forged",
    [
        "\n",
        "\r",
        "\r\n",
        "\v\f",
        "\x1c\x1d\x1e",
        "\x85",
        "\u2028\u2029",
        "\x1b[2J\x1b]0;title\x07",
        "\x9b31m",
        "\x08\x08\x7f",
        "\u202eevil",
        "\ud800",
        '"}\n{"level":"error"',
        "%s %(x)s {0}",
    ],
)
def test_nothing_that_is_told_makes_a_line_or_moves_a_cursor(made: logging.Formatter, forged: str) -> None:
    text = made.format(record("%s", f"a{forged}b", field=f"a{forged}b", **{"odd": [forged], "in": {forged: forged}}))
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert text.isprintable()


# Fewer lines


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> list[logging.LogRecord]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fewer(told: list[logging.LogRecord], clock: Clock) -> Fewer:
    return Fewer(told.append, clock)


def test_lines_of_one_cause_beyond_a_hundred_a_minute_are_counted(
    fewer: Fewer, told: list[logging.LogRecord], clock: Clock
) -> None:
    passed = [fewer.filter(record("a client broke: %d", number)) for number in range(10_000)]
    assert passed == [True] * LINES + [False] * (10_000 - LINES)
    assert told == []
    clock.now = WINDOW_S
    assert fewer.filter(record("another cause"))
    (count,) = told
    assert (count.name, count.levelno, count.getMessage()) == ("parley.test", logging.WARNING, "lines were left out")
    assert json.loads(JsonFormatter("n").format(count)) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "parley.test",
        "node": "n",
        "message": "lines were left out",
        "count": 10_000 - LINES,
        "like": "a client broke: %d",
    }
    assert fewer.filter(record("a client broke: %d", 1)), "the next minute has its own hundred"


def test_causes_are_counted_apart(fewer: Fewer) -> None:
    for _ in range(LINES + 1):
        fewer.filter(record("refused", operation="auth.login", code="bad_credentials"))
    assert not fewer.filter(record("refused", operation="auth.login", code="bad_credentials"))
    assert fewer.filter(record("refused", operation="auth.login", code="rate_limited"))
    assert fewer.filter(record("refused", operation="rooms.get", code="bad_credentials"))


def test_few_lines_leave_nothing_to_tell(fewer: Fewer, told: list[logging.LogRecord], clock: Clock) -> None:
    for _ in range(LINES):
        fewer.filter(record("x"))
    clock.now = WINDOW_S
    fewer.filter(record("y"))
    fewer.tell_all()
    assert told == []


def test_causes_known_apart_are_bounded(fewer: Fewer) -> None:
    for number in range(CAUSES + 10 * LINES):
        fewer.filter(record(f"cause {number}"))
    assert len(fewer._begun) <= CAUSES + 1


@pytest.mark.usefixtures("_restored")
def test_what_others_say_to_their_authors_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "debug", "n1")
    for name in ("pymongo.command", "redis", "asyncio", "aiosmtplib", "services.live", "parley"):
        logging.getLogger(name).debug("all of a record")
    assert [json.loads(line)["logger"] for line in stream.getvalue().splitlines()] == ["services.live", "parley"]


@pytest.mark.usefixtures("_restored")
def test_what_was_left_out_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "info", "n1")
    for number in range(10_000):
        logging.getLogger("parley").warning("a client broke: %d", number)
    assert len(stream.getvalue()) < 50_000
    logging.getLogger().handlers[0].close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == LINES + 1
    assert lines[-1]["count"] == 10_000 - LINES


@pytest.mark.usefixtures("_restored")
def test_what_nobody_catches_is_a_line_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "info", "n1")
    logs.catch_all()
    sys.excepthook(*failure("bare"))
    thread = threading.Thread(target=failure_of_a_thread)
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("old", stacklevel=1)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["critical", "critical", "warning"]
    assert "ValueError: bare" in lines[0]["traceback"]
    assert "ZeroDivisionError" in lines[1]["traceback"]


def failure_of_a_thread() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("nonsense\r\n", ""),
    ],
)
def test_network_is_told_and_not_the_address(address: str, said: str) -> None:
    assert network(address) == said
