"""Opening a Mongo database: what it must be, what it says of itself, and bringing it to what is declared."""

import contextlib
import secrets
import time
from collections.abc import Iterable
from typing import Any

from pymongo import ReadPreference
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from store.errors import Unavailable, WrongStore
from store.mongo.link import KEPT, MAJORITY, Link, before, told
from store.mongo.shape import Document, Shape
from store.mongo.tables import META, PRODUCT, make

ADVICE = "start it with --replSet and run rs.initiate() on it once; one member is enough"
UNJOURNALED = (
    "this replica set takes a write for kept before its members have it on disk: "
    "set writeConcernMajorityJournalDefault to true with rs.reconfig()"
)
UNINITIATED = "this mongod waits for its replica set to be initiated: run rs.initiate() on it once"

UNTOLD = frozenset({13, 59})
"""Codes of a set that does not say how it is configured: to this user, or by way of a mongos."""

START_S = 600.0
"""Seconds for making indexes, which on a large database take a while."""


async def start(link: Link, shapes: Iterable[Shape[Any]], version: int) -> Document:
    """Make the database or check that it is ours, make what is missing in it, and return what it says of itself.

    Several nodes may do so at once: what the first one makes is everybody's.

    Raises:
        WrongStore: If it is no replica set, or not a database of this product and version.
        Unavailable: If it cannot be reached.
    """

    async def run(until: float) -> Document:
        try:
            await _check_replica_set(link)
            await _check_promises(link)
            meta = await _meta(link, version)
            with before(until):
                for shape in shapes:
                    await make(link, shape, meta)
        except PyMongoError as error:
            raise Unavailable(told(error)) from error
        return meta

    return await link.turn(run, START_S)


async def _check_replica_set(link: Link) -> None:
    try:
        hello = await link.client.admin.command("hello")
    except ServerSelectionTimeoutError as error:
        servers = link.client.topology_description.server_descriptions().values()
        if not servers:
            raise WrongStore(f"no mongod there is a member of the replica set that the URL names: {ADVICE}") from error
        if any(server.server_type_name == "RSGhost" for server in servers):
            raise WrongStore(UNINITIATED) from error
        raise
    if hello.get("isreplicaset"):
        raise WrongStore(UNINITIATED)
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise WrongStore(f"this mongod stands alone, and transactions need a replica set: {ADVICE}")


async def _check_promises(link: Link) -> None:
    """Make sure that what is acknowledged is kept, and what is read was: whatever the URL asks for, or the set does."""
    database, promised = link.database, (KEPT, MAJORITY, ReadPreference.PRIMARY)
    if (database.write_concern, database.read_concern, database.read_preference) != promised:
        raise WrongStore("the driver was told to promise less than a majority's journals")
    try:
        answer = await link.client.admin.command("replSetGetConfig")
    except OperationFailure as error:
        if error.code in UNTOLD:
            return
        raise
    if not answer["config"].get("writeConcernMajorityJournalDefault", True):
        raise WrongStore(UNJOURNALED)


async def _meta(link: Link, version: int) -> Document:
    meta = await _read(link)
    if meta is None:
        names = await link.database.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}})
        meta = await _read(link)
        if meta is None and names:
            raise WrongStore(
                f"the Mongo database {link.database.name} holds {', '.join(sorted(names)[:3])} and no record that it "
                "is Parley's: name another one, or finish the restore that made it"
            )
    return check_meta(meta or await _first(link, version), version)


async def _read(link: Link) -> Document | None:
    return await link.collection(META).find_one({"_id": PRODUCT})


async def _first(link: Link, version: int) -> Document:
    meta = new_meta(version)
    try:
        await link.collection(META).insert_one(meta)
    except DuplicateKeyError:
        return await _read(link) or meta
    return meta


def new_meta(version: int) -> Document:
    """Return what a new database says of itself."""
    return {"_id": PRODUCT, "product": PRODUCT, "version": version, "epoch": secrets.token_hex(8)}


def check_meta(meta: Document, version: int) -> Document:
    """Return what a database says of itself if this program may open it.

    Raises:
        WrongStore: If it may not.
    """
    if meta.get("product") != PRODUCT:
        raise WrongStore(f"this database is of {meta.get('product')}, not of Parley")
    if meta["version"] > version:
        raise WrongStore(
            f"this database is of version {meta['version']} and this program knows {version}: start a newer program"
        )
    return meta


async def keep_version(link: Link, version: int) -> None:
    """Write down that the records are of this version at least.

    Raises:
        Unavailable: If nothing was written.
        Unknown: If it may have been.
    """
    await link.writing(
        lambda: link.collection(META).update_one({"_id": PRODUCT}, {"$max": {"version": version}}),
    )


async def epoch(link: Link) -> str | None:
    """Return the epoch of the database as it is now; None where it is being restored.

    Raises:
        Unavailable: If it cannot be read.
    """
    meta = await link.reading(lambda: _read(link))
    return None if meta is None else str(meta["epoch"])


async def ping(link: Link) -> None:
    """Write to the database and return when it is kept.

    Raises:
        Unavailable: If nothing was written.
        Unknown: If it may have been.
    """

    async def put() -> None:
        # Where another node makes the record just now, the refusal has waited for the majority as a write does.
        with contextlib.suppress(DuplicateKeyError):
            await link.collection(META).update_one({"_id": "ping"}, {"$max": {"at": time.time_ns()}}, upsert=True)

    await link.writing(put)
