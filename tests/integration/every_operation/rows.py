"""What a row of the parity table is."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.client.checks import Json

PEOPLE = ("owner", "moderator", "member", "stranger", "peer")

MEMBER = {"room": "$room"}

REFUSED = "what a F4gg0t"
"""What the shipped word lists let nobody say."""


class Asks(Protocol):
    """Somebody who asks for operations, in whatever way, and gets what is answered."""

    @property
    def id(self) -> str:
        """The user's id."""

    async def do(self, op: str, d: Json, *, socket: bool = False) -> Any:
        """Ask, through the websocket where that is wanted."""


@dataclass(frozen=True)
class Row:
    """One question and the code of its answer.

    Values of ``d`` that begin with ``$`` stand for what the stage has: ``$room`` a fresh room of ``kind`` with owner,
    moderator and member in it, ``$message`` a message of the member's there, ``$self`` the member's own stream,
    ``$member`` and so on the id of a person. A room of the kind ``blocked`` is the direct one of member and stranger,
    who blocks them. One of the kind ``topic`` is an open topic, of ``hidden`` an invite-only one; one of ``inside`` is
    in an open topic, ``$topic``. ``$taken`` is a title, ``$refused`` what nobody may say.
    """

    op: str
    code: str
    who: str
    d: Json = field(default_factory=dict)
    kind: str = "public"
    before: tuple[tuple[str, str, Json], ...] = ()
    """What is done before: who, operation, d."""
    call: str = ""
    """The call that there is in the room, as ``$call``, with its starter's leg as ``$leg``.

    The owner has started it, in a direct room the member. It is ``open``, or ``joined`` by the moderator, whose leg is
    ``$other``; it rings the member (``ringing``), who has ``answered`` by another device, or is ``busy`` in another
    call; it is ``full``, and rings the member still; or it is ``over``."""
    writes: bool = False
    """Whether it changes what is stored, and so waits for the store."""


def of_room(op: str, d: Json, *, public: bool = True) -> list[Row]:
    """Return the rows of those that have no business in a room."""
    rows = [
        Row(op, "room_not_found", "member", d | {"room": "nowhere"}),
        Row(op, "room_not_found", "stranger", d, kind="private"),
    ]
    return [*rows, Row(op, "not_a_member", "stranger", d)] if public else rows
