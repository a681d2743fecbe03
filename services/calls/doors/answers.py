"""Calls as they are answered to the device that asks."""

import msgspec

from services.calls.doors.rules import device
from services.calls.machine.looks import own_leg
from services.calls.machine.terms import Who
from services.calls.sfu import SFU
from services.calls.views import CallView, SfuView, call_view
from services.operations.context import Context
from store.tables import Call


def own_view(context: Context, call: Call, *, joined: bool | msgspec.UnsetType = msgspec.UNSET) -> CallView:
    """Return a call with what is the asking device's alone; where a media server carries it, what lets it in there."""
    view, server = device_view(call, device(context), joined=joined), context.application.media_server
    if call.topology != SFU or server is None or view.leg is msgspec.UNSET:
        return view
    sfu = SfuView(server.url, server.token(call.id, view.leg))
    return msgspec.structs.replace(view, sfu=sfu)


def device_view(call: Call, who: Who, *, joined: bool | msgspec.UnsetType = msgspec.UNSET) -> CallView:
    """Return a call as one device is told of it, with its own leg where it has one."""
    leg = own_leg(call, who)
    return call_view(call, leg=msgspec.UNSET if leg is None else leg.id, joined=joined)
