"""Logs: one line an event, JSON for machines or plain for people; values stand in fields, never in the text.

No line has a password, a token, a code, a cookie, what people write, or the whole of an e-mail or network address.
"""

import functools
import ipaddress
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal

from services.ids import now_ms, rfc3339

LINES: Final = 100
"""Lines of one cause in ``WINDOW_S``; those beyond it are counted. Ten thousand clients that break are one cause."""

WINDOW_S: Final = 60.0

CAUSES: Final = 1000
"""Causes known apart at once; those of a logger beyond it are one. The program has about a hundred."""

OURS: Final = ("parley", "handlers", "services", "store", "ws")
"""Loggers of the program itself."""

security: Final = logging.getLogger("parley.security")
"""What concerns who may do what: log-ins, refusals, limits that trip, sockets, and what moderators and admins do."""

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


class Fewer(logging.Filter):
    """Lets ``LINES`` lines of a cause pass in ``WINDOW_S``, then counts; the count is a line of its own afterwards.

    A cause is a text, as it stands in the program, with the operation and code that it is about.
    """

    def __init__(
        self, tell: Callable[[logging.LogRecord], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take who writes the lines that tell of others."""
        super().__init__()
        self._tell = tell
        self._clock = clock
        self._lock = threading.RLock()
        self._begun: dict[tuple[object, ...], list[Any]] = {}
        """By cause, those that began first in front: since when, how many lines, and the last of them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See ``logging.Filter.filter``."""
        now = self._clock()
        fields = vars(record)
        cause: tuple[object, ...] = (record.name, record.msg, fields.get("operation"), fields.get("code"))
        with self._lock:
            self._tell_over(now - WINDOW_S)
            if cause not in self._begun and len(self._begun) >= CAUSES:
                cause = (record.name,)
            window = self._begun.setdefault(cause, [now, 0, record])
            window[1] += 1
            window[2] = record
            return bool(window[1] <= LINES)

    def tell_all(self) -> None:
        """Tell at once how many lines were left out."""
        with self._lock:
            self._tell_over(float("inf"))

    def _tell_over(self, before: float) -> None:
        while self._begun:
            cause = next(iter(self._begun))
            since, lines, last = self._begun[cause]
            if since > before:
                return
            del self._begun[cause]
            if lines > LINES:
                self._tell(_left_out(last, lines - LINES))


def _left_out(last: logging.LogRecord, count: int) -> logging.LogRecord:
    told = logging.makeLogRecord({"name": last.name, "levelno": last.levelno, "levelname": last.levelname})
    told.msg = "lines were left out"
    vars(told).update({"count": count, "like": last.msg})
    return told


class _Handler(logging.StreamHandler[Any]):
    """Writes to standard error, of each cause only so much."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._fewer = Fewer(self._write)
        self.addFilter(self._fewer)

    def close(self) -> None:
        """Tell how many lines were left out, at the end of the program."""
        self._fewer.tell_all()
        super().close()

    def _write(self, record: logging.LogRecord) -> None:
        self.acquire()
        try:
            self.emit(record)
        finally:
            self.release()


@functools.lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the network of an address, for the log: it says where from, and not who."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def configure(form: Literal["json", "text", "auto"], level: str, node: str) -> None:
    """Send the log to standard error in a form; ``auto`` is text on a terminal and JSON elsewhere."""
    json_lines = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = _Handler()
    handler.setFormatter(JsonFormatter(node) if json_lines else TextFormatter())
    # No line shows where in the program it was written, and finding that out is a third of what a line costs.
    logging._srcfile = None  # noqa: SLF001 - as the library's own documentation has it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Of what others have written, nothing finer than this: a driver of a database logs whole records.
    logging.basicConfig(level=max(logging.INFO, logging.getLevelName(level.upper())), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    # Every request would be a line twice: what is worth one is logged by the operation.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    # What is wrong with somebody's request it would repeat, with their address.
    logging.getLogger("tornado.general").setLevel(logging.WARNING)


def catch_all() -> None:
    """Have what nobody catches, in whatever thread, told in the log like all else instead of as bare text."""
    log = logging.getLogger("parley")

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("nobody caught an error", exc_info=(kind, error, trace))

    def in_thread(what: threading.ExceptHookArgs) -> None:
        log.critical("nobody caught an error in a thread", exc_info=what.exc_value)

    def unraisable(what: Any) -> None:
        log.error("an error could not be raised", exc_info=what.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
    logging.captureWarnings(capture=True)
