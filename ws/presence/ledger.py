"""Keeping in step with the other nodes: what is told to them, heard of them, and looked up where neither came."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from services.presence.seen import LastSeen
from store.presence import Presence
from ws.presence.here import Here
from ws.presence.looking import Looking
from ws.presence.others import Others, Said
from ws.presence.telling import Telling
from ws.presence.watching import Watching
from ws.wheel import Wheel

TURN_S = 1.0

_said = msgspec.msgpack.Decoder(Said).decode


class Ledger:
    """One node's side of what nodes tell each other of people."""

    def __init__(
        self, node: str, store: Presence, others: Others, wheel: Wheel, here: Here, watching: Watching, seen: LastSeen
    ) -> None:
        self.telling = Telling(node, store, others, wheel, here, seen)
        self.looking = Looking(node, store, others, wheel, here, watching, seen)
        self._watching = watching

    def heard(self, node: str, body: bytes) -> None:
        """Take what another node says.

        Raises:
            msgspec.DecodeError: If it cannot be read.
        """
        said = _said(body)
        self._watching.heard(node, said.user, said.status, said.seen)

    def node_gone(self, node: str) -> None:
        """See ``Looking.node_gone``."""
        self.looking.node_gone(node)

    def forgotten(self) -> None:
        """Put everybody again, and miss nobody until the others have done so too."""
        self.telling.forgotten()
        self.looking.forgotten()

    def recovered(self) -> None:
        """Tell and learn what could not be heard while the links did not carry."""
        self.telling.recovered()
        self.looking.recovered()

    def turn(self) -> None:
        """Go on with all rounds by one second."""
        self.telling.turn()
        self.looking.turn()

    def works(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """Return the work that goes on until it is cancelled."""
        return [self.telling.run, self.looking.run, self._turn]

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(TURN_S)
            self.turn()
