"""The frames of RFC 6455, apart from any socket: bytes in, messages out, and bytes to send.

What a client may not send, and the close code that answers it:

1002    an unmasked frame, reserved bits or opcodes, a length not in its shortest form, a control frame that is
        fragmented or over 125 bytes, a continuation of nothing, a message inside a message,
        a close payload of one byte or with a code that may not be sent
1003    a binary message
1007    text, or the reason of a close, that is not UTF-8
1008    a message in more than ``FRAGMENT_LIMIT`` fragments, empty ones included
1009    a message of more than ``MESSAGE_LIMIT`` bytes, judged by the length it declares, without reading it

No extension is ever negotiated, so every reserved bit is refused.
"""

import codecs
from typing import Final

import msgspec
from tornado.util import _websocket_mask as unmask

from ws.wire.codes import CloseCode

MESSAGE_LIMIT: Final = 65_536
"""Bytes of one message of a client."""

FRAGMENT_LIMIT: Final = 64
"""Frames of one message of a client: 64 KiB in fragments of 1 KiB. A frame costs more than the bytes in it."""

CONTROL_LIMIT: Final = 125
"""Bytes in a control frame; the RFC's."""

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_FIN, _MASKED, _CONTROL = 0x80, 0x80, 0x08
_WHOLE_TEXT = _FIN | _TEXT
_LEGAL = frozenset(
    {_CONTINUATION, _TEXT, _BINARY, *(_FIN | op for op in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG))}
)
"""First bytes a frame may have; a control frame only with FIN."""

_Utf8Decoder = codecs.getincrementaldecoder("utf-8")


class FrameError(Exception):
    """The client broke the rules; nothing after it can be read."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        self.code = code
        """What to close with."""
        self.reason = reason
        """Which rule, in the words of this module only."""
        self.before: list[Message] = []
        """Messages that were finished before it, in the bytes that raised it."""
        super().__init__(code, reason)

    def __str__(self) -> str:
        return f"{self.reason} ({self.code:d})"


class Text(msgspec.Struct, frozen=True, gc=False):
    """A text message; the payload is valid UTF-8."""

    payload: bytes


class Ping(msgspec.Struct, frozen=True, gc=False):
    """A ping, to be answered with its payload."""

    payload: bytes


class Pong(msgspec.Struct, frozen=True, gc=False):
    """A pong, asked for or not."""

    payload: bytes


class Close(msgspec.Struct, frozen=True, gc=False):
    """The peer's last message."""

    code: int | None
    """None where the frame named no code."""
    reason: str


Message = Text | Ping | Pong | Close


