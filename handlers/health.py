"""Health and metrics: for load balancers, and for those who watch over the node."""

import asyncio
from collections.abc import Callable

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from tornado.web import RequestHandler

from services.application import Application
from store.errors import StoreError

READY_S = 2.0
"""Longest that a store may take to prove that it keeps writes; above it the node is not ready."""


class Health(msgspec.Struct, frozen=True):
    """Whether all is well, and what is not."""

    status: str
    reasons: list[str] = []


class LiveHandler(RequestHandler):
    """Answers as long as the loop turns."""

    def get(self) -> None:
        """Tell that the process is alive."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.write(msgspec.json.encode(Health("ok")))


class ReadyHandler(RequestHandler):
    """Answers whether the node should be sent anybody."""

    def initialize(self, parley: Application, draining: Callable[[], bool]) -> None:
        """Take the arguments of the route."""
        self.parley = parley
        self.draining = draining

    async def get(self) -> None:
        """Tell whether the store keeps writes and the node is not going away; 503 with the reasons where not."""
        reasons = []
        if self.draining():
            reasons.append("the node is going away")
        try:
            async with asyncio.timeout(READY_S):
                await self.parley.database.ping()
        except (StoreError, TimeoutError):
            reasons.append("the store does not keep writes")
        self.set_status(503 if reasons else 200)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.write(msgspec.json.encode(Health("unavailable" if reasons else "ok", reasons)))


class MetricsHandler(RequestHandler):
    """The node's meters, in the text form of Prometheus."""

    def initialize(self, parley: Application) -> None:
        """Take the arguments of the route."""
        self.parley = parley

    def get(self) -> None:
        """Show what the node counts."""
        self.parley.metrics.waiting.set(self.parley.lanes.waiting)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(self.parley.metrics.registry))
