"""The newest messages of a room on FastAPI, served by uvicorn: ``server.py PORT KIND PLACE SECRET``.

Over the store that Parley filled: KIND is ``sqlite`` with its file, or ``mongo`` with its address.
"""

import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern

PORT, KIND, PLACE, SECRET = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
QUERY = 'select doc from entries where "stream"=? and seq>0 order by seq desc limit ?'

Read = Callable[[str, int], Awaitable[list[dict[str, Any]]]]


class Author(BaseModel):
    """Who wrote a message."""

    id: str
    username: str | None


class Message(BaseModel):
    """A message as the protocol has it."""

    id: str
    room: str
    seq: int
    rev: int
    kind: str
    author: Author
    cid: str
    created_at: datetime
    edited_at: datetime | None = None
    deleted: bool = False
    text: str
    reply_to: str | None = None
    reactions: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []


class Page(BaseModel):
    """Messages by rising seq."""

    items: list[Message]
    has_more: bool
    head: int


def of_sqlite(path: str) -> Read:
    """Return what reads the newest entries of a room from SQLite, in a time too short for a thread to be worth it."""
    source = sqlite3.connect(path)

    async def read(room: str, count: int) -> list[dict[str, Any]]:
        return [json.loads(doc) for (doc,) in source.execute(QUERY, (room, count))]

    return read


def of_mongo(address: str) -> Read:
    """Return what reads the newest entries of a room from MongoDB."""
    database = AsyncMongoClient[dict[str, Any]](address).get_default_database("parley")
    entries = database.get_collection("entries", read_concern=ReadConcern("majority"))

    async def read(room: str, count: int) -> list[dict[str, Any]]:
        found = entries.find({"stream": room, "seq": {"$gt": 0}}, {"at": 0}).sort("seq", -1).limit(count)
        return await found.to_list()

    return read


def message(doc: dict[str, Any]) -> Message:
    """Return a message of a stored entry."""
    return Message(
        id=doc.get("id") or doc["_id"],
        room=doc["stream"],
        seq=doc["seq"],
        rev=doc["changed"],
        kind="text",
        author=Author(id=doc["author"], username=doc.get("username")),
        cid=doc["cid"],
        created_at=datetime.fromtimestamp(doc["created_at"] / 1000, UTC),
        text=doc["body"]["text"],
    )


app = FastAPI()
bearer = HTTPBearer()
newest = of_mongo(PLACE) if KIND == "mongo" else of_sqlite(PLACE)


async def caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    """Return whose token came with a request."""
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"], options={"require": ["sub", "exp"]})
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    return str(claims["sub"])


async def messages(
    room: str, _caller: Annotated[str, Depends(caller)], limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> Page:
    """Answer with the newest page."""
    docs = await newest(room, limit + 1)
    items = [message(doc) for doc in docs[limit - 1 :: -1]]
    return Page(items=items, has_more=len(docs) > limit, head=docs[0]["rev"])


app.get("/api/rooms/{room}/messages")(messages)
uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)
