"""Floor of one's rooms: bare Tornado, and the questions by hand over the database that Parley filled.

``python benchmarks/floor_rooms.py PORT sqlite FILE``, or ``PORT mongo URL``. It believes
every token. Shares no code with Parley.
"""

import asyncio
import sqlite3
import sys
from base64 import urlsafe_b64decode
from typing import Any

import msgspec
import uvloop
from pymongo import AsyncMongoClient
from tornado.web import Application, RequestHandler

NEWEST = '(select doc from entries e where e."stream"=m."room" order by rev desc limit 1)'
ROOMS = f'select m.doc, r.doc, {NEWEST} from members m join rooms r on r.id=m."room" where m."user"=?'
UNREAD = 'select author, doc from entries where "stream"=? and seq>? order by seq limit 100'
LAST = {"$lookup": {"from": "entries", "localField": "room", "foreignField": "stream", "as": "last"}}
LAST["$lookup"]["pipeline"] = [{"$sort": {"rev": -1}}, {"$limit": 1}]  # type: ignore[assignment]
ROOM = {"$lookup": {"from": "rooms", "localField": "room", "foreignField": "_id", "as": "found"}}


class Mine(RequestHandler):
    """One's rooms, those first in which something happened last."""

    def initialize(self, kind: str, place: Any) -> None:  # whatever driver the store has
        """Take what ``main`` opened."""
        self.kind, self.place = kind, place

    async def get(self) -> None:
        """Answer with the first page."""
        claims = self.request.headers["Authorization"].split(".")[1]
        user = msgspec.json.decode(urlsafe_b64decode(claims + "=="))["sub"]
        find = self.from_mongo if self.kind == "mongo" else self.from_sqlite
        limit = int(self.get_argument("limit"))
        mine = sorted(await find(user), key=lambda one: int(one[2]["created_at"]), reverse=True)[:limit]
        items = [{**room, "head": last["rev"], "unread": await self.unread(own)} for own, room, last in mine]
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode({"items": items, "next": None}))

    async def from_sqlite(self, user: str) -> list[list[dict[str, Any]]]:
        """Return member, room and newest entry of each."""
        rows = self.place.execute(ROOMS, (user,)).fetchall()
        return [[msgspec.json.decode(doc) for doc in row] for row in rows if not row[0].startswith(b"u_")]

    async def from_mongo(self, user: str) -> list[list[dict[str, Any]]]:
        """Return member, room and newest entry of each."""
        found = await self.place.members.aggregate([{"$match": {"user": user}}, ROOM, LAST])
        return [[row, row["found"][0], row["last"][0]] async for row in found if row["found"] and row["last"]]

    async def unread(self, own: dict[str, Any]) -> int:
        """Count what others said since."""
        room, read, user = own["room"], int(own.get("read", 0)), own["user"]
        if self.kind == "mongo":
            unread = {"stream": room, "seq": {"$gt": read}, "kind": "text", "author": {"$ne": user}}
            return int(await self.place.entries.count_documents(unread, limit=100))
        rows = self.place.execute(UNREAD, (room, read)).fetchall()
        return sum(author.decode() != user and b'"kind":"text"' in doc for author, doc in rows)


async def main(port: str, kind: str, place: str) -> None:
    """Serve until this process is ended."""
    if kind == "mongo":
        source: Any = AsyncMongoClient[dict[str, Any]](place).get_default_database("parley")
    else:
        source = sqlite3.connect(place)
        source.text_factory = bytes
    Application([("/api/rooms", Mine, {"kind": kind, "place": source})]).listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


uvloop.run(main(*sys.argv[1:4]))
