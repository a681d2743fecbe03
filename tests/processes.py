"""Servers as processes: started, killed and restarted by their handles, their words kept."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

import psutil

from tests.forked import FORKER

ROOT = Path(__file__).resolve().parent.parent

START_SECONDS = 60.0
STOP_SECONDS = 30.0

_LISTENS = re.compile(r"Parley listens on http://(?:127\.0\.0\.1|localhost):(\d+)")
_TROUBLE = re.compile(r"Traceback \(most recent call last\)|never retrieved|never awaited|Task was destroyed")


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a server under test: no settings but these, no limits, the cheapest hash."""
    ours = os.environ  # noqa: TID251  what the children inherit
    inherited = {name: value for name, value in ours.items() if not name.startswith("PARLEY_")}
    return inherited | {"PARLEY_LIMITS": "off", "PARLEY_BCRYPT_COST": "4"} | variables


class Process(Protocol):
    """What is asked of a process."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; return its exit code."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal, unless it has ended."""

    def kill(self) -> None:
        """End it at once."""


class ServerProcess:
    """One ``server.py``. It keeps its port and its data when it is started again."""

    def __init__(
        self, data: Path, *arguments: str, variables: Mapping[str, str] | None = None, forked: bool = True
    ) -> None:
        """``forked``: from a process that has loaded the program already, which takes a sixth of the time."""
        self.data = data
        self.arguments = arguments
        self.port = 0
        self.log: list[str] = []
        """Every line that all its runs have said."""
        self._variables = dict(variables or {})
        self._process: Process | None = None
        self._forked = forked and FORKER.can(self._variables)
        self._readers: list[threading.Thread] = []
        self._listening = False
        self._decided = threading.Event()
        """Whether it is known if the present run listens."""
        self._said = threading.Condition()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    @property
    def pid(self) -> int:
        """The process id of the present run."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it says where it listens."""
        self._listening = False
        self._decided.clear()
        arguments = ["--port", str(self.port), "--address", "127.0.0.1", "--data-dir", str(self.data), *self.arguments]
        self._readers = [
            threading.Thread(target=self._read, args=(pipe,), daemon=True) for pipe in self._run(arguments)
        ]
        for reader in self._readers:
            reader.start()
        self._decided.wait(START_SECONDS)
        if not self._listening:
            self.kill()
            raise AssertionError("the server did not start:\n" + "\n".join(self.log[-30:]))

    def _run(self, arguments: Sequence[str]) -> list[IO[str]]:
        """Start the process; return what it says."""
        pipes = [os.pipe() for _ in range(2)]
        ours, (output, errors) = [pipe[0] for pipe in pipes], [pipe[1] for pipe in pipes]
        variables = environment(**self._variables)
        if self._forked:
            self._process = FORKER.start(arguments, variables, output, errors)
        else:
            command = [sys.executable, str(ROOT / "server.py"), *arguments]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=variables, cwd=ROOT
            )
        os.close(output)
        os.close(errors)
        return [os.fdopen(pipe, encoding="utf-8", errors="backslashreplace") for pipe in ours]

    def _read(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                with self._said:
                    self.log.append(line.rstrip("\n"))
                    self._said.notify_all()
                found = _LISTENS.match(line)
                if found:
                    self.port, self._listening = int(found[1]), True
                    self._decided.set()
        self._decided.set()  # it ended: whoever waits shall look

    def kill(self) -> None:
        """End it at once, as a power cut would (kill -9)."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        return self._end(signal.SIGTERM)

    def notify(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for nothing."""
        os.kill(self.pid, number)

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        self._process = None
        process.send_signal(number)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for reader in self._readers:
            reader.join()
        return code

    def freeze(self) -> None:
        """Hold every thread of it (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def until_log(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until something holds of its log; it is looked at after every line."""
        with self._said:
            assert self._said.wait_for(holds, seconds), "\n".join(self.log[-20:])

    def resident(self) -> int:
        """Return its memory in bytes (RSS)."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def trouble(self) -> list[str]:
        """Return the lines that begin a traceback or tell of a lost task, each with what follows."""
        places = [at for at, line in enumerate(self.log) if _TROUBLE.search(line)]
        return ["\n".join(self.log[at : at + 25]) for at in places[:3]]


@contextlib.asynccontextmanager
async def running(server: ServerProcess) -> AsyncIterator[ServerProcess]:
    """Start a server, stop it at the end, and demand that it went well all the while."""
    await asyncio.to_thread(server.start)
    try:
        yield server
    except BaseException:
        await asyncio.to_thread(server.kill)
        for text in server.trouble():
            print(text)
        raise
    code = await asyncio.to_thread(server.stop)
    assert not server.trouble(), server.trouble()[0]
    assert code == 0, f"exit {code} after SIGTERM:\n" + "\n".join(server.log[-20:])


@contextlib.asynccontextmanager
async def all_running(servers: Sequence[ServerProcess]) -> AsyncIterator[Sequence[ServerProcess]]:
    """Do as ``running`` with several at once: starting and stopping one after the other would take as long each."""
    end = asyncio.Event()
    started: list[asyncio.Future[None]] = [asyncio.get_running_loop().create_future() for _ in servers]

    async def run(number: int) -> None:
        async with running(servers[number]):
            started[number].set_result(None)
            await end.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(len(servers)):
            group.create_task(run(number))
        await asyncio.gather(*started)
        yield servers
        end.set()
