"""A process that has loaded the server, and becomes one whenever asked: ``python -m tests.warm FD``.

Loading takes most of the time of a start, and is the same for all. A request comes through the socket ``FD``: the
arguments and the environment as JSON, with three descriptors: standard output, standard error, and a pipe on which the
process id is said at once and the wait status at the end. Once the socket is closed, whoever still runs is killed.
"""

import functools
import json
import os
import selectors
import signal
import socket
import struct
import sys
from types import FrameType

import coverage

import server
from handlers.documents import openapi
from services import ids
from ws import asyncapi

NUMBER = struct.Struct("i")
"""How a process id and a wait status are said."""
LONGEST = 1 << 17
"""Bytes of a request: an environment is of a few thousand."""


def become(request: bytes, output: int, errors: int) -> int:
    """Be the server that is asked for; return its exit status."""
    asked = json.loads(request)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.closerange(3, 256)
    os.environ.clear()  # noqa: TID251  the environment is part of what is asked for
    os.environ.update(asked["environment"])  # noqa: TID251
    coverage.process_startup()  # where the suite is measured, which the environment tells
    sys.argv = ["server.py", *asked["arguments"]]
    return server.main()


class Warm:
    """Forks on request, and tells how those that it forked have ended."""

    def __init__(self, asking: socket.socket) -> None:
        self._asking = asking
        self._told: dict[int, int] = {}
        """Where the end of each process is told."""
        self._selector = selectors.DefaultSelector()
        self._ended, self._ring = socket.socketpair()

    def run(self) -> int:
        """Serve requests until the socket is closed; in a process that was forked: be a server. Return the status."""
        for end in (self._ended, self._ring):
            end.setblocking(False)
        signal.set_wakeup_fd(self._ring.fileno())
        signal.signal(signal.SIGCHLD, _noted)
        # Else they would all draw the same ones.
        assert not ids._random, "ids were drawn while loading"
        self._selector.register(self._asking, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._ended:
                    self._bury()
                    continue
                request, descriptors, _, _ = socket.recv_fds(self._asking, LONGEST, 3)
                if not request:
                    return self._close()
                if self._fork(*descriptors):
                    return become(request, *descriptors[:2])

    def _fork(self, output: int, errors: int, told: int) -> bool:
        """Fork; tell whether this is the new process."""
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for end in (self._asking, self._ended, self._ring):
                end.detach()
            return True
        os.close(output)
        os.close(errors)
        os.write(told, NUMBER.pack(pid))
        self._told[pid] = told
        return False

    def _bury(self) -> None:
        self._ended.recv(4096)
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            told = self._told.pop(pid)
            try:
                os.write(told, NUMBER.pack(status))
            except BrokenPipeError:
                pass  # nobody wants to know
            finally:
                os.close(told)

    def _close(self) -> int:
        for pid in self._told:
            os.kill(pid, signal.SIGKILL)
        return 0


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the signal has written into the socket."""


def main() -> int:
    """Load what every start makes anew, and serve."""
    for module in (openapi, asyncapi):
        vars(module)["document"] = functools.cache(module.document)
        module.document()
    return Warm(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    raise SystemExit(main())
