"""Floor of hello: a bare Tornado websocket that takes the upgrade and echoes one message.

``python benchmarks/floor_hello.py PORT``. Shares no code with Parley.
"""

import asyncio
import sys

import uvloop
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    """A socket that says what it hears."""

    async def on_message(self, message: str | bytes) -> None:
        """Echo the message."""
        await self.write_message(message)


async def main(port: int) -> None:
    """Serve until this process is ended."""
    Application([("/ws", Echo)]).listen(port, "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(int(sys.argv[1])))
