"""What a device is given to find a way to another one: STUN, TURN with a password for an hour, and whether to hide."""

import base64
import hmac
import time
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from services.calls.media import MediaServers, Turn
from services.calls.sfu import SFU
from services.people.acquaintance import LARGE_MEMBERS, acquaintances
from store.database import Database
from store.tables import ENTRIES, ROOMS, USERS, Call

TTL_S: Final = 3600
"""Time for which a password begins relays. One that was begun goes on after it, for as long as it is refreshed."""

Policy = Literal["all", "relay"]
"""Which ways may be used: all, or those by a relay alone, which tell the others nothing of where one is."""


class IceServer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A server as browsers are told of it."""

    urls: tuple[str, ...]
    username: str | msgspec.UnsetType = msgspec.UNSET
    credential: str | msgspec.UnsetType = msgspec.UNSET


class IceServers(msgspec.Struct, frozen=True, kw_only=True):
    """The servers that help a device to reach others, for ``ttl`` seconds."""

    servers: list[IceServer]
    ttl: int
    policy: Policy


def ice_servers(media: MediaServers, user: str, place: str, policy: Policy) -> IceServers:
    """Return what a person's device is given for a call, or whatever else ``place`` names.

    Without a TURN server every way has to do: there is none to hide behind.
    """
    found = [IceServer(urls=media.stun)] if media.stun else []
    if media.turn is None:
        return IceServers(servers=found, ttl=TTL_S, policy="all")
    username, credential = password(media.turn, user, place, time.time())
    found.append(IceServer(urls=media.turn.urls, username=username, credential=credential))
    return IceServers(servers=found, ttl=TTL_S, policy=policy)


def password(turn: Turn, user: str, place: str, now: float) -> tuple[str, str]:
    """Return a username and a password that coturn's ``use-auth-secret`` takes until ``TTL_S`` after ``now``.

    coturn counts its quota by what follows the time: it is of a person in a call.
    """
    username = f"{int(now) + TTL_S}:{user}:{place}"
    digest = hmac.digest(turn.secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(digest).decode()


async def policy_for(database: Database, user: str, call: Call) -> Policy:
    """Return which ways a person's devices may use in a call: as they chose, and else by who else is in it.

    Raises:
        StoreError: If the store does not answer.
    """
    found = await database.get(USERS, user)
    chosen = "strangers" if found is None else found.preferences.relay
    if chosen == "strangers":
        return "relay" if await _among_strangers(database, user, call) else "all"
    return "relay" if chosen == "always" else "all"


async def _among_strangers(database: Database, user: str, call: Call) -> bool:
    """Tell whether somebody in a call, or who may come, is a stranger to a person.

    Where a media server carries the call nobody meets anybody. One is known by a small room that both are in. The
    direct room of the call itself is none: to be called makes it appear. There both have to have said something.
    """
    if call.topology == SFU:
        return False
    others = {leg.user for leg in call.legs} | {one.user for one in call.invited} | {call.starter}
    others -= {user}
    if call.direct:
        strange = others - await acquaintances(database, user, others, without=call.room)
        return bool(strange) and not await _all_said_something(database, call.room, {user, *strange})
    room = await database.get(ROOMS, call.room)
    if room is None or room.member_count > LARGE_MEMBERS:
        return True  # whoever comes next may be anybody
    return bool(others - await acquaintances(database, user, others))


async def _all_said_something(database: Database, room: str, users: Iterable[str]) -> bool:
    for user in users:
        # Only what a client sent has a cid below "~": neither calls nor notices have.
        where = {"stream": room, "author": user}
        if not await database.find(ENTRIES, where, by="cid", below="~", limit=1):
            return False
    return True
