"""What Centrifugo speaks: its client protocol in JSON, several messages of it in one frame, a line each."""

from collections.abc import Sequence

from picows import WSFrame

from benchmarks.load.dialect import Dialect, Step
from benchmarks.load.sockets import chat
from benchmarks.load.task import Failed

ROOM = "room"
"""The channel that everybody is subscribed to."""

COPY = b'{"push":{'
ANSWER = b',"publish":{'
REFUSAL = b',"error":{'
"""How a message of each kind begins, an answer after its id. None can be within another: there quotes are escaped."""


class Centrifugo(Dialect):
    """A channel to which the server subscribes everybody who connects, because their tokens say so."""

    path = "/connection/websocket"

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take the tokens of all members, who take turns in them."""
        self._tokens = tokens

    def greeting(self, number: int) -> Sequence[Step]:
        """Connect; the answer tells of the subscription."""
        token = self._tokens[number % len(self._tokens)]
        return (Step(b'{"id":1,"connect":{"token":"%b"}}' % token.encode(), b'{"id":1,"connect":{'),)

    def message(self, number: int) -> bytes:
        """Return a command that publishes; ids go up from that of the connect."""
        return b'{"id":%d,"publish":{"channel":"%b","data":%b}}' % (number + 1, ROOM.encode(), chat(ROOM, number))

    def copies(self, frame: WSFrame) -> int:
        """Count the pushes in a frame."""
        return frame.get_payload_as_bytes().count(COPY)

    def answers(self, frame: WSFrame) -> int:
        """Count the answers in a frame; see ``Dialect``."""
        payload = frame.get_payload_as_bytes()
        if REFUSAL in payload:
            raise Failed(f"refused: {payload[:300]!r}")
        return payload.count(ANSWER)
