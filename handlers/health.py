"""Health and metrics: for load balancers, and for those who watch over the node."""

import asyncio
import time
from collections.abc import Callable

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from handlers.answers import Answering
from services.application import Application
from store.errors import StoreError, WrongStore

READY_S = 2.0
"""Longest that a store may take to prove that it keeps writes; above it the node is not ready."""

ASKED_S = 60.0
"""Time after which somebody who asked whether the node is ready is taken to have gone: balancers ask more often."""


class Readiness:
    """What a load balancer is told, and whether there is one."""

    def __init__(self, draining: Callable[[], bool], faults: Callable[[], list[str]]) -> None:
        self.draining = draining
        """Tells whether the node is about to end."""
        self.faults = faults
        """Tells what is not well between this node and others."""
        self._asked_at: float | None = None

    def asked(self) -> None:
        """Note that somebody wants to know."""
        self._asked_at = time.monotonic()

    def asked_lately(self) -> bool:
        """Tell whether somebody asks again and again, and so will notice when the answer is another."""
        return self._asked_at is not None and time.monotonic() - self._asked_at < ASKED_S


class Health(msgspec.Struct, frozen=True):
    """Whether all is well, and what is not."""

    status: str
    reasons: list[str] = []


class Telling(Answering):
    """Tells how the node is; true for a moment."""

    def set_default_headers(self) -> None:
        """Keep answers out of caches."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")


class LiveHandler(Telling):
    """Answers as long as the loop turns."""

    def get(self) -> None:
        """Tell that the process is alive."""
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode(Health("ok")))


class ReadyHandler(Telling):
    """Answers whether the node should be sent anybody."""

    def initialize(self, parley: Application, readiness: Readiness) -> None:
        """Take the arguments of the route."""
        self.parley = parley
        self.readiness = readiness

    async def get(self) -> None:
        """Tell whether the store keeps writes and the node is not going away; 503 with the reasons where not."""
        self.readiness.asked()
        reasons = ["the node is going away"] if self.readiness.draining() else await self._faults()
        self.set_status(503 if reasons else 200)
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode(Health("unavailable" if reasons else "ok", reasons)))

    async def _faults(self) -> list[str]:
        try:
            async with asyncio.timeout(READY_S):
                await self.parley.database.ping()
        except WrongStore as error:
            return [str(error), *self.readiness.faults()]
        except (StoreError, TimeoutError):
            return ["the store does not keep writes", *self.readiness.faults()]
        return self.readiness.faults()


class MetricsHandler(Telling):
    """The node's meters, in the text form of Prometheus."""

    def initialize(self, parley: Application) -> None:
        """Take the arguments of the route."""
        self.parley = parley

    def get(self) -> None:
        """Show what the node counts."""
        self.parley.metrics.waiting.set(self.parley.lanes.waiting)
        self.parley.metrics.tasks.set(len(asyncio.all_tasks()))
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(self.parley.metrics.registry))
