"""The form of what nodes tell each other: versioned, told apart by kind, and of nodes of this installation alone."""

import hmac
from enum import IntEnum
from hashlib import blake2b

VERSION = 1
"""Nodes that speak another version find everything in the store until they are of one version again."""

DIGEST_BYTES = 16
"""128 bits under a key that only the nodes have: whoever can write to the broker cannot speak for a node."""


class Kind(IntEnum):
    """What a message is."""

    BATCH = 1
    """Revs of a stream, or with no events how far it has come."""
    SIGNAL = 2
    """Something that is not kept, for those who watch a stream."""
    ENDED = 3
    """A log-in has ended."""
    CANARY = 4
    """Whether a link carries."""
    PRESENCE = 5
    """How somebody is on a node."""
    LEFT = 6
    """The node ends: nobody need look for what it writes."""
    CHANGED = 7
    """What is remembered of a person is true no more."""
    CALL = 8
    """A call as it is now."""
    CALL_TOLD = 9
    """How far a call has come, told again."""
    CALL_SIGNAL = 10
    """What one leg of a call has to say to another."""


class Envelopes:
    """Seals what this node says, and opens what others say."""

    def __init__(self, key: bytes, node: str) -> None:
        name = node.encode()
        self._key = key
        self._heads = {kind: bytes((VERSION, kind, len(name))) + name for kind in Kind}

    def seal(self, kind: Kind, body: bytes) -> bytes:
        """Return a message of this node."""
        said = self._heads[kind] + body
        return self._digest(said) + said

    def open(self, message: bytes) -> tuple[Kind, str, bytes] | None:
        """Return kind, node and body; None where it is not of this installation, or of a version or kind unknown here.

        A message may be heard twice or long after it was said: nothing but its origin is vouched for.
        """
        digest, said = message[:DIGEST_BYTES], message[DIGEST_BYTES:]
        if len(said) < 3 or not hmac.compare_digest(digest, self._digest(said)):
            return None
        version, kind, length = said[0], said[1], said[2]
        if version != VERSION or kind not in self._heads or len(said) < 3 + length:
            return None
        return Kind(kind), said[3 : 3 + length].decode(errors="replace"), said[3 + length :]

    def is_own(self, message: bytes) -> bool:
        """Tell whether a message is of this node, without looking at its digest; canaries are not counted."""
        own = self._heads[Kind.BATCH]
        start = DIGEST_BYTES
        named = message[start + 2 : start + len(own)] == own[2:]
        return named and message[start + 1 : start + 2] != bytes((Kind.CANARY,))

    def _digest(self, said: bytes) -> bytes:
        return blake2b(said, digest_size=DIGEST_BYTES, key=self._key).digest()
