"""The canary: a message to oneself through every link, each second. Who does not hear it back is told nothing."""

import asyncio
import logging
from collections.abc import Callable

from store.broker import Broker
from ws.relay.envelopes import Envelopes, Kind
from ws.relay.subscriptions import Subscriptions

log = logging.getLogger(__name__)

EVERY_S = 1.0
"""Pause between two canaries through a link."""

SILENT_S = 3.0
"""Silence after which a link is taken not to carry: two canaries may be lost to a pause of either side."""


class Canary:
    """Judges whether what other nodes publish arrives. Begins in doubt."""

    def __init__(self, broker: Broker, envelopes: Envelopes, subscriptions: Subscriptions) -> None:
        self.turned: Callable[[], None] = _nothing
        """Is called when ``degraded`` has changed."""
        self.degraded = not broker.alone
        """Whether other nodes' messages may not arrive, so that the store has to be watched instead."""
        self._broker = broker
        self._envelopes = envelopes
        self._subscriptions = subscriptions
        self._number = 0
        self._since = 0
        """The first canary that was sent after all that was lost had been subscribed again."""
        self._heard_at: dict[str, float] = {}
        self._clock = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Send and judge until cancelled."""
        while not self._broker.alone:
            self.send()
            self._judge()
            await asyncio.sleep(EVERY_S)

    def send(self) -> None:
        """Send one through each link."""
        self._number += 1
        message = self._envelopes.seal(Kind.CANARY, self._number.to_bytes(8))
        for channel in self._broker.canaries():
            self._broker.publish(channel, message)

    def heard(self, channel: str, body: bytes) -> None:
        """Note one that came back."""
        if int.from_bytes(body) >= self._since:
            self._heard_at[channel] = self._clock()
            self._judge()

    def doubt(self) -> None:
        """Trust no link before a canary comes back that is sent from now on: something was lost."""
        self._since = self._number + 1
        self._heard_at.clear()
        self._judge()

    def _judge(self) -> None:
        late = self._clock() - SILENT_S
        carried = all(self._heard_at.get(channel, 0.0) > late for channel in self._broker.canaries())
        degraded = not (carried and self._subscriptions.complete)
        if degraded == self.degraded:
            return
        if degraded:
            self._since = self._number + 1
            log.warning("the broker does not carry: watching the store")
        else:
            log.info("the broker carries")
        self.degraded = degraded
        self.turned()


def _nothing() -> None:
    pass
