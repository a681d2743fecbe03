"""Taking the name of somebody who is no more off the calls that they were in."""

from typing import TYPE_CHECKING

import msgspec

from services.calls.machine.settling import kept
from services.calls.machine.terms import Moment
from store.database import FIND_LIMIT, Database
from store.tables import CALLS, Call

if TYPE_CHECKING:
    from services.calls.calls import Calls


async def rename(calls: "Calls", database: Database, room: str, user: str, name: str) -> None:
    """Put another name in place of somebody's on all calls of a room. Done again it changes nothing.

    Raises:
        StoreError: If the store does not answer; some of them may be done.
        Unavailable: If one of them changes all the time; the same.
    """

    def renamed(call: Call, moment: Moment) -> Call:
        return kept(call, _renamed(call, user, name), moment)

    above = -1
    while True:
        page = await database.find(CALLS, {"room": room}, by="started_at", above=above, limit=FIND_LIMIT)
        for call in page:
            if call.live:
                await calls.change(call.id, renamed)
            elif (after := _renamed(call, user, name)) != call:
                # Nobody changes it any more, and nobody has to be told.
                changes = {"legs": after.legs, "invited": after.invited, "starter_name": after.starter_name}
                await database.update(CALLS, call.id, changes)
        if len(page) < FIND_LIMIT:
            return
        # Others may have begun at the moment of the last one.
        above = max(page[-1].started_at - 1, above + 1)


def _renamed(call: Call, user: str, name: str) -> Call:
    legs = tuple(msgspec.structs.replace(leg, username=name) if leg.user == user else leg for leg in call.legs)
    rung = tuple(msgspec.structs.replace(one, username=name) if one.user == user else one for one in call.invited)
    starter = name if call.starter == user else call.starter_name
    return msgspec.structs.replace(call, legs=legs, invited=rung, starter_name=starter)
