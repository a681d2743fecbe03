"""What the Mongo store answers when the server, or the way to it, fails: never a lie, never late, never twice."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest

from store.database import Database, Increment, Insert, Update, Write
from store.database_mongo import MongoDatabase
from store.errors import Duplicate, Mismatch, StoreError, Unavailable, Unknown
from store.mongo.link import SLOTS
from tests.conftest import running
from tests.parts import Mongo
from tests.unit.store.mongo.mongo_kinds import NOTES, PLAINS, Note, Plain, connecting_in_vain, database, note
from tests.unit.store.swallowing import Road, road_to

IN_TIME_S = 5.5

TRANSIENT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
NO_MAJORITY = {"writeConcernError": {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting timed out"}}


@pytest.fixture(scope="module")
def faulty() -> Iterator[Mongo]:
    """A server of this module's own, which is made to fail."""
    yield from running(Mongo)


@pytest.fixture
async def opened(faulty: Mongo) -> AsyncIterator[MongoDatabase]:
    async with database(faulty.url) as opened:
        yield opened


@pytest.fixture
async def road(faulty: Mongo) -> AsyncIterator[Road]:
    async with road_to(faulty.port) as road:
        yield road


@pytest.fixture
async def afar(road: Road) -> AsyncIterator[MongoDatabase]:
    """A database at the end of the road."""
    async with database(f"mongodb://127.0.0.1:{road.port}/?directConnection=true") as afar:
        await afar.insert(PLAINS, Plain(id="p", size=0))
        yield afar


async def insert(database: Database) -> None:
    await database.insert(NOTES, note(1))


async def both(database: Database) -> None:
    await database.together([Insert(NOTES, note(1)), Increment(PLAINS, "p", "size", 1)])


async def size(database: Database) -> int:
    found = await database.get(PLAINS, "p")
    assert found is not None
    return found.size


# Answers that are lost


async def test_an_insert_whose_answer_is_lost_is_there_once(afar: MongoDatabase, road: Road) -> None:
    road.lose("insert")
    await afar.batch(NOTES, [note(rev) for rev in range(5)])
    assert road.lost == 1
    assert len(await afar.find(NOTES, {"stream": "s"}, by="rev")) == 5


async def test_an_increment_whose_answer_is_lost_counts_once(afar: MongoDatabase, road: Road) -> None:
    road.lose("findAndModify")
    assert await afar.increment(PLAINS, "p", "size", 1) == 1
    assert road.lost == 1
    assert await size(afar) == 1


@pytest.mark.parametrize("command", ["insert", "update", "commitTransaction"])
async def test_a_transaction_whose_answers_are_lost_is_done_once(afar: MongoDatabase, road: Road, command: str) -> None:
    road.lose(command)
    await both(afar)
    assert road.lost == 1
    assert await size(afar) == 1


async def test_a_commit_whose_answers_are_lost_again_and_again_is_done_once(afar: MongoDatabase, road: Road) -> None:
    road.lose("commitTransaction", 7)
    await both(afar)
    assert road.lost == 7
    assert await size(afar) == 1


async def test_an_insert_whose_answers_are_all_lost_is_unknown(afar: MongoDatabase, road: Road) -> None:
    road.lose("insert", 1_000_000)
    with pytest.raises(Unknown):
        await asyncio.wait_for(insert(afar), IN_TIME_S)
    assert road.lost > 1
    assert await afar.get(NOTES, "n000001") == note(1)


async def test_a_refusal_whose_answer_is_lost_is_still_a_refusal(afar: MongoDatabase, road: Road) -> None:
    await insert(afar)
    road.lose("insert")
    with pytest.raises(Duplicate, match="id is taken"):
        await insert(afar)
    assert road.lost == 1


# A server that says no