def text_frame(payload: bytes) -> bytes:
    """Frame a whole text message as a server sends it; the payload must be UTF-8."""
    size = len(payload)
    if size <= CONTROL_LIMIT:
        return bytes((_WHOLE_TEXT, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def ping_frame(payload: bytes = b"") -> bytes:
    """Frame a ping of at most ``CONTROL_LIMIT`` bytes."""
    return _control_frame(_PING, payload)


def pong_frame(payload: bytes = b"") -> bytes:
    """Frame a pong of at most ``CONTROL_LIMIT`` bytes."""
    return _control_frame(_PONG, payload)


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Frame a close; without a code it is empty. A long reason is cut between characters."""
    if code is None:
        return _control_frame(_CLOSE, b"")
    cut = reason.encode()[: CONTROL_LIMIT - 2].decode(errors="ignore")
    return _control_frame(_CLOSE, code.to_bytes(2, "big") + cut.encode())


def _control_frame(opcode: int, payload: bytes) -> bytes:
    if len(payload) > CONTROL_LIMIT:
        raise ValueError(f"a control frame of {len(payload)} bytes")
    return bytes((_FIN | opcode, len(payload))) + payload


class FrameReader:
    """Reads what one client sends. The result does not depend on how its bytes are cut.

    It holds at most one unfinished message and what it was last fed; the time it takes is linear in the bytes fed.
    """

    __slots__ = ("_decoder", "_fragments", "_needed", "_parts", "_rest", "_size", "ended", "frames")

    def __init__(self) -> None:
        self._rest = bytearray()
        """Start of a frame that is not complete."""
        self._needed = 2
        """Bytes that ``_rest`` must have before looking at it again is of use."""
        self._parts: list[bytes] = []
        """Payloads of the message under way."""
        self._fragments = 0
        """Frames of the message under way; 0 between messages."""
        self._size = 0
        """Bytes in ``_parts``."""
        self._decoder: codecs.IncrementalDecoder | None = None
        self.ended = False
        """Whether there was a ``Close`` or a ``FrameError``: nothing more is read."""
        self.frames = 0
        """Frames read so far."""

    @property
    def partial(self) -> bool:
        """Whether a frame or a message has begun and is not finished."""
        return self._fragments > 0 or bool(self._rest)

    @property
    def fragmented(self) -> bool:
        """Whether a message has begun whose last fragment did not come."""
        return self._fragments > 0

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that these bytes finish, in order. What follows a ``Close`` is ignored.

        Raises:
            FrameError: At the first broken rule, once; its ``before`` has the messages of the same bytes that came
                before it. Later bytes are ignored.
        """
        if self.ended:
            return []
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        messages: list[Message] = []
        try:
            used = self._read(data, messages)
        except FrameError as error:
            self._end()
            error.before = messages
            raise
        self._rest += data[used:]
        return messages

    def _end(self) -> None:
        self.ended = True
        self._parts.clear()
        self._fragments = 0

    def _read(self, data: bytes, messages: list[Message]) -> int:
        """Append the messages that are complete and return how many bytes they took."""
        start, end = 0, len(data)
        while end - start >= 2:
            first = data[start]
            if first != _WHOLE_TEXT or data[start + 1] < _MASKED or self._fragments:
                self._judge(first, data[start + 1])
            body, size = self._extent(data, start)
            if not first & _CONTROL and self._size + size > MESSAGE_LIMIT:
                raise FrameError(CloseCode.MESSAGE_TOO_BIG, "message over 64 KiB")
            if end < body + size:
                self._needed = body + size - start
                return start
            payload = unmask(data[body - 4 : body], data[body : body + size])
            start = body + size
            self.frames += 1
            message = self._finish(first, payload)
            if message is not None:
                messages.append(message)
                if self.ended:
                    return end
        self._needed = 2
        return start

    def _judge(self, first: int, second: int) -> None:
        """Refuse what the first two bytes of a frame tell."""
        if first not in _LEGAL:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved bits or opcode, or a fragmented control frame")
        if second < _MASKED:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "unmasked frame")
        if not first & _CONTROL:
            self._judge_data(first & 0x0F)
        elif second & 0x7F > CONTROL_LIMIT:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "control frame over 125 bytes")

    def _judge_data(self, opcode: int) -> None:
        if (opcode == _CONTINUATION) != (self._fragments > 0):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "continuation of nothing, or a message inside a message")
        if opcode == _BINARY:
            raise FrameError(CloseCode.UNSUPPORTED_DATA, "binary message")
        if self._fragments == FRAGMENT_LIMIT:
            raise FrameError(CloseCode.POLICY_VIOLATION, "message in over 64 fragments")

    @staticmethod
    def _extent(data: bytes, start: int) -> tuple[int, int]:
        """Return where the payload of a frame begins and its size; one just too big where that is not known yet."""
        size = data[start + 1] & 0x7F
        if size < 126:
            return start + 6, size
        width = 2 if size == 126 else 8
        body = start + 2 + width
        if len(data) < body:
            # Not judged yet: no more than one byte beyond the data, and never over the limit.
            return len(data) + 1, 0
        size = int.from_bytes(data[start + 2 : body], "big")
        if size < (126 if width == 2 else 65_536):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "length not in its shortest form")
        return body + 4, size

    def _finish(self, first: int, payload: bytes) -> Message | None:
        """Return the message that a complete frame finishes."""
        if first == _WHOLE_TEXT:
            if not payload.isascii():
                _check_utf8(payload)
            return Text(payload)
        if first & _CONTROL:
            return self._control(first & 0x0F, payload)
        return self._fragment(payload, final=first >= _FIN)

    def _fragment(self, payload: bytes, *, final: bool) -> Text | None:
        if self._decoder is None:
            self._decoder = _Utf8Decoder()
        try:
            self._decoder.decode(payload, final)
        except UnicodeDecodeError:
            raise FrameError(CloseCode.INVALID_DATA, "text that is not UTF-8") from None
        self._fragments += 1
        self._size += len(payload)
        self._parts.append(payload)
        if not final:
            return None
        whole = b"".join(self._parts)
        self._parts.clear()
        self._fragments = self._size = 0
        self._decoder = None
        return Text(whole)

    def _control(self, opcode: int, payload: bytes) -> Message:
        if opcode in (_PING, _PONG):
            return Ping(payload) if opcode == _PING else Pong(payload)
        message = _parse_close(payload)
        self._end()
        return message


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise FrameError(CloseCode.INVALID_DATA, "text that is not UTF-8") from None


def _parse_close(payload: bytes) -> Close:
    if not payload:
        return Close(None, "")
    # Of one byte alone it is under 256, and refused like other codes that may not be sent.
    code = int.from_bytes(payload[:2], "big")
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise FrameError(CloseCode.PROTOCOL_ERROR, "close code that may not be sent")
    try:
        return Close(code, payload[2:].decode())
    except UnicodeDecodeError:
        raise FrameError(CloseCode.INVALID_DATA, "close reason that is not UTF-8") from None
