"""Transactions of nodes that died are ended, and nobody else's."""

import asyncio
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern

from store.mongo import orphans
from store.mongo.link import options
from store.mongo.orphans import Orphans

pytestmark = pytest.mark.timeout(60)


async def _left_open(url: str, appname: str) -> tuple[AsyncMongoClient[dict[str, Any]], object]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, appname=appname)
    await client.orphaned.places.update_one({"_id": appname}, {"$set": {"by": "nobody"}}, upsert=True)
    session = client.start_session()
    await session.start_transaction()
    await client.orphaned.places.update_one({"_id": appname}, {"$set": {"by": "the dead"}}, session=session)
    return client, session


async def _open_transactions(client: AsyncMongoClient[dict[str, Any]], appname: str) -> int:
    pipeline: list[dict[str, Any]] = [
        {"$currentOp": {"allUsers": False, "idleSessions": True}},
        {"$match": {"appName": appname, "transaction": {"$exists": True}}},
    ]
    admin = client.get_database("admin", read_concern=ReadConcern("local"))
    return len([one async for one in await admin.aggregate(pipeline)])


async def test_open_transaction_of_a_dead_node_is_ended_and_others_are_not(
    mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "OPEN_S", 0.2)
    monkeypatch.setattr(orphans, "EVERY_S", 0.1)
    dead, session = await _left_open(mongo_url, "parley dead")
    other, theirs = await _left_open(mongo_url, "somebody else")
    living: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url, **{**options(), "appname": "parley dead"})
    looking = Orphans(living, "parley dead")
    looking.start()
    try:
        async with asyncio.timeout(20):
            while await _open_transactions(living, "parley dead"):  # noqa: ASYNC110 - a look at another process
                await asyncio.sleep(0.05)
        assert await _open_transactions(living, "somebody else") == 1
        await living.orphaned.places.update_one({"_id": "parley dead"}, {"$set": {"by": "the living"}})
    finally:
        await looking.close()
        for client in (dead, other, living):
            await client.close()
    assert session is not theirs
