"""The application: every operation that a client may ask for, at a glance."""

from typing import Any

from services.accounts import doors, people
from services.messages import change, history, react, reading, send
from services.operations.operation import Operation
from services.presence import asking
from services.rooms import direct, listing, making, members, membership, roles

OPERATIONS: tuple[Operation[Any], ...] = (
    doors.REGISTER,
    doors.LOG_IN,
    doors.REFRESH,
    doors.LOG_OUT,
    people.ME,
    people.LISTED,
    people.ONE,
    people.MANY,
    listing.LIST,
    making.CREATE,
    direct.OPEN,
    making.GET,
    making.UPDATE,
    making.DELETE,
    members.MEMBERS_LIST,
    membership.JOIN,
    membership.ADD,
    membership.LEAVE,
    membership.REMOVE,
    membership.BAN,
    membership.UNBAN,
    roles.SET_ROLE,
    send.SEND,
    change.EDIT,
    change.DELETE,
    react.REACT,
    react.PUT,
    react.TAKE,
    history.ONE,
    history.LIST,
    history.CHANGES,
    reading.READ,
    reading.TYPING,
    asking.SET,
    asking.WATCH,
    asking.COUNT,
    reading.PING,
)
