"""schemathesis asks the running server for all that openapi.json describes, and much that it does not."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from store.tables import LOGINS, USERS
from tests.application import Parley, running
from tests.processes import environment
from tests.property.credentials import DESK
from tests.refusals import claims

ROOT = Path(__file__).parents[2]
WITHIN_S = 600.0


async def ordinary(parley: Parley) -> str:
    """Return the token of somebody new with a proved address, who has just logged in."""
    account = await parley.site.register("asker")
    await parley.database.update(USERS, account.id, {"email_verified": True})
    return account.token


async def admin(parley: Parley) -> str:
    """Return the token of a new admin, who has just logged in with two proofs."""
    account = await parley.site.register("admin")
    await parley.database.update(USERS, account.id, {"role": "admin", "email_verified": True})
    await parley.database.update(LOGINS, str(claims(account.token)["sid"]), {"methods": ("password", "totp")})
    return account.token


@asynccontextmanager
async def desk(parley: Parley, give: Callable[[Parley], Awaitable[str]]) -> AsyncIterator[str]:
    """Give out tokens over HTTP, to the process that asks with them."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        token = (await give(parley)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(token), token))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.timeout(WITHIN_S + 30)
@pytest.mark.parametrize("who", [ordinary, admin])
async def test_rest_does_what_its_document_says(
    tmp_path: Path, who: Callable[[Parley], Awaitable[str]], examples: int
) -> None:
    async with running(tmp_path) as parley, desk(parley, who) as address:
        url = f"http://127.0.0.1:{parley.node.port}/openapi.json"
        options = {"--config-file": "tests/property/schemathesis.toml"}
        asked = {"--max-examples": str(examples), "--seed": "7", "--request-timeout": "10"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", *itertools.chain(*options.items()), "run", url,
            *itertools.chain(*asked.items()), "--continue-on-failure", "--warnings=off", "--no-color",
            cwd=ROOT, env=environment(PYTHONPATH=str(ROOT)) | {DESK: address},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(WITHIN_S):
                told, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, told.decode()[-20_000:]
