"""The form of personal API tokens: what a scanner of leaked secrets recognises, and what is kept of one.

    parley_ + 16 hexadecimal digits (its name) + 43 characters (256 random bits) + 8 hexadecimal digits (CRC-32)

The checksum lets a scanner, and this server, tell a token from what only looks like one without asking anybody.
"""

import re
import secrets
import zlib
from typing import NamedTuple

from services.accounts.secrets.tickets import digest

FORM = re.compile(r"parley_([0-9a-f]{16})[A-Za-z0-9_-]{43}([0-9a-f]{8})")
PREFIX = "parley_"
NAME_PREFIX = "t_"
"""What the id of a token's record begins with: no log-in's does."""


class Made(NamedTuple):
    """A new token: what its holder gets, and what is kept."""

    text: str
    id: str
    digest: str


def make() -> Made:
    """Return a new token."""
    name = secrets.token_hex(8)
    text = f"{PREFIX}{name}{secrets.token_urlsafe(32)}"
    text += f"{zlib.crc32(text.encode()):08x}"
    return Made(text, NAME_PREFIX + name, digest(text))


def id_of(text: str) -> str | None:
    """Return the id of the record that a token would have; None where it is none of ours."""
    match = FORM.fullmatch(text)
    if match is None or f"{zlib.crc32(text[:-8].encode()):08x}" != match[2]:
        return None
    return NAME_PREFIX + match[1]
