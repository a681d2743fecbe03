"""Centrifugo: its own program, set up to let clients publish; without history, and with it in two places."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import jwt
import msgspec

from benchmarks.parts import free_port, redis_program, serving, start, stop, wait_for
from benchmarks.peers.centrifugo_dialect import ROOM
from benchmarks.peers.go import Module, on_one_core
from benchmarks.peers.peer import Peer, Running

MODULE = Module("centrifugo", {"centrifugo": ""})

MEMBERS = 1000
"""Users who have a token; further sockets are theirs too."""

RECOVERY = {"history_ttl": "3600s", "force_recovery": True, "force_positioning": True}
"""What lets a client come back without a gap; how many messages are kept for it is ``history_size``."""

SETTINGS = (
    "one node, its JSON protocol, no compression (its default), `GOMAXPROCS=1` on the core of the server; a token says "
    "who connects and to what channel they are subscribed; clients may publish; no answers to pings asked for"
)


def configuration(port: int, secret: str, channel: dict[str, object], engine: dict[str, object]) -> bytes:
    """Return its configuration file, with these options of the channel beside who may do what."""
    allowed = {"allow_subscribe_for_client": True, "allow_publish_for_client": True}
    return msgspec.json.encode(
        {
            "http_server": {"address": "127.0.0.1", "port": port},
            "log": {"level": "error"},
            "usage_stats": {"disabled": True},
            # Its pings come as messages, at times in one frame with others: they are sent, but need no answer.
            "client": {"token": {"hmac_secret_key": secret}, "pong_timeout": "-1s"},
            "channel": {"without_namespace": {**allowed, **channel}},
            "engine": engine,
        }
    )


@contextmanager
def started(place: Path, channel: dict[str, object], engine: dict[str, object], *pids: int) -> Iterator[Running]:
    """Run a node, which ``pids`` belong to as well."""
    port, secret = free_port(), secrets.token_hex(32)
    written = place / "centrifugo.json"
    written.write_bytes(configuration(port, secret, channel, engine))
    users = [{"sub": f"member{number}", "channels": [ROOM]} for number in range(MEMBERS)]
    tokens = [jwt.encode(user, secret, algorithm="HS256") for user in users]
    command = on_one_core([MODULE.program("centrifugo"), "--config", str(written)])
    with serving(command, port, place / "centrifugo.log") as pid:
        yield Running(port, (pid, *pids), {"tokens": tokens})


@contextmanager
def syncing_redis(place: Path) -> Iterator[tuple[int, int]]:
    """Run a Redis that has every write on the disk before it answers, and give its port and its process id."""
    port, log = free_port(), place / "redis.log"
    with TemporaryDirectory(dir=place) as kept:
        keeping = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", kept]
        process = start([redis_program(), "--port", str(port), "--bind", "127.0.0.1", *keeping], log)
        try:
            wait_for(process, port, log)
            yield port, process.pid
        finally:
            stop(process)


class CentrifugoPeer(Peer):
    """One node, alone, with its engine in memory."""

    dialect = "centrifugo"

    def __init__(self, name: str, keeps: str, settings: str, channel: dict[str, object]) -> None:
        """Take the name, what it keeps and its settings in words, and options of the channel."""
        self.name = name
        self.keeps = keeps
        self.settings = settings
        self.channel = channel

    def install(self) -> str:
        """Build it; see ``Peer``."""
        MODULE.install()
        return str(MODULE)

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start it; see ``Peer``."""
        with started(place, self.channel, {"type": "memory"}) as running:
            yield running


class CentrifugoOnRedis(CentrifugoPeer):
    """One node with its engine on a Redis of its own, which syncs each write before it answers."""

    def install(self) -> str:
        """Build it and look for a Redis; see ``Peer``."""
        redis_program()
        return super().install()

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start both; see ``Peer``."""
        with syncing_redis(place) as (port, pid):
            engine: dict[str, object] = {"type": "redis", "redis": {"address": [f"redis://127.0.0.1:{port}"]}}
            with started(place, self.channel, engine, pid) as running:
                yield running


CENTRIFUGOS = (
    CentrifugoPeer("Centrifugo", "nothing", f"{SETTINGS}; engine in memory", {}),
    CentrifugoPeer(
        "Centrifugo + history",
        "the last 1,000 messages, in its memory: lost with the process",
        f"{SETTINGS}; engine in memory, recovery and positioning forced",
        {**RECOVERY, "history_size": 1000},
    ),
    CentrifugoOnRedis(
        "Centrifugo + Redis",
        "the last 1,000,000 messages, for an hour, in Redis, synced (`appendfsync always`)",
        f"{SETTINGS}; engine on a Redis that runs where it likes and counts with it, recovery and positioning forced",
        {**RECOVERY, "history_size": 1_000_000},
    ),
)
