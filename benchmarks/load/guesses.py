"""Guesses: what is asked of somebody who exists and of somebody who does not, and how long each answer takes.

Both are asked in the same run on one connection, in an order drawn anew for each try: what the one leaves to be done
after its answer may come into the time of the other, but of either as often.
"""

import asyncio
import random
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.load.prepare import PASSWORD
from benchmarks.load.rest import Connection, connections, request
from benchmarks.load.task import Failed, Result, Stopwatch, Task

LETTER_WITHIN_S = 20
"""The longest wait for a letter."""

Ask = Callable[[Connection, bool], Awaitable[int]]
"""Asks about somebody who exists, or does not, and returns the status."""


def fresh() -> str:
    """Return a username that nobody has."""
    return f"g-{secrets.token_hex(6)}"


class Known:
    """Somebody with an account and a proved address."""

    def __init__(self) -> None:
        self.name = fresh()
        self.email = f"{self.name}@example.org"

    async def register(self, connection: Connection, log: Path) -> None:
        """Make the account, and prove the address by the letter that the server writes into its log."""
        body = {"username": self.name, "email": self.email, "password": PASSWORD}
        token = (await connection.call("POST", "/api/auth/register", body=body))["access_token"]
        code = re.compile(rf"To: {re.escape(self.email)}.*?^\s*\|\s+(\d{{6}})\s*$", re.MULTILINE | re.DOTALL)
        found = None
        async with asyncio.timeout(LETTER_WITHIN_S):
            while found is None:  # it comes into a file, of which nobody tells
                await asyncio.sleep(0.05)
                found = code.search(await asyncio.to_thread(log.read_text))
        await connection.call("POST", "/api/auth/email/finish", token, {"code": found[1]})


def asked_of(known: Known) -> dict[str, Ask]:
    """Return what is asked, by its name."""

    async def post(connection: Connection, path: str, body: dict[str, str]) -> int:
        return (await connection.ask(request("POST", f"/api/auth/{path}", body=body)))[0]

    async def log_in(connection: Connection, there: bool) -> int:
        name = known.name if there else fresh()
        return await post(connection, "login", {"login": name, "password": "a guess that is wrong"})

    async def register(connection: Connection, there: bool) -> int:
        name = fresh()
        email = known.email if there else f"{name}@example.org"
        return await post(connection, "register", {"username": name, "email": email, "password": PASSWORD})

    async def reset(connection: Connection, there: bool) -> int:
        return await post(connection, "password/reset", {"login": known.email if there else f"{fresh()}@example.org"})

    return {"login": log_in, "register": register, "reset": reset}


STATUS = {"login": 401, "register": 201, "reset": 202}


async def load(task: Task) -> Result:
    """Measure the medians of so many tries (``size``) of each, in milliseconds, and how far apart they are."""
    known, result = Known(), Result()
    async with connections(task.port, 1) as (connection,):
        await known.register(connection, Path(task.options["log"]))
        for name, ask in asked_of(known).items():
            await asyncio.sleep(task.settle_s)
            watch = Stopwatch(task.pid)
            result |= await measured(connection, name, ask, task.size) | watch.shares(perf_counter(), f"{name}_")
    return result


async def measured(connection: Connection, name: str, ask: Ask, tries: int) -> Result:
    """Return the medians of one kind of question."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(tries):
        for there in random.sample((True, False), 2):
            began = perf_counter()
            status = await ask(connection, there)
            took[there].append(perf_counter() - began)
            if status != STATUS[name]:
                raise Failed(f"{name} was answered {status}")
    known, unknown = median(took[True]) * 1000, median(took[False]) * 1000
    return {f"{name}_known": known, f"{name}_unknown": unknown, name: abs(known - unknown)}
