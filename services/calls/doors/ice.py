"""Asking for the servers that help devices to reach each other."""

from typing import Final

from services.calls.doors.answering import OneCall
from services.calls.ice import IceServers, ice_servers, policy_for
from services.errors import CallNotFound, CallOver
from services.operations.context import Context
from services.operations.inputs import Empty
from services.operations.limits import ICE_USER
from services.operations.operation import Operation, by_user
from store.tables import ENDED

TEST: Final = "test"
"""What stands for a call where somebody only tries whether one would work; no call has such an id."""


async def _ice(context: Context, given: OneCall) -> IceServers:
    """Get the STUN and TURN servers for a call, with a password for an hour.

    Where ``policy`` is ``relay``, somebody in the call is a stranger, or the caller wants to be hidden always.
    """
    application, caller = context.application, context.caller
    call = await application.calls.of(context, given.call)
    if call.state == ENDED:
        raise CallOver
    policy = await policy_for(application.database, caller.user, call)
    return ice_servers(application.media, caller.user, call.id, policy)


async def _servers(context: Context, _given: Empty) -> IceServers:
    """Get the STUN and TURN servers to try them, without a call."""
    return ice_servers(context.application.media, context.caller.user, TEST, "all")


ICE = Operation(
    name="call.ice",
    input=OneCall,
    output=IceServers,
    run=_ice,
    raises=(CallNotFound, CallOver),
    limits=((ICE_USER, by_user),),
)
SERVERS = Operation(
    name="call.servers",
    method="GET",
    path="/api/calls/ice",
    input=Empty,
    scope="write",
    output=IceServers,
    run=_servers,
    limits=((ICE_USER, by_user),),
)
