"""Who may know of a call: the members of its room, from when on they may read there."""

from services.errors import CallNotFound, NotMember, RoomNotFound
from services.operations.context import Context
from services.rooms.rights.rules import Seat, require_known_seat
from store.tables import Call


async def require_known(context: Context, call: Call) -> None:
    """Let those pass who may know of a call.

    Raises:
        CallNotFound: For who is not in its room, or came when it was over to where one reads from one's coming on.
        StoreError: If the store does not answer.
    """
    try:
        seat = await require_known_seat(context, call.room)
    except (RoomNotFound, NotMember):
        raise CallNotFound from None
    if call.ended_at is not None and call.ended_at < since(seat):
        raise CallNotFound


def since(seat: Seat) -> int:
    """Return from when on somebody may know what was in a room."""
    return seat.member.joined_at if seat.room.history == "joined" else 0
