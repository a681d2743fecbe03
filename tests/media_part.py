"""The media server of ``tests/media_server.py`` as a part, and a device that goes there."""

import asyncio
import contextlib
import json
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import websockets

from tests.parts import Part

PROGRAM = Path(__file__).with_name("media_server.py")


class MediaServerPart(Part):
    """A media server that knows one key."""

    scheme = "ws"

    def __init__(self) -> None:
        super().__init__()
        self.key = "APIparleytest"
        self.secret = secrets.token_hex(32)

    def calls_file(self, **other: Any) -> Path:
        """Return the path of a file for ``--calls`` that tells of it; ``other`` are fields of its entry."""
        path = self.directory / f"calls-{secrets.token_hex(4)}.json"
        path.touch(0o600)
        path.write_text(json.dumps({"sfu": {"url": self.url, "key": self.key, "secret": self.secret} | other}))
        return path

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        return [sys.executable, str(PROGRAM), str(self.port), self.key, self.secret]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Guest:
    """A device at the media server."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection

    async def joined(self) -> dict[str, Any]:
        """Return who and where the server says that one is."""
        found: dict[str, Any] = json.loads(await asyncio.wait_for(self._connection.recv(), 10))
        return found

    async def thrown_out(self, within_s: float = 20.0) -> str:
        """Wait until the server closes; return why."""
        await asyncio.wait_for(self._connection.wait_closed(), within_s)
        return self._connection.close_reason or ""


@contextlib.asynccontextmanager
async def going_to(url: str, token: str) -> AsyncIterator[Guest]:
    """Go to a media server with a token.

    Raises:
        websockets.InvalidStatus: If it lets nobody in with it.
    """
    async with websockets.connect(f"{url}/rtc?access_token={token}") as connection:
        yield Guest(connection)
