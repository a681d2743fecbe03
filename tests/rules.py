"""The rules of RFC 6455 for what a client sends, each as bytes: for the reader alone, and for a whole server."""

from tests.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, text

ILLEGAL: dict[str, tuple[bytes, int]] = {
    "unmasked text": (frame(TEXT, b"x", masked=False), 1002),
    "unmasked empty text": (frame(TEXT, masked=False), 1002),
    "unmasked ping": (frame(PING, masked=False), 1002),
    "unmasked close": (frame(CLOSE, b"\x03\xe8", masked=False), 1002),
    "first reserved bit": (frame(TEXT, b"x", reserved=0x40), 1002),
    "second reserved bit": (frame(TEXT, b"x", reserved=0x20), 1002),
    "third reserved bit": (frame(TEXT, b"x", reserved=0x10), 1002),
    "reserved bit on a ping": (frame(PING, b"x", reserved=0x40), 1002),
    "reserved bit on a close": (frame(CLOSE, b"", reserved=0x40), 1002),
    "reserved bit on a continuation": (frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", reserved=0x40), 1002),
    **{f"opcode {opcode}": (frame(opcode, b"x"), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "fragmented pong": (frame(PONG, b"x", fin=False), 1002),
    "fragmented close": (frame(CLOSE, b"", fin=False), 1002),
    "ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "pong of 126 bytes": (frame(PONG, b"x" * 126), 1002),
    "close of 126 bytes": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002),
    "ping of 2^40 bytes": (frame(PING, declared=1 << 40), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "open continuation of nothing": (frame(CONTINUATION, b"x", fin=False), 1002),
    "message inside a message": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
    "fragment of another message": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x", fin=False), 1002),
    "long form of a short length": (frame(TEXT, b"x", width=2), 1002),
    "longest form of a short length": (frame(TEXT, b"x", width=8), 1002),
    "longest form of a middle length": (frame(TEXT, b"x" * 200, width=8), 1002),
    "binary": (frame(BINARY, b"x"), 1003),
    "fragmented binary": (frame(BINARY, b"x", fin=False), 1003),
    "binary of 2^40 bytes": (frame(BINARY, declared=1 << 40), 1003),
    "lone continuation byte": (frame(TEXT, b"\x80"), 1007),
    "overlong solidus": (frame(TEXT, b"\xc0\xaf"), 1007),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "above the last character": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "character cut at the end": (frame(TEXT, b"ab\xe2\x82"), 1007),
    "character cut in the middle": (frame(TEXT, b"\xe2\x82a"), 1007),
    "bad text in the second fragment": (frame(TEXT, b"\xce\xba", fin=False) + frame(CONTINUATION, b"\xff"), 1007),
    "character cut between fragments": (frame(TEXT, b"\xe2\x82", fin=False) + frame(CONTINUATION, b"a"), 1007),
    "character cut at the last fragment": (frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"\xe2\x82"), 1007),
    "bad text in an unfinished message": (frame(TEXT, b"\xff", fin=False), 1007),
    "65,537 bytes": (frame(TEXT, b"x" * 65_537), 1009),
    "declared 2^40 bytes": (frame(TEXT, declared=1 << 40), 1009),
    "declared 2^63 bytes": (frame(TEXT, declared=1 << 63), 1009),
    "2^40 bytes in a fragment": (frame(TEXT, b"x", fin=False) + frame(CONTINUATION, declared=1 << 40), 1009),
    "65,537 bytes in two": (frame(TEXT, b"x" * 65_536, fin=False) + frame(CONTINUATION, b"x"), 1009),
    "65 fragments": (frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 64, 1008),
    "65 empty fragments": (frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 64, 1008),
    "10,000 empty fragments": (frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 9_999, 1008),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{
        f"close code {code}": (close(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
    },
    "close reason that is not text": (close(1000, b"\xce\xba\xff"), 1007),
    "close reason that is cut": (close(1000, b"\xe2\x82"), 1007),
}
"""Frames that a client may not send, and the code that answers them. Nothing legal comes before them."""

LEGAL: dict[str, tuple[bytes, bytes]] = {
    "empty": (text(b""), b""),
    "one byte": (text(b"x"), b"x"),
    "125 bytes": (text(b"x" * 125), b"x" * 125),
    "126 bytes": (text(b"x" * 126), b"x" * 126),
    "65,535 bytes": (text(b"x" * 65_535), b"x" * 65_535),
    "65,536 bytes": (text(b"x" * 65_536), b"x" * 65_536),
    "mask of zeros": (frame(TEXT, b"abc", key=bytes(4)), b"abc"),
    "greek": (text("κόσμε"), "κόσμε".encode()),
    "last character": (text("\U0010ffff"), "\U0010ffff".encode()),
    "two fragments": (frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b"), b"ab"),
    "empty fragments": (frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION), b""),
    "64 fragments": (
        frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 62 + frame(CONTINUATION, b"x"),
        b"x" * 64,
    ),
    "character over three fragments": (
        frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x82", fin=False) + frame(CONTINUATION, b"\xac"),
        "€".encode(),
    ),
    "pong that nobody asked for": (frame(PONG, b"x") + text(b"y"), b"y"),
}
"""Messages that a client may send, and their text."""
