"""Rooms on python-socketio, served by uvicorn: ``server.py PORT [FILE]``; with a file, messages are kept before."""

import asyncio
import sqlite3
import sys
import time
from typing import Any

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", logger=False, engineio_logger=False)
writing = asyncio.Lock()


def opened(path: str) -> sqlite3.Connection:
    """Open the file that messages are kept in."""
    table = sqlite3.connect(path, check_same_thread=False)
    table.executescript("pragma journal_mode=wal; pragma synchronous=full;")
    table.execute("create table if not exists message(id integer primary key, room text, author text, cid text, text)")
    return table


kept = opened(sys.argv[2]) if len(sys.argv) > 2 else None


def keep(said: dict[str, str], author: str) -> None:
    """Keep a message; it is on the disk when this returns."""
    assert kept is not None
    row = (said["room"], author, said["cid"], said["text"])
    kept.execute("insert into message(room, author, cid, text) values(?, ?, ?, ?)", row)
    kept.commit()


async def join(sid: str, room: str) -> str:
    """Let a client into a room."""
    await server.enter_room(sid, room)
    return "ok"


async def message(sid: str, said: dict[str, Any]) -> str:
    """Send a message to everybody in its room, and acknowledge it."""
    if kept is not None:
        async with writing:  # a connection takes one transaction at a time
            await asyncio.to_thread(keep, said, sid)
    await server.emit("message", {**said, "author": sid, "created_at": time.time()}, room=said["room"])
    return "ok"


server.on("join", join)
server.on("message", message)
uvicorn.run(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="warning",
    access_log=False,
    ws_per_message_deflate=False,
)
