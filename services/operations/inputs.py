"""What many operations take: ids and places, as they come from outside; and the answer of those that say nothing."""

from typing import Annotated

import msgspec


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a caller sends; unknown fields are refused."""


class Empty(Input):
    """Nothing."""


class Nothing(msgspec.Struct, frozen=True):
    """Nothing to say."""


LIST_BYTES = 256 * 1024
"""Where a list is cut: a server frame is 1 MiB at most, and a phone waits for the whole of it."""

UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
RoomId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
CallId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
LegId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]  # what every reader of JSON holds exactly
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class InRoom(Input):
    """A room."""

    room: RoomId
