"""Floor of memory: bare Tornado websockets that sit there, without compression.

``python benchmarks/floor_memory.py PORT``. Shares no code with Parley.
"""

import asyncio
import sys

import uvloop
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Idle(WebSocketHandler):
    """A socket that does nothing."""

    def on_message(self, message: str | bytes) -> None:
        """Ignore the message."""


async def main(port: int) -> None:
    """Serve until this process is ended."""
    Application([("/ws", Idle)]).listen(port, "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(int(sys.argv[1])))
