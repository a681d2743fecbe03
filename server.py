"""Parley: the composition root. Builds the parts, wires them, listens, drains."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvloop
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application as Routes

from handlers import documents
from handlers.access import log_request
from handlers.entrance import Entrance
from handlers.forwarded import Proxies
from handlers.health import LiveHandler, MetricsHandler, Readiness, ReadyHandler
from handlers.operations import NotFoundHandler, OperationHandler, pattern, routes
from handlers.pages import STATIC, PageHandler
from services import logs, tasks
from services.accounts.directory import Directory
from services.accounts.passwords import Passwords
from services.accounts.tokens import Tokens
from services.application import Application
from services.messages.marks import ReadMarks
from services.metrics import Metrics
from services.operations.limits import Limits
from services.operations.settling import settle
from services.pace import Pace
from services.presence.seen import LastSeen
from services.pulse import Pulse
from services.questions import counted
from services.rooms.facts import Facts
from services.streams.lanes import Lanes
from settings import Settings, redacted
from store import back_up, bring_back, open_broker, open_buckets, open_database, open_presence, open_secret
from store.buckets import Buckets
from store.database import Database
from store.errors import StoreError, WrongStore
from store.secrets import derive
from ws import asyncapi
from ws.door import Door, node_name
from ws.drain import Drain, Ending
from ws.presence.desk import Desk
from ws.relay.joining import Links, join
from ws.relay.relay import Relay
from ws.tables import tables
from ws.wheel import Wheel
from ws.wire.opening import Sockets

log = logging.getLogger("parley")

READ_EVERY_S = 1.0
"""Pause between two tellings of one person's reading in one room."""
COUNT_EVERY_S = 5.0
"""Pause between two tellings of one room's number of members."""

GARBAGE = (50_000, 20, 100)
"""Thresholds of the collector: a full collection stalls thousands of sessions, and few cycles are made."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node that listens."""

    port: int
    metrics_port: int | None
    application: Application
    door: Door
    drain: Drain


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Node]:
    """Run a node; it listens inside the block, and has drained when the block is left.

    Raises:
        WrongStore: If the database is not one that this program opens.
        OSError: If the port or the data directory cannot be had.
        ValueError: If the secret is not fit to be one.
    """
    async with AsyncExitStack() as stack:
        outside = await _outside(settings, stack)
        door, relay = await _inside(settings, outside, stack)
        readiness = Readiness(lambda: door.draining, relay.faults)
        routes = _routes(settings, door.application, readiness)
        sockets = Sockets(door.accept, settings.cors_origins, door.flusher, door.application.turns, door.refuse)
        proxies = Proxies(settings.trusted_proxies)
        entrance = Entrance(routes, {"/ws": sockets}, proxies, settings.port, settings.address)
        stack.push_async_callback(entrance.close)
        metrics_port = _listen_for_metrics(settings, door.application, stack)
        drain = Drain(door.application, door, entrance, readiness.asked_lately)
        stack.push_async_callback(drain.run)
        yield Node(entrance.port, metrics_port, door.application, door, drain)


@dataclass(frozen=True, slots=True)
class _Outside:
    """What is not of this process alone."""

    database: Database
    secret: str
    links: Links
    buckets: Buckets


async def _outside(settings: Settings, stack: AsyncExitStack) -> _Outside:
    database = await stack.enter_async_context(open_database(settings.data_dir, settings.mongo_url))
    secret = await open_secret(database, settings.data_dir, settings.secret, settings.mongo_url)
    node, key = node_name(settings.node), derive(secret, "nodes")
    namespace = key.hex()[:16]
    broker = await stack.enter_async_context(open_broker(settings.redis_url, node, namespace))
    presence = await stack.enter_async_context(open_presence(settings.redis_url, namespace))
    buckets = await stack.enter_async_context(open_buckets(settings.redis_url, namespace, derive(secret, "buckets")))
    return _Outside(database, secret, Links(node, broker, presence, key), buckets)


