"""Floor of latency: write the message to the store, then to every socket.

``python benchmarks/floor_latency.py PORT sqlite DIRECTORY``, or ``PORT mongo URL``. Shares no code with Parley.
"""

import asyncio
import sqlite3
import sys
from typing import Any

import msgspec
import uvloop
from pymongo import AsyncMongoClient
from tornado.web import Application
from tornado.websocket import WebSocketHandler

members: "set[Member]" = set()
table: Any = None
MORE = {
    "rev": 1,
    "kind": "text",
    "author": {"id": "0" * 32, "username": "somebody"},
    "edited_at": None,
    "deleted": False,
}


class Member(WebSocketHandler):
    """A socket in the one room."""

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Join the room."""
        self.set_nodelay(True)
        self.socket = self.ws_connection.stream.socket  # type: ignore[union-attr]
        members.add(self)

    def on_close(self) -> None:
        """Leave the room."""
        members.discard(self)

    async def on_message(self, message: str | bytes) -> None:
        """Keep the message, answer it, and send it to everybody: these sockets are idle."""
        asked = msgspec.json.decode(message)
        item = msgspec.json.encode(asked["d"] | MORE)
        if isinstance(table, sqlite3.Connection):
            table.execute("insert into item values(?)", (item,))
            await asyncio.to_thread(table.commit)
        else:
            await table.insert_one({"item": item})
        self.socket.send(frame(b'{"re":%d,"ok":' % asked["id"], item))
        copy = frame(b'{"ev":"message","d":', item)
        for member in members:
            member.socket.send(copy)


def frame(head: bytes, item: bytes) -> bytes:
    """Return a text frame around a payload of 126 to 65,535 bytes."""
    return b"\x81\x7e" + (len(head) + len(item) + 1).to_bytes(2, "big") + head + item + b"}"


async def main(port: str, kind: str, place: str) -> None:
    """Serve until this process is ended."""
    global table  # noqa: PLW0603  # the whole program is one page
    if kind == "mongo":
        table = AsyncMongoClient[dict[str, Any]](place, w="majority", journal=True).floor.latency
    else:
        table = sqlite3.connect(f"{place}/floor.db", check_same_thread=False)
        table.executescript("pragma journal_mode=wal; pragma synchronous=full; create table if not exists item(doc)")
    Application([("/ws", Member)]).listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(*sys.argv[1:4]))
