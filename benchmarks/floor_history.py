"""Floor of history and changes: bare Tornado, the same query by hand, over the database that Parley filled.

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

QUERY = 'select doc from entries where "stream"=? and {0}>? and {0}<? order by {0} {1} limit ?'


class Page(RequestHandler):
    """The newest messages of a room, or what changed in it since."""

    def initialize(self, kind: str, place: Any) -> None:  # whatever driver the store has
        """Take what ``main`` opened."""
        self.kind, self.place = kind, place

    async def get(self, room: str, what: str) -> None:
        """Answer with the page."""
        field, order = ("changed", 1) if what == "changes" else ("seq", -1)
        above, below, limit = (int(self.get_argument(name, "0")) for name in ("since", "before", "limit"))
        below = below or 2**53
        if self.kind == "mongo":
            found = self.place.find({"stream": room, field: {"$gt": above, "$lt": below}}, {"at": 0}).sort(field, order)
            docs = await found.limit(limit + 1).to_list()
        else:
            query = QUERY.format(field, "asc" if order > 0 else "desc")
            rows = self.place.execute(query, (room, above, below, limit + 1)).fetchall()
            docs = msgspec.json.decode(b"[%b]" % b",".join(doc for (doc,) in rows))
        self.set_header("Content-Type", "application/json")
        items = [item(doc) for doc in docs[:limit][::order]]
        self.write(msgspec.json.encode({"items": items, "has_more": len(docs) > limit, "head": docs[0]["rev"]}))

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
    routes = [(r"/api/rooms/([^/]+)/(messages|changes)", Page, {"kind": kind, "place": source})]
    Application(routes).listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(*sys.argv[1:4]))
