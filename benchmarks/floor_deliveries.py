"""Floor of deliveries: one store write a round, its frames joined, one ``socket.send`` a member. No code of Parley.

``python benchmarks/floor_deliveries.py PORT sqlite DIRECTORY``, or ``PORT mongo URL``.
"""

import asyncio
import sqlite3
import sys
from contextlib import suppress
from typing import Any

import msgspec
import uvloop
from pymongo import AsyncMongoClient
from tornado import web, websocket

members: "set[Member]" = set()
waiting: "asyncio.Queue[tuple[Member, dict[str, Any]]]" = asyncio.Queue()
MORE = {
    "rev": 1,
    "kind": "text",
    "author": {"id": "0" * 32, "username": "somebody"},
    "edited_at": None,
    "deleted": False,
}


class Member(websocket.WebSocketHandler):
    """A socket in the one room."""

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Join the room."""
        self.set_nodelay(True)
        self.stream: Any = self.ws_connection.stream  # type: ignore[union-attr]
        members.add(self)

    def on_close(self) -> None:
        """Leave the room."""
        members.discard(self)

    def on_message(self, message: str | bytes) -> None:
        """Keep the message for the next round."""
        waiting.put_nowait((self, msgspec.json.decode(message)))

    def push(self, frames: bytes) -> None:
        """Send straight to the idle socket; what it does not take goes through the stream."""
        with suppress(BlockingIOError):
            frames = frames if self.stream.writing() else frames[self.stream.socket.send(frames) :]
        if frames:
            self.stream.write(frames)


def frame(head: bytes, item: bytes) -> bytes:
    """Return a text frame around a payload of 126 to 65,535 bytes."""
    return b"\x81\x7e" + (len(head) + len(item) + 1).to_bytes(2, "big") + head + item + b"}"


async def main(port: str, kind: str, place: str) -> None:
    """Take what waits, keep it, deliver and answer it; again and again until this process is ended."""
    if kind == "mongo":
        table: Any = AsyncMongoClient[dict[str, Any]](place, w="majority", journal=True).floor.deliveries
    else:
        table = sqlite3.connect(f"{place}/floor.db", check_same_thread=False)
        table.executescript("pragma journal_mode=wal; pragma synchronous=full; create table if not exists item(doc)")
    web.Application([("/ws", Member)]).listen(int(port), "127.0.0.1", backlog=4096)
    while taken := [await waiting.get(), *(waiting.get_nowait() for _ in range(waiting.qsize()))]:
        items = [msgspec.json.encode(one["d"] | MORE) for _, one in taken]
        if kind == "mongo":
            await table.insert_many([{"item": item} for item in items])
        else:
            table.executemany("insert into item values(?)", [(item,) for item in items])
            await asyncio.to_thread(table.commit)
        joined = b"".join([frame(b'{"ev":"message","d":', item) for item in items])
        for member in tuple(members):
            member.push(joined)
        for (sender, one), item in zip(taken, items, strict=True):
            sender.push(frame(b'{"re":%d,"ok":' % one["id"], item))


uvloop.run(main(*sys.argv[1:4]))
