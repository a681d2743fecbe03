"""Parley: the composition root. Builds the parts, wires them, listens, drains."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import uvloop
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from handlers.documents import documents
from handlers.entrance.entrance import Entrance
from handlers.entrance.forwarded import Proxies
from handlers.health import Readiness
from handlers.outgoing import Outgoing
from handlers.routes import build_metrics_routes, build_routes
from services import JOBS, RECURRING, logs
from services.accounts.logins.tokens import Tokens
from services.accounts.moderation.roles import offer
from services.accounts.people.directory import Directory
from services.accounts.secrets.passwords import Passwords
from services.accounts.secrets.sealing import Sealer
from services.accounts.signin.providers import load_providers
from services.accounts.signin.signins import SignIns
from services.application import Application
from services.calls.calls import Calls
from services.calls.media import load_media
from services.calls.sfu import MediaServer
from services.content.lexicon import load_filter
from services.jobs.jobs import Jobs
from services.loop import tasks
from services.loop.pace import Pace
from services.loop.pulse import Pulse
from services.messages.marks import ReadMarks
from services.metrics import Metrics
from services.operations.limits import Limits
from services.operations.settling import settle
from services.presence.seen import LastSeen
from services.questions import counted
from services.rooms.rights.facts import Facts
from services.rooms.topics.activity import Activity
from services.streams.lanes.lanes import Lanes
from settings import Settings, redacted
from store import back_up, bring_back, open_broker, open_buckets, open_database, open_mail, open_presence, open_secret
from store.buckets import Buckets
from store.cautions import cautions
from store.database import Database
from store.errors import StoreError, WrongStore
from store.mail import Mail
from store.secrets import derive
from ws import asyncapi
from ws.desks import Desks, build_desks
from ws.door import Door, node_name
from ws.drain import Drain, Ending
from ws.relay.joining import Joined, Links, join
from ws.relay.relay import Relay
from ws.tables import tables
from ws.wheel import Wheel
from ws.wire.opening import Sockets

log = logging.getLogger("parley")

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Hosts of an installation that is for its own machine alone."""

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
        routes = build_routes(
            door.application,
            readiness,
            settings.cors_origins,
            asyncapi.document(),
            metrics=settings.metrics_port is None,
        )
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
    mail: Mail


async def _outside(settings: Settings, stack: AsyncExitStack) -> _Outside:
    database = await stack.enter_async_context(open_database(settings.data_dir, settings.mongo_url))
    secret = await open_secret(database, settings.data_dir, settings.secret, settings.mongo_url)
    node, key = node_name(settings.node), derive(secret, "nodes")
    namespace = derive(secret, "namespace").hex()[:16]  # whoever reads the broker sees it, and so nothing of a key
    broker = await stack.enter_async_context(open_broker(settings.redis_url, node, namespace))
    presence = await stack.enter_async_context(open_presence(settings.redis_url, namespace))
    buckets = await stack.enter_async_context(open_buckets(settings.redis_url, namespace, derive(secret, "buckets")))
    return _Outside(database, secret, Links(node, broker, presence, key), buckets, _mail(settings))


def _mail(settings: Settings) -> Mail:
    host = urlsplit(settings.url or "http://localhost").hostname or ""
    sender = settings.mail_from or f"Parley <parley@{host}>"
    return open_mail(settings.smtp_url, sender, public=settings.url is not None and host not in LOCAL)


def _passwords(settings: Settings, secret: str, stack: AsyncExitStack) -> Passwords:
    passwords = Passwords(derive(secret, "passwords"), settings.bcrypt_cost)
    stack.callback(passwords.close)
    return passwords


def _web(stack: AsyncExitStack) -> Outgoing:
    web = Outgoing()
    stack.callback(web.close)
    return web


def _lanes(database: Database, joined: Joined) -> Lanes:
    lanes = Lanes(database, joined.live.deliver, joined.live.learn)
    joined.live.written, joined.live.wrote = lanes.heard, lanes.rivals.heard
    return lanes


def _activity(database: Database, facts: Facts, joined: Joined) -> Activity:
    activity = Activity(database, facts)
    joined.live.kept = activity.heard
    return activity


