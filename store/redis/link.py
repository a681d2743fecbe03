"""Ordinary commands: bounded, each with a deadline, on a single Redis, one behind sentinels, or a cluster.

Pub/sub has connections of its own (``wire.py``); this is for what asks and answers.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Self, TypeVar

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisClusterException, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from store.errors import Unavailable
from store.redis.address import Address, parse

DEADLINE_S = 0.5
"""Seconds a call may take, waiting for its turn included. Whoever asks can do without, and rather soon than late."""

SLOTS = 16
"""Calls at once, and so connections to one server. One connection answers tens of thousands a second."""

SENTINEL_S = 0.2
"""Seconds for one sentinel, so that the next can be asked within the deadline."""

TEXT_LIMIT = 300
"""Characters of the server's text in our errors."""

_FAILURES: Final = (RedisError, RedisClusterException, OSError, ValueError, KeyError, IndexError, AttributeError)
"""What the driver raises. Some refusals, and mishaps of its own while a cluster changes, it tells in Python's words."""

T = TypeVar("T")
Word = str | bytes | int | float
"""A part of a command."""


class Script:
    """A program that runs inside the server, all at once. Its keys carry one hash tag, ``{…}``, for clusters."""

    def __init__(self, text: str) -> None:
        self.text = text
        # The name that Redis gives to it; nothing is kept secret by it.
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Link:
    """A client of one Redis. It connects when it is first used, and again whenever it must."""

    def __init__(self, address: Address) -> None:
        self._client, self._others = _client(address)
        self._slots = asyncio.Semaphore(SLOTS)
        self._calls: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    def of(cls, url: str) -> Self:
        """Return a link by URL (``address.parse``). Nothing is connected yet.

        Raises:
            ValueError: If it is no URL of a Redis. What it says repeats no password.
        """
        address = parse(url)
        if address.tls is not None:
            address.tls.context()
        return cls(address)

    async def execute(self, *command: Word, deadline: float = DEADLINE_S) -> Any:
        """Return the answer to one command; texts in it are bytes.

        Raises:
            Unavailable: If it is refused, or not answered within the deadline: it may still have been carried out.
        """

        async def run() -> Any:
            return await self._client.execute_command(*command)

        return await self._turn(run, deadline)

    async def pipeline(self, commands: Sequence[Sequence[Word]], deadline: float = DEADLINE_S) -> list[Any]:
        """Return the answers to several commands, sent at once; others' commands may come in between.

        Raises:
            Unavailable: If one is refused, or not all are answered within the deadline: others may have been carried
                out.
        """

        async def run() -> list[Any]:
            async with self._pipeline() as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                return list(await pipe.execute())

        return await self._turn(run, deadline) if commands else []

    async def script(
        self, script: Script, keys: Sequence[str | bytes], args: Sequence[Word] = (), deadline: float = DEADLINE_S
    ) -> Any:
        """Return what a script returns. In a cluster it has one key at least, and its keys carry one hash tag.

        Raises:
            Unavailable: If it fails, or is not answered within the deadline: it may still have been carried out.
        """
        words: tuple[Word, ...] = (len(keys), *keys, *args)

        async def run() -> Any:
            try:
                return await self._client.execute_command("EVALSHA", script.sha, *words)
            except NoScriptError:
                return await self._client.execute_command("EVAL", script.text, *words)

        return await self._turn(run, deadline)

    async def close(self) -> None:
        """End all connections; calls under way fail."""
        self._closed = True
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls)
        for client in (self._client, *self._others):
            await client.aclose()

    def _pipeline(self) -> Any:
        # A cluster's has no transactions to be turned off.
        return self._client.pipeline() if isinstance(self._client, RedisCluster) else self._client.pipeline(False)

    async def _turn(self, call: Callable[[], Coroutine[Any, Any, T]], deadline: float) -> T:
        """Call when there is a slot. The driver may swallow a cancellation, so the call is a task that can be left."""
        if self._closed:
            raise Unavailable("the link to Redis is closed")
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline
        if asyncio.current_task() is None:
            await asyncio.sleep(0)  # The caller takes only the first step outside of any task.
        try:
            async with asyncio.timeout_at(until):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable("Redis is too busy") from None
        task = asyncio.create_task(call())
        self._calls.add(task)
        task.add_done_callback(self._over)
        try:
            done, _ = await asyncio.wait([task], timeout=until - loop.time())
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise Unavailable("Redis did not answer in time")
        try:
            return task.result()
        except asyncio.CancelledError:
            raise Unavailable("the link to Redis is closed") from None
        except _FAILURES as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:TEXT_LIMIT]) from error

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()  # Whoever asked may be gone, and then nobody looks at it.


def _client(address: Address) -> tuple[Any, list[Any]]:
    """Return the driver's client, and what else is to be closed with it."""
    own = {**_sockets(address), "username": address.login.username, "password": address.login.password}
    host, port = address.hosts[0]
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        # After a slot moved, or its owner fell, the driver asks again where it is: at once, within the deadline.
        return RedisCluster(startup_nodes=nodes, retry=Retry(NoBackoff(), 2), max_connections=SLOTS, **own), []
    own |= {"db": address.db, "retry": Retry(NoBackoff(), 0)}
    if address.kind == "single":
        return Redis(host=host, port=port, max_connections=SLOTS, **own), []
    login = address.sentinel_login
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        sentinel_kwargs={
            **_sockets(address),
            "username": login.username,
            "password": login.password,
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": SENTINEL_S,
            "socket_connect_timeout": SENTINEL_S,
        },
        **own,
    )
    return sentinels.master_for(address.service, max_connections=SLOTS), sentinels.sentinels


def _sockets(address: Address) -> dict[str, Any]:
    options: dict[str, Any] = {
        "protocol": 3,
        "socket_timeout": DEADLINE_S,
        "socket_connect_timeout": DEADLINE_S,
        "socket_keepalive": True,
        # Neither is needed, and each is a command more that an operator would have to permit.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if address.tls is not None:
        options |= {
            "ssl": True,
            "ssl_ca_certs": address.tls.ca,
            "ssl_certfile": address.tls.certificate,
            "ssl_keyfile": address.tls.key,
            "ssl_check_hostname": address.tls.check_name,
        }
    return options
