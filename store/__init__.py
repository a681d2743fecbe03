"""What outlives a connection or crosses a process. Only this module chooses implementations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store.broker import Broker
from store.broker_memory import MemoryBroker
from store.broker_redis import RedisBroker
from store.buckets import Buckets
from store.buckets_memory import MemoryBuckets
from store.buckets_redis import RedisBuckets
from store.database import Database
from store.database_mongo import MongoDatabase
from store.database_sqlite import SqliteDatabase
from store.mail import Mail
from store.mail_smtp import Server, SmtpMail
from store.mail_terminal import TerminalMail
from store.mongo import backup as mongo_backup
from store.presence import Presence
from store.presence_memory import MemoryPresence
from store.presence_redis import RedisPresence
from store.redis.link import Link
from store.secrets import check_secret, load_secret, shared_secret
from store.sqlite import backup

DATABASE_FILE = "parley.db"


@asynccontextmanager
async def open_database(data_dir: Path, mongo_url: str | None) -> AsyncIterator[Database]:
    """Open the database, and close it when the block ends: Mongo where its address is given, else SQLite.

    Raises:
        WrongStore: If it is not one that this program opens.
        OSError: If the data directory cannot be used.
        Unavailable: If it cannot be reached.
    """
    database: Database
    if mongo_url is not None:
        database = await MongoDatabase.open(mongo_url)
    else:
        _prepare(data_dir)
        database = await SqliteDatabase.open(data_dir / DATABASE_FILE)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_presence(redis_url: str | None, namespace: str) -> AsyncIterator[Presence]:
    """Open what nodes tell each other of themselves, and close it when the block ends: without Redis a node is alone.

    Nothing is waited for: it connects when it is first used. Installations that share a Redis have namespaces of their
    own.

    Raises:
        ValueError: If it is no URL of a Redis.
    """
    presence: Presence = MemoryPresence()
    if redis_url is not None:
        presence = RedisPresence(Link.of(redis_url), f"parley:{namespace}:")
    try:
        yield presence
    finally:
        await presence.close()


@asynccontextmanager
async def open_buckets(redis_url: str | None, namespace: str, secret: bytes) -> AsyncIterator[Buckets]:
    """Open what nodes together have taken from rate limits, and close it when the block ends.

    Nothing is waited for: it connects when it is first used. Whose a key is, only who has the secret can tell.

    Raises:
        ValueError: If it is no URL of a Redis.
    """
    buckets: Buckets = MemoryBuckets()
    if redis_url is not None:
        buckets = RedisBuckets(Link.of(redis_url), f"parley:{namespace}:", secret)
    try:
        yield buckets
    finally:
        await buckets.close()


@asynccontextmanager
async def open_broker(redis_url: str | None, node: str, namespace: str) -> AsyncIterator[Broker]:
    """Give a node its broker, and close it when the block ends: Redis where its address is given, else a node alone.

    It connects when whoever is given it calls ``Broker.open``. Installations that share a Redis have namespaces of
    their own.

    Raises:
        ValueError: If it is no URL of a Redis, or the namespace or a certificate cannot be used. What it says repeats
            no password.
    """
    broker: Broker = MemoryBroker(node) if redis_url is None else RedisBroker.of(redis_url, node, namespace)
    try:
        yield broker
    finally:
        await broker.close()


def open_mail(smtp_url: str | None, sender: str, *, public: bool) -> Mail:
    """Return how letters leave: by SMTP where a server's address is given, else to the terminal.

    Nothing is connected before there is a letter. Where people reach the installation from elsewhere (``public``)
    nothing is shown on the terminal.

    Raises:
        ValueError: If it is no URL of a mail server, or the sender is none. What it says repeats no password.
    """
    if smtp_url is None:
        return TerminalMail(sender, shown=not public)
    return SmtpMail(Server.of(smtp_url), sender)


def _prepare(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


async def open_secret(database: Database, data_dir: Path, given: str | None, mongo_url: str | None) -> str:
    """Return the installation's secret: the given one, or that of the data directory, or of a shared database.

    Raises:
        ValueError: If it is short or a sample.
    """
    if given is not None:
        return check_secret(given, "PARLEY_SECRET")
    own = load_secret(data_dir)
    return own if mongo_url is None else await shared_secret(database, own)


async def back_up(data_dir: Path, mongo_url: str | None, target: Path) -> None:
    """Copy the database into one file, while nodes use it.

    Raises:
        WrongStore: If it is not one that this program opens.
        OSError: If there is none, or the file cannot be written.
        Unavailable: If it cannot be reached.
    """
    if mongo_url is None:
        await backup.backup(data_dir / DATABASE_FILE, target)
    else:
        await mongo_backup.backup(mongo_url, target)


async def bring_back(source: Path, data_dir: Path, mongo_url: str | None, *, force: bool) -> str:
    """Make a database of a backup, with an epoch of its own, and return that; ``force`` replaces what is there.

    Raises:
        WrongStore: If the file is no backup that this program reads, or something is there.
        OSError: If it cannot be read, or nothing can be written.
        Unavailable: If the database cannot be reached.
    """
    if mongo_url is not None:
        return await mongo_backup.restore(source, mongo_url, force=force)
    _prepare(data_dir)
    return await backup.restore(source, data_dir / DATABASE_FILE, force=force)