async def _inside(settings: Settings, outside: _Outside, stack: AsyncExitStack) -> tuple[Door, Relay]:
    """Build what is of this process."""
    links, metrics = outside.links, Metrics()
    database = counted(outside.database, metrics)
    tokens, facts = Tokens(derive(outside.secret, "tokens"), database), Facts(database)
    joined = join(links, database, metrics, tokens, facts)
    stack.push_async_callback(joined.hub.close)
    lanes, wheel, seen = _lanes(database, joined), Wheel(asyncio.get_running_loop().time), LastSeen(database)
    web, media = _web(stack), load_media(settings.calls)
    calls, directory = Calls(database, lanes, links.node, metrics), Directory(database)
    desks = build_desks(links, joined, calls, database, wheel, seen)
    application = Application(
        node=links.node,
        database=database,
        directory=directory,
        lanes=lanes,
        facts=facts,
        activity=_activity(database, facts, joined),
        marks=ReadMarks(database),
        counts=Pace(COUNT_EVERY_S),
        reads=Pace(READ_EVERY_S),
        live=joined.live,
        calls=calls,
        visits=desks.visits,
        passwords=_passwords(settings, outside.secret, stack),
        tokens=tokens,
        sealer=Sealer(derive(outside.secret, "sealing")),
        sign_ins=SignIns(load_providers(settings.providers), web),
        media=media,
        media_server=MediaServer(media.sfu, web) if media.sfu else None,
        url=settings.url or f"http://localhost:{settings.port}",
        limits=Limits(on=settings.limits, buckets=outside.buckets),
        metrics=metrics,
        presence=desks.presence,
        seen=seen,
        mail=outside.mail,
        filter=load_filter(settings.words),
        jobs=Jobs(database, metrics, clock_is_right=joined.relay.leases.is_right),
    )
    await _begin(application, joined, desks, wheel, stack)
    return Door(application, joined.hub, joined.flusher, wheel, desks.presence, desks.calls, desks.visits), joined.relay


async def _begin(application: Application, joined: Joined, desks: Desks, wheel: Wheel, stack: AsyncExitStack) -> None:
    """Begin what goes on by itself."""
    joined.live.forget = application.directory.forget, desks.presence.recheck
    desks.open(application, joined)
    stack.push_async_callback(desks.close, application)
    await desks.listen(application, joined)
    stack.push_async_callback(joined.relay.close)
    late = Pulse(application.metrics.late.observe).run
    for work in (wheel.run, late, application.marks.run, application.activity.run, partial(settle, application.limits)):
        stack.push_async_callback(tasks.end, tasks.keep(work))
    stack.push_async_callback(application.folding.close)
    application.jobs.open(application, JOBS, RECURRING)
    application.calls.wake = application.jobs.wake
    stack.push_async_callback(application.jobs.close)


def _listen_for_metrics(settings: Settings, application: Application, stack: AsyncExitStack) -> int | None:
    if settings.metrics_port is None:
        return None
    server = HTTPServer(build_metrics_routes(application))
    sockets = bind_sockets(settings.metrics_port, settings.metrics_address)
    server.add_sockets(sockets)
    stack.callback(server.stop)
    port: int = sockets[0].getsockname()[1]
    return port


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second one ends the process at once."""
    ending = Ending()
    if not settings.limits:
        log.warning("LIMITS ARE OFF: no rates, no counts of sockets; for tests and load alone")
    if settings.bcrypt_cost < 10:
        log.warning("BCRYPT COST IS %d: passwords are cheap to guess; for tests alone", settings.bcrypt_cost)
    for caution in cautions(settings.mongo_url, settings.redis_url):
        log.warning("a part is open to others", extra={"caution": caution})
    async with running(settings) as node:
        where = "localhost" if settings.address in {"127.0.0.1", "0.0.0.0", "::"} else settings.address  # noqa: S104 - only told
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
    elif command.verb == "admin":
        async with open_database(settings.data_dir, settings.mongo_url) as database:
            token = await offer(database)
        print("Good once, within an hour, for whoever logs in and claims it (POST /api/admin/claim):")  # noqa: T201
        print(token)  # noqa: T201
    else:
        await serve(settings)


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    settings = Settings.read(sys.argv[1:])
    logs.configure(settings.log, settings.log_level, settings.node)
    logs.catch_all()
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
