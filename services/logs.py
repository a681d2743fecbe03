"""Logs: one line an event, JSON for machines or plain for people; values stand in fields, never in the text."""

import json
import logging
import sys
from typing import Literal

from services.ids import now_ms, rfc3339

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


# One encoder for all lines: ``json.dumps`` with a default makes a new one each time.
_encode = json.JSONEncoder(default=str, ensure_ascii=True).encode


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """An object a line: time, level, logger, message, fields, and the traceback where there is one."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; control characters of values cannot begin another."""
        line: dict[str, object] = {
            "time": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "node": self._node,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _encode(line)


class TextFormatter(logging.Formatter):
    """A line for eyes."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it where there is one."""
        fields = " ".join(f"{name}={value!r}" for name, value in _fields(record).items())
        time = rfc3339(now_ms())[11:23]
        line = f"{time} {record.levelname:<7} {record.name}: {record.getMessage()!s} {fields}".rstrip()
        # What an exception says may come from anybody: its lines are set in, so that none looks like one of the log.
        trace = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n  ".join(part.encode("unicode_escape").decode() for part in (line, *trace))


def configure(form: Literal["json", "text", "auto"], level: str, node: str) -> None:
    """Send the log to standard error in a form; ``auto`` is text on a terminal and JSON elsewhere."""
    json_lines = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(node) if json_lines else TextFormatter())
    # No line shows where in the program it was written, and finding that out is a third of what a line costs.
    logging._srcfile = None  # noqa: SLF001 - as the library's own documentation has it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Every request would be a line twice: what is worth one is logged by the operation.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
