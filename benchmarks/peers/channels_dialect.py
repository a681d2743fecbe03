"""What the Channels server speaks: JSON of our own, for Channels has no protocol."""

from collections.abc import Sequence

from picows import WSFrame

from benchmarks.load.dialect import Dialect, Step
from benchmarks.load.sockets import chat


class Channels(Dialect):
    """Operations ``join`` and ``message``, both answered with their id."""

    def greeting(self, number: int) -> Sequence[Step]:
        """Join the room."""
        return (Step(b'{"op":"join","id":0,"room":"room"}', b'{"re"'),)

    def message(self, number: int) -> bytes:
        """Return an operation."""
        return b'{"op":"message","id":%d,"d":%b}' % (number, chat("room", number))

    def copies(self, frame: WSFrame) -> int:
        """Tell ``{"ev"`` from ``{"re"``."""
        return frame.get_payload_as_memoryview()[2] == ord("e")

    def answers(self, frame: WSFrame) -> int:
        """Tell ``{"re"``; the server knows no refusals."""
        return frame.get_payload_as_memoryview()[2] == ord("r")
