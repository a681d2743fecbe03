"""Coming in: what joining, being added and accepting an invitation have in common.

Whoever is in a room of a topic is in the topic too: with an open one they come into both at once.
"""

import functools
from typing import NamedTuple

import msgspec

from services.errors import Banned, Forbidden
from services.ids import member_id, now_ms, rfc3339
from services.operations.context import Context
from services.rooms.making import fresh_member, joining
from services.rooms.members.members import MemberCount, MemberCountEvent
from services.rooms.rights.rules import member_in, room_in
from services.streams.append import Append, Plan, View, Wider
from store.database import Delete, Put, Update
from store.tables import BANS, INVITATIONS, MEMBERS, ROOMS, Ban, Member, Room

QUIET_MEMBERS = 200
"""Above it nobody is told who joins and leaves: in a large room that would be all that is told."""


def is_large(others: int) -> bool:
    """Tell whether a room with so many others in it is told of nobody's coming and going."""
    return others >= QUIET_MEMBERS


class Comer(NamedTuple):
    """Who comes in, and who lets them."""

    user: str
    username: str
    by: str


def refusal(ban: Ban) -> Banned:
    """Return what somebody is told who is banned."""
    until = "" if ban.until is None else f" until {rfc3339(ban.until)}"
    reason = "" if ban.reason is None else f": {ban.reason}"
    return Banned(f"banned from this room{until}{reason}")


def holds(ban: Ban | None) -> bool:
    """Tell whether a ban is not over."""
    return ban is not None and (ban.until is None or ban.until > now_ms())


async def require_unbanned(view: View, room: Room, user: str) -> None:
    """Let only those pass who are banned neither from a room nor from the topic that it is in.

    Raises:
        Banned: For the others.
    """
    for place in (room.id, room.place):
        ban = None if place is None else await view.get(BANS, member_id(place, user))
        if ban is not None and holds(ban):
            raise refusal(ban)


async def entering(view: View, append: Append, planned: Plan, room: Room, comer: Comer) -> tuple[Member, list[Room]]:
    """Plan that somebody comes into a room, and into the topic that it is in; return their row and the rooms then.

    What stood in their way is no more: an invitation, a ban that is over.

    Raises:
        Forbidden: If they are not in the topic, and cannot come into it by themselves.
        Wider: If the topic's lane is not held.
    """
    member, after = _entered(planned, room, comer)
    planned.writes += [Delete(INVITATIONS, member_id(room.id, comer.user))]
    if await view.get(BANS, member_id(room.id, comer.user)) is not None:
        planned.writes.append(Delete(BANS, member_id(room.id, comer.user)))
    return member, [after, *await _above(view, append, planned, room, comer)]


async def staying(view: View, append: Append, planned: Plan, member: Member, room: Room) -> list[Room]:
    """Plan that somebody who has left the topic of a room, and is to be taken out of it, comes back into the topic.

    Return the rooms that they come into, as they are then.

    Raises:
        Banned: If they are banned from the one or the other.
        Forbidden: If they cannot come into the topic by themselves.
        Wider: If the topic's lane is not held.
    """
    if room.place is None or await member_in(view, room.place, member.user) is not None:
        return []
    await require_unbanned(view, room, member.user)
    planned.writes.append(Update(MEMBERS, member.id, {"joined_at": now_ms()}))
    return await _above(view, append, planned, room, Comer(member.user, member.username, member.user))


async def _above(view: View, append: Append, planned: Plan, room: Room, comer: Comer) -> list[Room]:
    """Plan that somebody is in what a room is in; return it where they come into it with this."""
    if room.place is None:
        return []
    topic = await room_in(view, room.place)
    seat = await member_in(view, topic.id, comer.user)
    if seat is not None:
        planned.writes.append(_still_in(seat))
        return []
    if comer.user != comer.by or not topic.open:
        raise Forbidden("only members of the topic come into this room")
    if topic.id not in append.streams:
        raise Wider(topic.id)
    return [_entered(planned, topic, comer)[1]]


def _entered(planned: Plan, room: Room, comer: Comer) -> tuple[Member, Room]:
    after = msgspec.structs.replace(room, member_count=room.member_count + 1)
    planned.writes.append(Put(ROOMS, after))
    member = fresh_member(room.id, comer.user, comer.username, "member")
    joining(planned, room, member, comer.by, quiet=is_large(room.member_count))
    return member, after


def _still_in(seat: Member) -> Update:
    """Return the write that is refused where somebody has left what they are in: no lane of it is held."""
    return Update(MEMBERS, seat.id, {"role": seat.role}, {"role": seat.role})


def tell_count(context: Context, room: str, count: int) -> None:
    """Tell those in a room how many they are by now."""
    event = msgspec.json.encode(MemberCountEvent(room, MemberCount(count)))
    context.application.counts.note(room, functools.partial(context.application.live.signal, room, event))