async def _inside(settings: Settings, outside: _Outside, stack: AsyncExitStack) -> tuple[Door, Relay]:
    """Build what is of this process, and begin what goes on by itself."""
    links, metrics = outside.links, Metrics()
    database = counted(outside.database, metrics)
    tokens = Tokens(derive(outside.secret, "tokens"), database)
    facts = Facts(database)
    joined = join(links, database, metrics, tokens, facts)
    relay = joined.relay
    stack.push_async_callback(joined.hub.close)
    lanes = Lanes(database, joined.live.deliver, joined.live.learn)
    joined.live.written, joined.live.wrote = lanes.heard, lanes.rivals.heard
    passwords = Passwords(derive(outside.secret, "passwords"), settings.bcrypt_cost)
    stack.callback(passwords.close)
    wheel, seen = Wheel(asyncio.get_running_loop().time), LastSeen(database)
    desk = Desk(links.node, links.presence, None if links.broker.alone else relay, database, joined.hub, wheel, seen)
    desk.join(relay)
    application = Application(
        node=links.node,
        database=database,
        directory=Directory(database),
        lanes=lanes,
        facts=facts,
        marks=ReadMarks(database),
        counts=Pace(COUNT_EVERY_S),
        reads=Pace(READ_EVERY_S),
        live=joined.live,
        passwords=passwords,
        tokens=tokens,
        limits=Limits(on=settings.limits, buckets=outside.buckets),
        metrics=metrics,
        presence=desk,
        seen=seen,
    )
    desk.open()
    stack.push_async_callback(desk.close)
    await relay.open()
    stack.push_async_callback(relay.close)
    works = wheel.run, Pulse(metrics.late.observe).run, application.marks.run, partial(settle, application.limits)
    for work in works:
        stack.push_async_callback(tasks.end, tasks.keep(work))
    return Door(application, joined.hub, joined.flusher, wheel, desk), relay


def _listen_for_metrics(settings: Settings, application: Application, stack: AsyncExitStack) -> int | None:
    if settings.metrics_port is None:
        return None
    server = HTTPServer(Routes([(r"/metrics", MetricsHandler, {"parley": application})]))
    sockets = bind_sockets(settings.metrics_port, settings.metrics_address)
    server.add_sockets(sockets)
    stack.callback(server.stop)
    port: int = sockets[0].getsockname()[1]
    return port


def _routes(settings: Settings, application: Application, readiness: Readiness) -> Routes:
    api = {"parley": application, "origins": settings.cors_origins}
    found: list[tuple[Any, ...]] = [
        (pattern(path), OperationHandler, {**api, "methods": methods}) for path, methods in routes().items()
    ]
    found += [
        *documents.routes(asyncapi.document()),
        (r"/api/.*", NotFoundHandler, api),
        (r"/health/live", LiveHandler),
        (r"/health/ready", ReadyHandler, {"parley": application, "readiness": readiness}),
    ]
    if settings.metrics_port is None:
        found.append((r"/metrics", MetricsHandler, {"parley": application}))
    found.append((r"/(.*)", PageHandler, {"path": str(STATIC), "default_filename": "index.html"}))
    return Routes(found, default_handler_class=NotFoundHandler, default_handler_args=api, log_function=log_request)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second one ends the process at once."""
    ending = Ending()
    if not settings.limits:
        log.warning("LIMITS ARE OFF: no rates, no counts of sockets; for tests and load alone")
    if settings.bcrypt_cost < 10:
        log.warning("BCRYPT COST IS %d: passwords are cheap to guess; for tests alone", settings.bcrypt_cost)
    async with running(settings) as node:
        where = "localhost" if settings.address in {"127.0.0.1", "0.0.0.0", "::"} else settings.address  # noqa: S104
        print(f"Parley listens on http://{where}:{node.port}", flush=True)  # noqa: T201 - for the one who started it
        # What is built by now stays: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        kept = redacted(settings.mongo_url) if settings.mongo_url else str(settings.data_dir)
        log.info("listening", extra={"port": node.port, "store": kept})
        await ending.asked()


async def _run(settings: Settings) -> None:
    command = settings.command
    if command.verb == "backup":
        await back_up(settings.data_dir, settings.mongo_url, command.path)
        print(f"wrote {command.path}")  # noqa: T201
    elif command.verb == "restore":
        await bring_back(command.path, settings.data_dir, settings.mongo_url, force=command.force)
        print("restored; clients that come back will fetch anew")  # noqa: T201
    else:
        await serve(settings)


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    settings = Settings.read(sys.argv[1:])
    logs.configure(settings.log, settings.log_level, settings.node)
    try:
        if settings.command.verb == "documents":
            documents.write(settings.command.path, asyncapi.document(), tables())
            return 0
        uvloop.run(_run(settings))
    except (WrongStore, OSError, ValueError, StoreError) as error:
        print(f"server.py: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
