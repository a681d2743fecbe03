"""The road to one Mongo database: bounded, with a deadline, its failures told in the seam's words."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pymongo
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.int64 import Int64
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern, monitoring
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError, WriteConcernError, WriteError
from pymongo.read_concern import ReadConcern

from store.errors import StoreError, Unavailable, Unknown
from store.mongo.abandoned import Abandoned
from store.mongo.orphans import Orphans
from store.mongo.shape import Document

DEADLINE_S = 4.0
"""Seconds a call may take, waiting for its turn included: callers give up half a second later."""

CONNECT_S = 2.0
LOOK_S = 2.0
"""Seconds between two looks at each server."""

SLOTS = 64
"""Calls at once. BSON is encoded on the loop: 2,000 at once held it for 80 ms."""

WAITING = 10_000
"""Calls that may wait for a slot: one for each socket of a node, all of which may come back at once."""

STANDING_S = 1.0
"""Seconds without a call answered, while all slots are taken, after which the server is taken to stand still."""

STANDING = 500
"""Calls that may wait then: whoever came later would have waited in vain, and is told so at once."""

CLOSE_S = 10.0
"""Seconds that ``close`` waits for calls under way; each has a deadline of its own, so it is not reached."""

KEPT = WriteConcern(w="majority", j=True)
MAJORITY = ReadConcern("majority")
DEFAULT_NAME = "parley"
TEXT_LIMIT = 300
"""Characters of the driver's text in our errors: it can hold the whole topology."""

WRITES = frozenset({"insert", "update", "delete", "findAndModify", "commitTransaction"})
"""Commands after which something may be kept."""

T = TypeVar("T")
Collection = AsyncCollection[Document]


class _WholeNumbers(TypeDecoder):
    """Makes whole numbers of 64 bits what the others are: as they come, JSON cannot be made of them."""

    bson_type = Int64

    def transform_bson(self, value: Int64) -> int:
        """See ``TypeDecoder``."""
        return int(value)


CODEC: CodecOptions[Document] = CodecOptions(type_registry=TypeRegistry([_WholeNumbers()]))


class Sending:
    """What became of the commands of a call."""

    __slots__ = ("aborted", "begun")

    def __init__(self) -> None:
        self.begun = False
        """Whether anything that writes was sent to a server."""
        self.aborted = False
        """Whether the server has ended a transaction as told."""


_sending: ContextVar[Sending | None] = ContextVar("sending", default=None)


class _Watch(monitoring.CommandListener):
    """Notes what was sent: where nothing was, a failure leaves no doubt. The driver calls it in our task."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        sent = _sending.get()
        if sent is not None and event.command_name in WRITES:
            sent.begun = True

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        sent = _sending.get()
        if sent is not None and event.command_name == "abortTransaction":
            sent.aborted = True

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing is to be noted."""


def options() -> dict[str, Any]:
    """Return what every client of ours is opened with, whatever its URL says."""
    return {
        "w": "majority",
        "journal": True,
        "readConcernLevel": "majority",
        "readPreference": "primary",
        "retryWrites": True,
        "retryReads": True,
        "connectTimeoutMS": int(CONNECT_S * 1000),
        "maxPoolSize": SLOTS,
        # Looking often finds a primary that hangs, and the next one, within a few seconds; and needs one connection to
        # each server where the other mode needs two.
        "serverMonitoringMode": "poll",
        "heartbeatFrequencyMS": int(LOOK_S * 1000),
        "appname": "parley",
    }


