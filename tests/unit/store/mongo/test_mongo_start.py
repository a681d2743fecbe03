import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import ReadPreference
from pymongo.database import Database as Behind

from store.database import Database, Index, Table
from store.database_mongo import MongoDatabase
from store.errors import Unavailable, WrongStore
from store.tables import SCHEMA_VERSION
from tests.conftest import running
from tests.parts import Mongo, MongoMember, free_port, mongo_client
from tests.unit.store.mongo.mongo_kinds import NOTES, PLAINS, Note, connecting_in_vain, database, note


@pytest.fixture
def behind(mongo_url: str) -> Iterator[Behind[dict[str, Any]]]:
    """A database of the test's own, as seen behind the store's back."""
    with mongo_client(mongo_url) as client:
        name = f"test_{secrets.token_hex(6)}"
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def name(behind: Behind[dict[str, Any]]) -> str:
    return behind.name


@pytest.fixture
def alone() -> Iterator[Mongo]:
    yield from running(lambda: Mongo(alone=True))


async def test_a_server_that_stands_alone_is_refused(alone: Mongo) -> None:
    with pytest.raises(WrongStore, match=r"stands alone.*--replSet"):
        await MongoDatabase.open(alone.url)


async def test_a_server_that_stands_alone_is_refused_where_the_url_names_a_set(alone: Mongo) -> None:
    with connecting_in_vain(), pytest.raises(WrongStore, match=r"replica set that the URL names.*--replSet"):
        await MongoDatabase.open(f"{alone.url}/?replicaSet=rs0")


@pytest.mark.parametrize("how", ["", "/?directConnection=true"])
async def test_a_set_that_was_not_initiated_is_refused(how: str) -> None:
    for uninitiated in running(MongoMember):
        with connecting_in_vain(), pytest.raises(WrongStore, match=r"rs\.initiate"):
            await MongoDatabase.open(uninitiated.url + how)


async def test_a_set_that_keeps_in_memory_alone_is_refused(mongo_part: Mongo) -> None:
    with mongo_part.client() as client:
        config = client.admin.command("replSetGetConfig")["config"]
        changed = config | {"version": config["version"] + 1, "writeConcernMajorityJournalDefault": False}
        client.admin.command("replSetReconfig", changed)
    with pytest.raises(WrongStore, match="writeConcernMajorityJournalDefault"):
        await MongoDatabase.open(mongo_part.url)


@pytest.mark.parametrize("code", [13, 59])
async def test_a_set_that_does_not_say_how_it_is_configured_is_taken(mongo_part: Mongo, code: int) -> None:
    with mongo_part.failing(1, failCommands=["replSetGetConfig"], errorCode=code):
        opened = await MongoDatabase.open(mongo_part.url)
    await opened.close()


async def test_url_cannot_ask_for_less_than_is_promised(mongo_url: str, name: str) -> None:
    asking = "w=1&journal=false&readConcernLevel=local&readPreference=secondaryPreferred&retryWrites=false"
    async with database(f"{mongo_url}{'&' if '?' in mongo_url else '/?'}{asking}", name) as opened:
        for kept in (opened._link.database, opened._link.collection("notes")):
            assert kept.write_concern.document == {"w": "majority", "j": True}
            assert kept.read_concern.level == "majority"
            assert kept.read_preference == ReadPreference.PRIMARY
        assert opened._link.client.options.retry_writes


async def test_no_server_is_unavailable() -> None:
    with connecting_in_vain(), pytest.raises(Unavailable, match="Connect call failed"):
        await MongoDatabase.open(f"mongodb://127.0.0.1:{free_port()}")


async def test_nodes_that_start_at_once_share_the_epoch(mongo_url: str, name: str) -> None:
    opened = await asyncio.gather(*(MongoDatabase.open(mongo_url, name) for _ in range(4)))
    assert len({each.epoch for each in opened}) == 1
    for each in opened:
        await each.close()
    async with database(mongo_url, name) as again:
        assert again.epoch == opened[0].epoch


async def test_the_url_names_the_database(mongo_url: str, name: str, behind: Behind[dict[str, Any]]) -> None:
    opened = await MongoDatabase.open(f"{mongo_url}/{name}")
    await opened.close()
    meta = behind["meta"].find_one({}, {"words": False})
    assert meta == {"_id": "parley", "product": "parley", "version": SCHEMA_VERSION, "epoch": opened.epoch}


async def test_another_product_is_refused(mongo_url: str, name: str, behind: Behind[dict[str, Any]]) -> None:
    behind["meta"].insert_one({"_id": "parley", "product": "other", "version": 1, "epoch": "e"})
    with pytest.raises(WrongStore, match="of other, not of Parley"):
        await MongoDatabase.open(mongo_url, name)


async def test_a_database_of_somebody_else_is_refused_and_left_alone(
    mongo_url: str, name: str, behind: Behind[dict[str, Any]]
) -> None:
    behind["invoices"].insert_one({"_id": 1})
    with pytest.raises(WrongStore, match="holds invoices"):
        await MongoDatabase.open(mongo_url, name)
    assert behind.list_collection_names() == ["invoices"]


async def test_a_newer_version_is_refused(mongo_url: str, name: str) -> None:
    async with database(mongo_url, name, version=8):
        with pytest.raises(WrongStore, match="version 8 and this program knows 7"):
            await MongoDatabase.open(mongo_url, name, version=7)


async def test_an_index_of_another_form_is_refused(mongo_url: str, name: str) -> None:
    async with database(mongo_url, name):
        other = Table("notes", Note, (Index(("stream", "rev")),))
        with pytest.raises(WrongStore, match="notes has an index of another form"):
            await MongoDatabase.open(mongo_url, name, (other,))


async def test_migrations_run_in_order_from_the_version_found(mongo_url: str, name: str) -> None:
    ran: list[int] = []

    def of(version: int) -> Any:
        async def migrate(database: Database) -> None:
            ran.append(version)
            await database.insert(NOTES, note(version))

        return version, migrate

    async with database(mongo_url, name, version=2):
        opened = await MongoDatabase.open(mongo_url, name, (NOTES, PLAINS), version=4, migrations=(of(1), of(2), of(3)))
        assert ran == [2, 3]
        assert set(await opened.get_many(NOTES, ["n000002", "n000003"])) == {"n000002", "n000003"}
        await opened.close()
        with pytest.raises(WrongStore, match="version 4"):
            await MongoDatabase.open(mongo_url, name, version=3)


async def test_a_migration_that_was_cut_off_is_run_again(mongo_url: str, name: str) -> None:
    ran: list[str] = []

    async def first(_: Database) -> None:
        ran.append("first")

    async def second(_: Database) -> None:
        ran.append("second")
        if len(ran) == 2:
            raise ConnectionError

    migrations = ((1, first), (2, second))
    async with database(mongo_url, name, version=1):
        with pytest.raises(ConnectionError):
            await MongoDatabase.open(mongo_url, name, version=3, migrations=migrations)
        opened = await MongoDatabase.open(mongo_url, name, version=3, migrations=migrations)
        await opened.close()
    assert ran == ["first", "second", "second"]


async def test_a_new_database_needs_no_migration(mongo_url: str, name: str) -> None:
    async def never(_: Database) -> None:
        raise AssertionError

    async with database(mongo_url, name, version=3, migrations=((1, never), (2, never))) as opened:
        assert await opened.get(NOTES, "a") is None
