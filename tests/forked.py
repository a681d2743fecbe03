"""Servers forked from a process that has loaded the program: they are there in a moment, and processes all the same."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.warm import NUMBER

ROOT = Path(__file__).resolve().parent.parent
AT_EXEC = ("LD_", "PYTHON", "MALLOC_", "GLIBC_")
"""What names of variables begin with that a process reads only while it is loaded."""
END_SECONDS = 30.0


class Forked:
    """A process that was forked; its methods are as those of ``subprocess.Popen``."""

    def __init__(self, told: int) -> None:
        """``told``: where its id is said, and later how it ended."""
        self._told = told
        self._code: int | None = None
        said = os.read(told, NUMBER.size)
        assert said, "the process that forks servers is gone"
        (self.pid,) = NUMBER.unpack(said)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; return its exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: If it does not end in time.
        """
        if self._code is None:
            look = select.poll()
            look.register(self._told, select.POLLIN)
            if not look.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("server.py", timeout or 0)
            said = os.read(self._told, NUMBER.size)
            os.close(self._told)
            self._code = os.waitstatus_to_exitcode(NUMBER.unpack(said)[0]) if said else -signal.SIGKILL
        return self._code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Forker:
    """The process that forks servers for this one; it is started when the first is wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._asking: socket.socket | None = None

    def can(self, variables: Mapping[str, str]) -> bool:
        """Tell whether a server with these variables may be forked, rather than loaded anew."""
        return sys.platform == "linux" and not any(name.startswith(AT_EXEC) for name in variables)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> Forked:
        """Start a server that writes to these descriptors; they stay open here."""
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        told, tells = os.pipe()
        with self._lock:
            socket.send_fds(self._ready(), [request], [output, errors, tells])
        os.close(tells)
        return Forked(told)

    def _ready(self) -> socket.socket:
        if self._asking is None:
            self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
            # Measured is what is forked, each for itself: loading is measured in the tests' own process.
            ours = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # noqa: TID251
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=ours, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
            theirs.close()
        return self._asking

    def end(self) -> None:
        """End it, and with it what it forked; another one is started when it is wanted again."""
        with self._lock:
            if self._asking is not None and self._process is not None:
                self._asking.close()
                self._process.wait(END_SECONDS)
            self._asking = self._process = None


FORKER = Forker()
"""The one of this process."""
