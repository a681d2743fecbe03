"""Floor of resume: a bare Tornado websocket that sends what is above a cursor, one query by hand for each stream.

``python benchmarks/floor_resume.py PORT sqlite FILE``, or ``PORT mongo URL``. Shares no code with Parley.
"""

import asyncio
import sqlite3
import sys
from typing import Any

import msgspec
import uvloop
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from tornado.web import Application
from tornado.websocket import WebSocketHandler

MOST = 500
QUERY = f'select doc from entries where "stream"=? and rev>? order by rev limit {MOST}'


class Door(WebSocketHandler):
    """A socket on which somebody comes back."""

    def initialize(self, kind: str, place: Any) -> None:  # whatever driver the store has
        """Take what ``main`` opened."""
        self.kind, self.place = kind, place

    async def on_message(self, message: str | bytes) -> None:
        """Answer a hello, send what was missed, and say that this was all."""
        frames = [frame(b'{"re":0,"ok":{}}')]
        for stream, rev in msgspec.json.decode(message)["d"]["cursors"].items():
            if self.kind == "mongo":
                found = self.place.find({"stream": stream, "rev": {"$gt": rev}}, {"at": 0}).sort("rev", 1)
                docs = await found.limit(MOST).to_list()
            else:
                rows = self.place.execute(QUERY, (stream, rev)).fetchall()
                docs = msgspec.json.decode(b"[%b]" % b",".join(doc for (doc,) in rows))
            frames += [frame(b'{"ev":"message","d":%b}' % msgspec.json.encode(item(doc))) for doc in docs]
        self.ws_connection.stream.socket.sendall(b"".join([*frames, frame(b'{"ev":"live"}')]))  # type: ignore[union-attr]


def frame(payload: bytes) -> bytes:
    """Return a text frame around a payload of up to 65,535 bytes."""
    short = len(payload) < 126
    return b"\x81" + (bytes([len(payload)]) if short else b"\x7e" + len(payload).to_bytes(2, "big")) + payload


def item(doc: dict[str, Any]) -> dict[str, Any]:
    """Return a message as the protocol has it."""
    return {
        "id": doc.get("id") or doc["_id"],
        "room": doc["stream"],
        "seq": doc.get("seq"),
        "rev": doc.get("changed"),
        "kind": doc.get("kind"),
        "author": {"id": doc["author"], "username": doc.get("username")},
        "created_at": int(doc["created_at"]),
        "text": doc.get("body", {}).get("text"),
    }


async def main(port: str, kind: str, place: str) -> None:
    """Serve until this process is ended."""
    if kind == "mongo":
        database = AsyncMongoClient[dict[str, Any]](place).get_default_database("parley")
        source: Any = database.get_collection("entries", read_concern=ReadConcern("majority"))
    else:
        source = sqlite3.connect(place)
        source.text_factory = bytes
    Application([("/ws", Door, {"kind": kind, "place": source})]).listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(*sys.argv[1:4]))
