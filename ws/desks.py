"""The desks of a node: who is there, who calls, and who looks in."""

from dataclasses import dataclass

from services.application import Application
from services.calls.calls import Calls
from services.presence.seen import LastSeen
from store.database import Database
from ws.calls.desk import Desk as CallDesk
from ws.presence.desk import Desk as PresenceDesk
from ws.relay.joining import Joined, Links
from ws.visits import Visits
from ws.wheel import Wheel


@dataclass(frozen=True, slots=True)
class Desks:
    """What sessions are to a node beside the streams that they watch."""

    presence: PresenceDesk
    calls: CallDesk
    visits: Visits

    def open(self, application: Application, joined: Joined) -> None:
        """Begin what goes on in the background; the other nodes are not heard yet."""
        self.presence.join(joined.relay)
        self.presence.open()
        self.calls.open()

    async def listen(self, application: Application, joined: Joined) -> None:
        """Begin to hear the other nodes, and learn of the calls that go on: nobody is greeted without them."""
        await joined.relay.open()
        await application.calls.open(self.presence.present)

    async def close(self, application: Application) -> None:
        """End it, and write down what the last sockets have caused."""
        await application.calls.close()
        await self.calls.close()
        await self.presence.close()


def build_desks(links: Links, joined: Joined, calls: Calls, database: Database, wheel: Wheel, seen: LastSeen) -> Desks:
    """Build a node's desks; nothing is begun."""
    relay = None if links.broker.alone else joined.relay
    presence = PresenceDesk(links.node, links.presence, relay, database, joined.hub, wheel, seen)
    desk = CallDesk(calls, joined.hub, relay)
    joined.live.ended = desk.log_out
    return Desks(presence, desk, Visits(joined.hub))
