"""What rooms and messages refuse."""

from services.errors.kinds import Conflict, Forbidden, NotFound


class NotMember(Forbidden):
    """The room is known to all, but only members may do this."""

    code = "not_a_member"
    detail = "you are not a member of this room"


class Banned(Forbidden):
    """Banned from the room."""

    code = "banned"
    detail = "banned from this room"


class RoomNotFound(NotFound):
    """No such room, or none that the caller may know of."""

    code = "room_not_found"
    detail = "there is no such room"


class MessageNotFound(NotFound):
    """No such message in this room, or none that the caller may see."""

    code = "message_not_found"
    detail = "there is no such message"


class MemberNotFound(NotFound):
    """Not a member of this room."""

    code = "member_not_found"
    detail = "there is no such member"


class CidConflict(Conflict):
    """The cid was used before, with another body."""

    code = "cid_conflict"
    detail = "this cid was used with another body"


class OwnerMustStay(Conflict):
    """The owner of a room with other members has to hand it over first."""

    code = "owner_must_stay"
    detail = "hand the room over before you leave it"


class DirectRoom(Conflict):
    """A direct room cannot do this."""

    code = "direct_room"
    detail = "a direct room cannot do this"


class MessageDeleted(Conflict):
    """The message was deleted."""

    code = "message_deleted"
    detail = "this message was deleted"


class TooManyWatched(Conflict):
    """The session watches as many places as it may without being a member."""

    code = "too_many_watched"
    detail = "this session watches as many places as it may: stop watching one"


class TooManyReactions(Conflict):
    """The item carries as many different reactions as it may."""

    code = "too_many_reactions"
    detail = "this message carries as many different reactions as it may"
