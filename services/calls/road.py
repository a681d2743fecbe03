"""What calls ask of the live side of a node, with no idea of sockets."""

from typing import Protocol

from store.tables import Call, Leg


class Road(Protocol):
    """The way to the devices that are in calls. But for ``signal`` nothing here fails, and nothing waits."""

    @property
    def degraded(self) -> bool:
        """Whether what other nodes say may not arrive."""

    def changed(self, call: Call, *, ours: bool) -> None:
        """Tell everybody concerned of a call as it is now; ``ours``: the other nodes have still to be told."""

    def bind(self, call: Call, leg: Leg, session: object) -> None:
        """Take a session's socket as that of a leg from now on."""

    def has(self, leg: str) -> bool:
        """Tell whether a leg's socket is here."""

    def signal(self, call: Call, to: Leg, data: bytes) -> None:
        """Send something to a leg's device alone, in order.

        Raises:
            Unavailable: If there is no road to it now; nothing was sent.
        """
