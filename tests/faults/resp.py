"""Where values of RESP, the protocol of Redis, begin and end: as much of it as it takes to drop whole ones."""

_LINES = b"+-:_#,("
_BLOBS = b"$!="
_PAIRS = b"%|"

PUSHED = frozenset({b"message", b"smessage", b"pmessage"})


def end_of(data: bytes | bytearray, at: int) -> int:
    """Return where the value that begins at ``at`` ends, or -1 if it is not all there."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return -1
    kind, after = data[at], line + 2
    if kind in _LINES:
        return after
    size = int(data[at + 1 : line])
    if kind in _BLOBS:
        end = after if size < 0 else after + size + 2
        return end if end <= len(data) else -1
    count = 2 * size if kind in _PAIRS else size
    if kind == ord("|"):
        count += 1  # attributes stand before the value that they are about
    for _ in range(count):
        after = end_of(data, after)
        if after < 0:
            return -1
    return after


def is_push(value: bytes) -> bool:
    """Tell whether a value is a message that was published to a channel, in either version of the protocol."""
    if value[:1] not in (b"*", b">"):
        return False
    first = value.find(b"\r\n") + 2
    if value[first : first + 1] != b"$":
        return False
    begin = value.find(b"\r\n", first) + 2
    return value[begin : value.find(b"\r\n", begin)] in PUSHED


class Splitter:
    """Cuts a stream of bytes into whole values."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the values that are complete now."""
        self._rest += data
        values, at = [], 0
        while at < len(self._rest) and (end := end_of(self._rest, at)) >= 0:
            values.append(bytes(self._rest[at:end]))
            at = end
        del self._rest[:at]
        return values
