"""What calls refuse."""

from services.errors.kinds import Conflict, Forbidden, NotFound


class CallNotFound(NotFound):
    """No such call, or none that the caller may know of."""

    detail = "there is no such call"


class CallsOff(Forbidden):
    """Nobody calls in this room."""

    code = "calls_off"
    detail = "calls are switched off in this room"


class AnsweredElsewhere(Conflict):
    """Another device of the person has answered."""

    code = "answered_elsewhere"
    detail = "another device has answered"


class NotInCall(Conflict):
    """It is for those who are in the call, or who are rung."""

    code = "not_in_call"
    detail = "you are not in this call"


class CallOver(Conflict):
    """The call has ended."""

    code = "call_over"
    detail = "this call has ended"


class CallFull(Conflict):
    """As many are in the call as it can carry."""

    code = "call_full"
    detail = "as many are in this call as it can carry"


class Busy(Conflict):
    """The caller is in another call."""

    code = "busy"
    detail = "you are in another call"
