"""The close codes of the websocket: what each one says, and whether a client should come back.

1000-2999   of RFC 6455: how the connection itself ended
4000-4499   come back, and resume
4500-4999   fix something first
"""

from enum import IntEnum
from typing import Self

from services.accounts.logins.tokens import BANNED


class CloseCode(IntEnum):
    """A close code that this server sends."""

    meaning: str
    """What it tells a client, in one line."""

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member; see ``enum``."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    NORMAL = 1000, "the client asked for it"
    PROTOCOL_ERROR = 1002, "a frame that RFC 6455 forbids"
    UNSUPPORTED_DATA = 1003, "a binary message"
    INVALID_DATA = 1007, "text that is not UTF-8"
    POLICY_VIOLATION = 1008, "a message in over 64 fragments, or not finished within 10 s"
    MESSAGE_TOO_BIG = 1009, "a message over 64 KiB"
    INTERNAL_ERROR = 1011, "a mistake of the server"
    GOING_AWAY = 4000, "the node is going away"
    HEARTBEAT = 4001, "no sign of life"
    OVERLOADED = 4002, "the node is overloaded"
    SLOW = 4008, "the client does not read as fast as it is sent to"
    TOKEN_ENDED = 4009, "the token has ended: refresh it first"
    BAD_FRAME = 4500, "a message that is no request"
    NOT_AUTHENTICATED = 4501, "no hello in time, or a bad token"
    BANNED = 4503, "the account is banned"
    SESSION_ENDED = 4504, "the log-in's session has ended"
    TOO_MANY_ERRORS = 4505, "too many bad requests, or too many over a limit"
    TOO_MANY_SOCKETS = 4506, "too many sockets"

    @property
    def comes_back(self) -> bool:
        """Whether a client should connect again by itself."""
        return self == CloseCode.INTERNAL_ERROR or 4000 <= self < 4500

    @classmethod
    def of_ended(cls, reason: str) -> "CloseCode":
        """Return what closes the sockets of a log-in that has ended for this reason."""
        return cls.BANNED if reason == BANNED else cls.SESSION_ENDED
