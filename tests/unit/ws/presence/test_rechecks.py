"""Ending what somebody watches of people with whom they share no room any more, though the store be away."""

import pytest

from services.ids import member_id
from services.loop import tasks
from store.tables import MEMBERS, ROOMS, USERS, Member, Room, User
from tests.peers import until
from tests.unit.ws.presence.town import Device
from tests.unstable import Fault, Unstable
from ws.presence import rechecks as rechecks_module
from ws.presence.rechecks import Rechecks
from ws.presence.watching import Watching


async def test_store_that_is_away_only_delays_it(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rechecks_module, "RETRY_S", 0.01)
    await unstable.real.insert(ROOMS, Room(id="r", kind="private", created_at=1, member_count=2))
    for user in ("ann", "bob"):
        row = Member(id=member_id("r", user), room="r", user=user, username=user, role="member", joined_at=1)
        await unstable.real.insert(MEMBERS, row)
        person = User(id=user, name_key=user, username=user, name=user, email="", created_at=1)
        await unstable.real.insert(USERS, person)
    watching = Watching("a", {"bob": "online", "eve": "online"}.get, _nothing, _nothing)
    rechecks = Rechecks(unstable.database, watching)
    device = Device("ann")
    watching.add(device.session, ["bob", "eve"])
    watching.tell(device.session, ["bob", "eve"])
    unstable.fail(Fault.UNAVAILABLE, times=3)
    work = tasks.start(rechecks.run())
    rechecks.recheck([device.session])
    await until(lambda: watching.of(device.session) == ["bob"])
    assert device.told == [("eve", "offline")]
    rechecks.left([], "nobody")
    rechecks.left([device.session], "ann")
    watching.remove(device.session)
    await until(lambda: unstable.healed and not rechecks._pending)
    await tasks.end(work)
    assert device.told == [("eve", "offline")]


def _nothing(_user: str) -> None:
    pass
