"""Ids and times: strings that sort by the moment they were made, and milliseconds since 1970."""

import functools
import hashlib
import os
import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Return the wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """Return a fresh id: 48 bits of milliseconds and 72 random bits in hexadecimal, so that ids sort by time."""
    return f"{now_ms():012x}{os.urandom(9).hex()}"


def self_stream(user: str) -> str:
    """Return the id of a person's own stream."""
    return f"u_{user}"


def direct_room(first: str, second: str) -> str:
    """Return the id of the one direct room of two people, whoever asks."""
    pair = "\n".join(sorted((first, second)))
    return "d_" + hashlib.sha256(pair.encode()).hexdigest()[:26]


def member_id(room: str, user: str) -> str:
    """Return the id of somebody's row in a room."""
    return f"{room}:{user}"


@functools.lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    """Return the text of a minute since 1970: one serves thousands of messages, and writing it takes longest."""
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def rfc3339(ms: int) -> str:
    """Return a time as on the wire: RFC 3339, UTC, with milliseconds."""
    minutes, rest = divmod(ms, 60_000)
    return "%s%06.3fZ" % (_minute(minutes), rest / 1000)  # noqa: UP031 - two thirds of the time of an f-string
