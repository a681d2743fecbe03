"""Rooms on Flask-SocketIO, served by gevent: ``server.py PORT``."""

from gevent import monkey

monkey.patch_all()  # before everything else is imported, as both advise

# ruff: noqa: E402  # see above
import sys
import time
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
server = SocketIO(app, async_mode="gevent", logger=False, engineio_logger=False)


def join(room: str) -> str:
    """Let a client into a room."""
    join_room(room)
    return "ok"


def message(said: dict[str, Any]) -> str:
    """Send a message to everybody in its room, and acknowledge it."""
    emit("message", {**said, "author": request.sid, "created_at": time.time()}, to=said["room"])
    return "ok"


server.on_event("join", join)
server.on_event("message", message)
server.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_output=False)