async def test_transactions_that_meet_are_run_again(faulty: Mongo, opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    with faulty.failing(3, failCommands=["update"], **TRANSIENT):
        await both(opened)
    assert await size(opened) == 1


async def test_a_transaction_that_never_gets_through_is_unavailable_in_time(
    faulty: Mongo, opened: MongoDatabase
) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    with faulty.failing(10_000, failCommands=["update"], **TRANSIENT), pytest.raises(Unavailable):
        await asyncio.wait_for(both(opened), IN_TIME_S)
    assert await size(opened) == 0
    await both(opened)
    assert await size(opened) == 1


async def test_a_write_that_no_majority_has_confirmed_is_unknown(faulty: Mongo, opened: MongoDatabase) -> None:
    with faulty.failing(1, failCommands=["insert"], **NO_MAJORITY), pytest.raises(Unknown):
        await insert(opened)
    await opened.ping()
    assert await opened.get(NOTES, "n000001") == note(1)


async def test_a_refusal_that_no_majority_has_confirmed_is_unknown(faulty: Mongo, opened: MongoDatabase) -> None:
    await insert(opened)
    with faulty.failing(1, failCommands=["insert"], **NO_MAJORITY), pytest.raises(Unknown):
        await opened.batch(NOTES, [note(0), note(1), note(2)])


async def test_a_commit_that_no_majority_confirms_at_first_is_asked_again(faulty: Mongo, opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    with faulty.failing(2, failCommands=["commitTransaction"], **NO_MAJORITY):
        await both(opened)
    assert await size(opened) == 1


async def test_a_commit_that_no_majority_confirms_is_unknown_in_time(faulty: Mongo, opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    with faulty.failing(10_000, failCommands=["commitTransaction"], **NO_MAJORITY), pytest.raises(Unknown):
        await asyncio.wait_for(both(opened), IN_TIME_S)
    assert await size(opened) == 1


# A server that says nothing


CALLS: dict[str, tuple[Callable[[Database], Coroutine[Any, Any, Any]], type[StoreError]]] = {
    "insert": (insert, Unknown),
    # A transaction that was not committed is nothing, whatever became of its statements.
    "together": (both, Unavailable),
    "increment": (lambda database: database.increment(PLAINS, "p", "size", 1), Unknown),
    "ping": (lambda database: database.ping(), Unknown),
    "find": (lambda database: database.find(NOTES, {"stream": "s"}), Unavailable),
    "tail": (lambda database: database.tail(NOTES, 0, 10), Unavailable),
}


async def test_a_server_that_hangs_is_told_in_time(faulty: Mongo, opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    faulty.freeze()
    try:
        with connecting_in_vain():
            calls = [asyncio.wait_for(call(opened), IN_TIME_S) for call, _ in CALLS.values()]
            answers = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        faulty.thaw()
    told = dict(zip(CALLS, map(type, answers), strict=True))
    # Only the first finds a connection that is made: what the others want is never sent.
    assert told["insert"] is Unknown
    assert {name: kind for name, kind in told.items() if kind not in {CALLS[name][1], Unavailable}} == {}


async def test_a_transaction_that_was_given_up_stands_in_nobodys_way(faulty: Mongo, opened: MongoDatabase) -> None:
    """The server hangs, is given up, and goes on with the transaction when it comes back."""
    await opened.insert(PLAINS, Plain(id="p", size=0))
    faulty.freeze()
    try:
        with connecting_in_vain(), pytest.raises(Unavailable):
            await both(opened)
    finally:
        faulty.thaw()
    begun = time.monotonic()
    while True:
        with contextlib.suppress(Unavailable):
            await both(opened)
            break
        assert time.monotonic() - begun < 20
    assert await size(opened) == 1


async def test_calls_that_wait_for_a_hanging_server_do_not_pile_up(faulty: Mongo, opened: MongoDatabase) -> None:
    async def call(number: int) -> str:
        begun = time.monotonic()
        with pytest.raises((Unavailable, Unknown)) as told:
            await opened.insert(NOTES, note(number))
        assert time.monotonic() - begun < IN_TIME_S
        return str(told.value)

    await asyncio.gather(*(opened.ping() for _ in range(SLOTS)))
    faulty.freeze()
    try:
        with connecting_in_vain():
            told = await asyncio.gather(*(call(number) for number in range(3 * SLOTS)))
    finally:
        faulty.thaw()
    assert sum("busy" in text for text in told) > 0


@pytest.mark.slow
async def test_a_server_that_is_away_is_unavailable_and_a_reader_waits_for_its_return(mongo_part: Mongo) -> None:
    opened = await MongoDatabase.open(mongo_part.url, "test", (NOTES, PLAINS))
    await insert(opened)
    await asyncio.to_thread(mongo_part.kill)
    with pytest.raises((Unavailable, Unknown)):
        await opened.insert(NOTES, note(2))
    # By now it is known to be away: nothing is sent.
    with pytest.raises(Unavailable):
        await opened.insert(NOTES, note(3))
    with pytest.raises(Unavailable):
        await both(opened)
    waiting = asyncio.ensure_future(opened.get(NOTES, "n000001"))
    await asyncio.to_thread(mongo_part.start)
    assert await waiting == note(1)
    assert await opened.get(NOTES, "n000003") is None
    await opened.close()


# Callers that meet, and callers that leave


async def test_counters_that_many_change_at_once_miss_nothing(opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    await asyncio.gather(
        *(
            opened.together([Insert(NOTES, note(100 * writer + turn)), Increment(PLAINS, "p", "size", 1)])
            for writer in range(8)
            for turn in range(5)
        )
    )
    assert await size(opened) == 40
    assert len(await opened.find(NOTES, {"stream": "s"}, by="rev")) == 40


async def test_one_of_those_who_want_the_same_gets_it(opened: MongoDatabase) -> None:
    async def take(taker: int) -> None:
        mine = Note(id=f"taker{taker}", rev=1)
        await opened.together([Insert(NOTES, mine), Insert(PLAINS, Plain(id=f"p{taker}"))])

    answers = await asyncio.gather(*(take(taker) for taker in range(20)), return_exceptions=True)
    refusals = [(each.index, each.position) for each in answers if isinstance(each, Duplicate)]
    assert sorted(answers.count(None) * [("", 0)] + refusals) == [("", 0)] + [("stream_rev", 0)] * 19
    assert len(await opened.find(PLAINS, {}, by="id")) == 1


async def test_words_that_several_change_at_once_are_those_of_the_record(opened: MongoDatabase) -> None:
    await opened.insert(NOTES, note(1, title="title", body="body"))
    await asyncio.gather(
        *(
            opened.update(NOTES, "n000001", {field: f"{field}{turn}"})
            for turn in range(6)
            for field in ("title", "body")
        )
    )
    found = await opened.get(NOTES, "n000001")
    assert found is not None
    assert await opened.search(NOTES, f"{found.title} {found.body}") == [found]


async def test_a_caller_who_leaves_stands_in_nobodys_way(faulty: Mongo, opened: MongoDatabase) -> None:
    await opened.insert(PLAINS, Plain(id="p", size=0))
    for turn in range(20):
        writes: list[Write] = [Insert(NOTES, note(turn)), Increment(PLAINS, "p", "size", 1)]
        left = asyncio.ensure_future(opened.together(writes))
        await asyncio.sleep(turn * 0.0005)
        left.cancel()
        begun = time.monotonic()
        with contextlib.suppress(Duplicate):
            await opened.together(writes)
        assert time.monotonic() - begun < 1
        await asyncio.gather(left, return_exceptions=True)
    again = await closed_and_opened(faulty, opened)
    assert await size(again) == 20
    assert len(await again.find(NOTES, {"stream": "s"}, by="rev")) == 20
    await again.close()


async def test_a_transaction_of_one_who_leaves_is_done_or_not(faulty: Mongo, opened: MongoDatabase) -> None:
    tasks = [
        asyncio.ensure_future(opened.together([Insert(NOTES, note(rev)), Insert(PLAINS, Plain(id=f"p{rev}"))]))
        for rev in range(2 * SLOTS)
    ]
    await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    again = await closed_and_opened(faulty, opened)
    done = {found.rev for found in await again.find(NOTES, {"stream": "s"}, by="rev")}
    assert {int(found.id[1:]) for found in await again.find(PLAINS, {}, by="id", limit=200)} == done
    assert {rev for rev, answer in enumerate(answers) if answer is None} <= done
    # Those who had no slot yet are gone with their callers.
    assert len(done) <= SLOTS + answers.count(None)
    await again.close()


async def closed_and_opened(faulty: Mongo, opened: MongoDatabase) -> MongoDatabase:
    """Wait until nothing is under way, and open the database again."""
    await opened.close()
    return await MongoDatabase.open(faulty.url, opened._link.database.name, (NOTES, PLAINS))


async def test_refusals_name_the_first_write_that_is_refused(opened: MongoDatabase) -> None:
    """Writes are grouped on their way; what a caller is told is as if they were not."""
    await opened.insert(NOTES, note(1))
    with pytest.raises(Mismatch) as mismatch:
        await opened.together([Update(NOTES, "none", {"count": 1}), Insert(NOTES, note(1))])
    assert mismatch.value.position == 0
    with pytest.raises(Duplicate) as duplicate:
        await opened.together([Insert(NOTES, note(2)), Insert(NOTES, note(1)), Update(NOTES, "none", {"count": 1})])
    assert (duplicate.value.position, duplicate.value.index) == (1, "id")
    await opened.together([Update(NOTES, "n000001", {"rev": 9}), Insert(NOTES, Note(id="x", rev=1))])
    assert [found.rev for found in await opened.find(NOTES, {"stream": "s"}, by="rev")] == [1, 9]
