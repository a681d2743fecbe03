"""Settling what was taken from rate limits with the other nodes, in the background."""

import asyncio
import logging

from services.operations.limits import Limits
from store.errors import Unavailable

SETTLE_S = 0.5
"""Pause between two settlements: so long a node may not know what others have taken."""

log = logging.getLogger(__name__)


async def settle(limits: Limits) -> None:
    """Settle for ever; a node that is alone has nothing to settle."""
    if limits.alone:
        return
    reached = True
    while True:
        await asyncio.sleep(SETTLE_S)
        try:
            settled = await limits.settle()
        except Unavailable as error:
            if reached:
                log.warning("rate limits are each node's own", extra={"cause": str(error)})
            reached = False
        else:
            if settled and not reached:
                log.info("rate limits are those of all nodes again")
            reached = reached or settled > 0
