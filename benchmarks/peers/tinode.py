"""Tinode: its own program on a MongoDB of its own, with accounts and one group topic."""

import asyncio
import hashlib
import hmac
import secrets
import subprocess
import tempfile
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from benchmarks.load.dialect import Dialect
from benchmarks.load.hello import Visit
from benchmarks.load.sockets import connect
from benchmarks.parts import Broken, free_port, mongo, serving
from benchmarks.peers.go import Module, on_one_core
from benchmarks.peers.peer import Peer, Running
from benchmarks.peers.tinode_dialect import Founding, Joining, Registration, Sitting, Tinode

MODULE = Module("tinode", {"tinode": "server", "tinode-db": "tinode-db"}, "-tags", "mongodb")

MEMBERS = 1000
"""Accounts that are registered; further sockets are theirs too."""

OPENING = 16
"""Accounts that are registered at the same time."""

PREPARED_WITHIN_S = 60
"""For all of them."""


class Prepared(NamedTuple):
    """A topic with all its members."""

    options: dict[str, object]
    """What the dialect is made of."""
    sitting: Dialect
    """What the one speaks who keeps it open."""


def api_key(salt: bytes) -> str:
    """Return the key with which clients of an installation with this salt open sockets: version, app, number, root."""
    described = b"\x01" + b"\x01\x00\x00\x00" + b"\x01\x00" + b"\x00"
    return urlsafe_b64encode(described + hmac.digest(salt, described, hashlib.md5)).decode()


def configuration(port: int, database: str, salt: bytes) -> bytes:
    """Return its configuration file; what is not in it is as its programs have it."""
    mongodb = {"addresses": database, "database": "tinode", "replica_set": "rs0"}
    return msgspec.json.encode(
        {
            "listen": f"127.0.0.1:{port}",
            "api_key_salt": b64encode(salt).decode(),
            "ws_compression_disabled": True,
            "max_message_size": 131_072,
            "max_subscriber_count": 20 * MEMBERS,  # 128 in the file that comes with it
            "push": [],
            "auth_config": {
                "anonymous": {},
                "token": {"expire_in": 86_400, "serial_num": 1, "key": b64encode(secrets.token_bytes(32)).decode()},
            },
            "store_config": {
                "uid_key": b64encode(secrets.token_bytes(16)).decode(),
                "use_adapter": "mongodb",
                "adapters": {"mongodb": mongodb},
            },
        }
    )


async def visited(port: int, speech: Dialect, count: int) -> list[bytes]:
    """Open and close ``count`` sockets and return the last answer of each."""
    gate = asyncio.Semaphore(OPENING)

    async def visit(number: int) -> bytes:
        async with gate:
            socket = await connect(port, partial(Visit, speech, number))
            socket.close()
            return socket.live.result()

    async with asyncio.timeout(PREPARED_WITHIN_S):
        return list(await asyncio.gather(*[visit(number) for number in range(count)]))


async def prepared(port: int, key: str) -> Prepared:
    """Register everybody, found the topic and have everybody join it, and one more who will keep it open."""
    answers = await visited(port, Registration(key), MEMBERS + 1)
    *tokens, sitting = [msgspec.json.decode(answer)["ctrl"]["params"]["token"] for answer in answers]
    (founded,) = await visited(port, Founding(key, tokens[:1]), 1)
    topic = msgspec.json.decode(founded)["ctrl"]["topic"]
    await visited(port, Joining(key, tokens[1:], topic), MEMBERS - 1)
    await visited(port, Sitting(key, [sitting], topic), 1)
    return Prepared({"key": key, "tokens": tokens, "topic": topic}, Tinode(key, [sitting], topic))


async def left(socket: Visit) -> None:
    """Close a socket and wait until it is closed."""
    if (transport := socket.transport) is not None:
        socket.close()
        await transport.wait_disconnected()


@contextmanager
def kept_open(port: int, speech: Dialect) -> Iterator[None]:
    """Keep one socket open, so that the topic is in memory as one is where people are.

    It is put away after four seconds without anybody, and those who come while it is read again are refused.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        opened = asyncio.run_coroutine_threadsafe(connect(port, partial(Visit, speech, 0)), loop)
        socket = opened.result(PREPARED_WITHIN_S)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(left(socket), loop).result(PREPARED_WITHIN_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class TinodePeer(Peer):
    """One node, alone."""

    name = "Tinode"
    dialect = "tinode"
    keeps = "three writes to MongoDB a message (the topic, the message, the sender's place), majority and journal"
    settings = (
        "one node on a mongod of its own, a replica set of one that runs where it likes and is not counted, as with "
        "Parley on MongoDB; no compression, `GOMAXPROCS=1` on the server's core; a group of 1,000 accounts, where its "
        "own file allows 128, without presence and pushes; it logs what comes in, as it always does"
    )

    def install(self) -> str:
        """Build it; see ``Peer``."""
        MODULE.install()
        return str(MODULE)

    @contextmanager
    def running(self, place: Path) -> Iterator[Running]:
        """Start it on an empty database; see ``Peer``."""
        with tempfile.TemporaryDirectory(dir=place) as folder, mongo(Path(folder)) as url:
            port, salt = free_port(), secrets.token_bytes(32)
            written = Path(folder) / "tinode.conf"
            written.write_bytes(configuration(port, urlsplit(url).netloc, salt))
            made = subprocess.run(
                [MODULE.program("tinode-db"), "--config", str(written)], capture_output=True, check=False
            )
            if made.returncode:
                raise Broken(f"tinode-db: {made.stderr[-300:]!r}")
            command = on_one_core([MODULE.program("tinode"), "--config", str(written), "--static_data", "-"])
            with serving(command, port, place / "tinode.log"):
                options, sitting = asyncio.run(prepared(port, api_key(salt)))
            # Afresh, so that the memory of those who registered is not taken for that of whoever comes now.
            with serving(command, port, place / "tinode.log") as pid, kept_open(port, sitting):
                yield Running(port, (pid,), options)


TINODE = TinodePeer()
