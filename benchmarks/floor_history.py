"""Floor of history: a bare Tornado handler with the same query by hand, over the database that Parley filled.

``python benchmarks/floor_history.py PORT sqlite FILE``, or ``PORT mongo URL``. Shares no code with Parley.
"""

import asyncio
import sqlite3
import sys
from typing import Any

import msgspec
import uvloop
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from tornado.web import Application, RequestHandler

PAGE = 50
QUERY = 'select doc from entries where "stream"=? and seq>0 order by seq desc limit 51'


class Messages(RequestHandler):
    """The newest messages of a room."""

    def initialize(self, kind: str, place: Any) -> None:  # whatever driver the store has
        """Take what ``main`` opened."""
        self.kind = kind
        self.place = place

    async def get(self, room: str) -> None:
        """Answer with the page."""
        if self.kind == "mongo":
            found = self.place.find({"stream": room, "seq": {"$gt": 0}}, {"at": 0}).sort("seq", -1).limit(PAGE + 1)
            docs = await found.to_list()
        else:
            rows = self.place.execute(QUERY, (room,)).fetchall()
            docs = msgspec.json.decode(b"[%b]" % b",".join(doc for (doc,) in rows))
        self.set_header("Content-Type", "application/json")
        items = [item(doc) for doc in docs[PAGE - 1 :: -1]]
        self.write(msgspec.json.encode({"items": items, "has_more": len(docs) > PAGE, "head": docs[0]["rev"]}))

    def compute_etag(self) -> None:
        """Spare the hash of the page."""


def item(doc: dict[str, Any]) -> dict[str, Any]:
    """Return a message as the protocol has it."""
    return {
        "id": doc.get("id") or doc["_id"],
        "room": doc["stream"],
        "seq": doc["seq"],
        "rev": doc["changed"],
        "kind": "text",
        "author": {"id": doc["author"], "username": doc.get("username")},
        "cid": doc["cid"],
        "created_at": int(doc["created_at"]),
        "edited_at": None,
        "deleted": False,
        "text": doc["body"].get("text"),
        "reply_to": None,
        "reactions": [],
        "attachments": [],
    }


async def main(port: str, kind: str, place: str) -> None:
    """Serve until this process is ended."""
    if kind == "mongo":
        database = AsyncMongoClient[dict[str, Any]](place).get_default_database("parley")
        source: Any = database.get_collection("entries", read_concern=ReadConcern("majority"))
    else:
        source = sqlite3.connect(place)
        source.text_factory = bytes
    routes = [(r"/api/rooms/([^/]+)/messages", Messages, {"kind": kind, "place": source})]
    Application(routes).listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(*sys.argv[1:4]))
