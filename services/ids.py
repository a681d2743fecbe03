"""Ids and times: strings that sort by the moment they were made, and milliseconds since 1970."""

import functools
import hashlib
import os
import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Return the wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


_RANDOM_BYTES = 9
_DRAWN = 64
"""Ids whose random part is drawn at once: asking the kernel for each takes longer than all the rest of an id."""
_random: list[str] = []


def new_id() -> str:
    """Return a fresh id: 48 bits of milliseconds and 72 random bits in hexadecimal, so that ids sort by time."""
    if not _random:
        drawn = os.urandom(_RANDOM_BYTES * _DRAWN).hex()
        width = 2 * _RANDOM_BYTES
        _random.extend(drawn[start : start + width] for start in range(0, len(drawn), width))
    return f"{now_ms():012x}{_random.pop()}"


def self_stream(user: str) -> str:
    """Return the id of a person's own stream."""
    return f"u_{user}"


def page_room(user: str) -> str:
    """Return the id of a person's page: where they post beside all topics."""
    return f"p_{user}"


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
