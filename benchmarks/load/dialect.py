"""How a server is spoken to: what opens a socket of it, what sends a message, and what its frames are."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from picows import WSFrame


class Step(NamedTuple):
    """One step of a greeting: something is said, and something is waited for."""

    say: bytes
    """What is sent first; nothing where it is empty."""
    until: bytes
    """How the frame begins that ends the step; frames before it are no part of the greeting."""


class Dialect(ABC):
    """What the driver knows of a server. One object serves all sockets of a load."""

    path = "/ws"
    """Where websockets are opened, with its query."""

    plain = False
    """Whether an idle member of a loaded room gets nothing but copies, one a frame: then nobody looks into them."""

    @abstractmethod
    def greeting(self, number: int) -> Sequence[Step]:
        """Return what makes socket ``number`` a member; without steps, a socket is one once it is open."""

    @abstractmethod
    def message(self, number: int) -> bytes:
        """Return the frame that sends message ``number`` (1, 2, ...) to the room."""

    @abstractmethod
    def copies(self, frame: WSFrame) -> int:
        """Return how many messages came with a frame. This runs for every delivery: one look at one byte, if it can."""

    @abstractmethod
    def answers(self, frame: WSFrame) -> int:
        """Return how many sends a frame acknowledges.

        Raises:
            Failed: If it refuses one.
        """

    def reply(self, frame: WSFrame) -> bytes:
        """Return what is to be said at a frame that is no copy, a ping above all; mostly nothing."""
        return b""
