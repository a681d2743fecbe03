"""The start of a call."""

from collections.abc import Sequence

from services.calls.machine.settling import settled
from services.calls.machine.terms import RING_S, Moment, Who
from services.ids import new_id
from store.tables import Call, Invited, Leg


def begin(
    id_: str,
    room: str,
    media: str,
    who: Who,
    moment: Moment,
    *,
    direct: bool,
    ring: Sequence[tuple[str, str]],
    busy: frozenset[str] = frozenset(),
    topology: str = "mesh",
) -> Call:
    """Return the first version of a call, in which the starter has the first leg.

    ``ring`` are ids and names of those to ring; the starter among them is passed over. Is there nobody to ring, the
    call is active at once, and its leg connected. Those of them who are ``busy``, in another call, are not rung; if
    all are, the call has ended already, with ``busy``.
    """
    rung = {user: name for user, name in ring if user != who.user}
    until = moment.now + RING_S * 1000
    call = Call(
        id=id_,
        room=room,
        # One with nobody to ring is open to whoever comes: it is not over when the first is alone.
        direct=direct and bool(rung),
        open=room,
        media=media,
        topology=topology,
        state="ringing" if rung else "active",
        starter=who.user,
        starter_name=who.username,
        started_at=moment.now,
        active_at=None if rung else moment.now,
        keeper=moment.node,
        orders=1,
        legs=(_first(who, moment, "connecting" if rung else "connected"),),
        invited=tuple(_invited(user, name, user in busy, until) for user, name in rung.items()),
    )
    return settled(call, moment)


def _first(who: Who, moment: Moment, state: str) -> Leg:
    return Leg(
        id=new_id(),
        user=who.user,
        username=who.username,
        login=who.login,
        state=state,
        node=moment.node,
        order=1,
    )


def _invited(user: str, username: str, is_busy: bool, until: int) -> Invited:
    if is_busy:
        return Invited(user=user, username=username, state="busy")
    return Invited(user=user, username=username, state="ringing", until=until)
