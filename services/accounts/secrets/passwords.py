"""Passwords: hashed in a bounded pool of threads, never on the loop."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar

import bcrypt
import msgspec

from services.errors import Unavailable

HASHERS = 2
"""Threads that hash at once: bcrypt frees the interpreter, so one per core of a small machine."""

WAITING_LIMIT = 20
"""Hashes that may wait: at 200 ms each on two threads the last one waits two seconds."""

PASSWORD_LENGTH = 1024
"""Longest password, in characters: enough for any sentence, and no work for the hash."""

Password = Annotated[str, msgspec.Meta(min_length=8, max_length=PASSWORD_LENGTH)]
"""A password that somebody chooses; it is taken as typed."""

GivenPassword = Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_LENGTH)]
"""A password that somebody shows."""

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords; ``pepper`` is a key kept outside the database."""

    def __init__(self, pepper: bytes, cost: int) -> None:
        self._pepper = pepper
        self._cost = cost
        self._pool = ThreadPoolExecutor(HASHERS, thread_name_prefix="bcrypt")
        self._under_way = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return a hash to be stored.

        Raises:
            Unavailable: If too many are waiting.
        """
        return await self._run(lambda: bcrypt.hashpw(self._peppered(password), bcrypt.gensalt(self._cost)).decode())

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether this is the password; without a hash it takes as long, and is not.

        Raises:
            Unavailable: If too many are waiting.
        """
        if hashed is None:
            if self._nobody is None:
                self._nobody = await self.hash(secrets.token_urlsafe())
            await self._check(password, self._nobody)
            return False
        return await self._check(password, hashed)

    def is_weak(self, hashed: str) -> bool:
        """Tell whether a hash took less work than one made now would."""
        return int(hashed.split("$")[2]) < self._cost

    def close(self) -> None:
        """Take no more and end the threads once they are done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _check(self, password: str, hashed: str) -> bool:
        return await self._run(lambda: bcrypt.checkpw(self._peppered(password), hashed.encode()))

    def _peppered(self, password: str) -> bytes:
        # bcrypt reads 72 bytes at most, and refuses more: this is always 64, whatever the length.
        return base64.b64encode(hmac.digest(self._pepper, password.encode(), hashlib.sha384))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way >= HASHERS + WAITING_LIMIT:
            raise Unavailable("too many log-ins at once", retry_after=2.0)
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # Counted until the thread is done, not until the caller gives up.
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: asyncio.Future[T]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()