class Link:
    """One client and what bounds it."""

    def __init__(self, url: str, name: str | None = None) -> None:
        # Told apart by the database: an installation ends its own dead nodes' transactions alone.
        appname = f"parley {name or urlsplit(url).path.strip('/') or DEFAULT_NAME}"
        self.client: AsyncMongoClient[Document] = AsyncMongoClient(
            url, **{**options(), "appname": appname}, timeoutMS=int(DEADLINE_S * 1000), event_listeners=[_Watch()]
        )
        self.database: AsyncDatabase[Document] = (
            self.client[name] if name else self.client.get_default_database(DEFAULT_NAME)
        ).with_options(CODEC, ReadPreference.PRIMARY, KEPT, MAJORITY)
        self.closed = False
        self._slots = asyncio.Semaphore(SLOTS)
        self._waiting = 0
        self._answered_at = time.monotonic()
        self._calls: set[asyncio.Task[Any]] = set()
        self.abandoned = Abandoned(self.client)
        self.orphans = Orphans(self.client, appname)

    def collection(self, name: str) -> Collection:
        """Return the collection of this name."""
        return self.database[name]

    async def turn(self, call: Callable[[float], Coroutine[Any, Any, T]], seconds: float = DEADLINE_S) -> T:
        """Call with the time (``time.monotonic``) by which it is to be over, when a slot is free.

        A caller who leaves while he waits for a slot is gone; after that the call goes on without him. Cut off in the
        middle, it would cost its connection and could leave an open transaction behind.

        Raises:
            Unavailable: If the link is closed, too many wait already, or no slot comes free in time.
        """
        if self.closed:
            raise Unavailable("the database is closed")
        until = time.monotonic() + seconds
        if self._slots.locked():
            await self._wait(seconds)
        else:
            await self._slots.acquire()  # at once
        task = asyncio.create_task(call(until))
        self._calls.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    async def _wait(self, seconds: float) -> None:
        """Wait for a slot and take it."""
        standing = time.monotonic() - self._answered_at > STANDING_S
        if self._waiting >= (STANDING if standing else WAITING):
            raise Unavailable("too many calls are waiting")
        self._waiting += 1
        try:
            if asyncio.current_task() is None:
                await asyncio.sleep(0)  # The caller takes only the first step outside of any task.
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable("the database is too busy") from None
        finally:
            self._waiting -= 1

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        self._slots.release()
        if not task.cancelled() and not isinstance(task.exception(), Unavailable | Unknown):
            self._answered_at = time.monotonic()

    async def reading(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call what reads.

        Raises:
            Unavailable: If it fails.
        """

        async def read(until: float) -> T:
            try:
                with before(until):
                    return await call()
            except PyMongoError as error:
                raise Unavailable(told(error)) from error

        return await self.turn(read)

    async def writing(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call what writes by one statement. Refusals that mean something to the caller are caught inside.

        Raises:
            Unavailable: If nothing was written.
            Unknown: If something may have been.
        """

        async def write(until: float) -> T:
            with sending() as sent:
                try:
                    with before(until):
                        return await call()
                except PyMongoError as error:
                    raise failure(error, sent) from error

        return await self.turn(write)

    async def close(self) -> None:
        """Let the calls under way finish, then close."""
        if self.closed:
            return
        self.closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for _ in range(SLOTS):
                    await self._slots.acquire()
        await self.orphans.close()
        await self.abandoned.close()
        await self.client.close()


def before(until: float) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which the driver gives up at this time (``time.monotonic``)."""
    return pymongo.timeout(max(until - time.monotonic(), 0.001))


@contextlib.contextmanager
def sending() -> Iterator[Sending]:
    """Give a note on which it stands whether anything was sent in this context."""
    sent = Sending()
    token = _sending.set(sent)
    try:
        yield sent
    finally:
        _sending.reset(token)


def failure(error: PyMongoError, sent: Sending) -> StoreError:
    """Return what a failed write means: a statement that was not sent, or was refused, has written nothing."""
    refused = isinstance(error, WriteError) and not isinstance(error, WriteConcernError)
    return Unavailable(told(error)) if refused or not sent.begun else Unknown(told(error))


def told(error: PyMongoError) -> str:
    """Return the driver's text, cut."""
    return f"{type(error).__name__}: {error}"[:TEXT_LIMIT]
