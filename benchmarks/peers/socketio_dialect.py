"""What speaks Socket.IO: its protocol 5 in Engine.IO 4, on a websocket from the first byte, without polling."""

from collections.abc import Sequence

from picows import WSFrame

from benchmarks.load.dialect import Dialect, Step
from benchmarks.load.sockets import chat
from benchmarks.load.task import Failed

PING = b"2"
PONG = b"3"


class SocketIo(Dialect):
    """A server with the events ``join`` and ``message``, both acknowledged."""

    path = "/socket.io/?EIO=4&transport=websocket"

    def greeting(self, number: int) -> Sequence[Step]:
        """Open, connect to the main namespace, join the room."""
        return Step(b"", b"0{"), Step(b"40", b"40{"), Step(b'420["join","room"]', b"430[")

    def message(self, number: int) -> bytes:
        """Return an event that asks to be acknowledged."""
        return b'42%d["message",%b]' % (number, chat("room", number))

    def copies(self, frame: WSFrame) -> int:
        """Tell an event, ``42[``, from ``43`` and from a ping."""
        return frame.payload_size > 1 and frame.get_payload_as_memoryview()[1] == ord("2")

    def answers(self, frame: WSFrame) -> int:
        """Tell ``43``; see ``Dialect``."""
        if frame.payload_size == 1 or frame.get_payload_as_memoryview()[1] != ord("3"):
            return 0
        if not (payload := frame.get_payload_as_bytes()).endswith(b'["ok"]'):
            raise Failed(f"refused: {payload[:300]!r}")
        return 1

    def reply(self, frame: WSFrame) -> bytes:
        """Answer a ping, without which a server closes after 45 s."""
        return PONG if frame.get_payload_as_bytes() == PING else b""
