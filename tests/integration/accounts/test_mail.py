"""Letters on their way: written down by a node, taken by a real mail server, whatever happens in between."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.ids import now_ms
from services.jobs import pauses
from services.mail.letter import letter
from store import open_database
from store.database import Database, Insert
from store.tables import JOBS, Job
from tests import application
from tests.application import Parley
from tests.brokers import until
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.postbox import Postbox
from tests.processes import ServerProcess, running
from tests.working import eventually, gone


@pytest.fixture
async def node(store: Store, postbox: Postbox) -> AsyncIterator[Parley]:
    """A node on each store in turn, whose letters come into ``postbox``."""
    async with application.running(store.folder, mongo_url=store.mongo, smtp_url=postbox.url) as parley:
        yield parley


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that a test can wait for."""
    monkeypatch.setattr(pauses, "FIRST_S", 0.05)
    monkeypatch.setattr(pauses, "LONGEST_S", 0.2)


async def write_to(parley: Parley, *addresses: str) -> list[Job]:
    """Write letters down and wake the node."""
    seals = parley.application.sealer
    rows = [letter("code", address, "en", seals, name="Ada", code="123456") for address in addresses]
    await parley.database.together([Insert(JOBS, row) for row in rows])
    parley.application.jobs.wake()
    return rows


async def dead(database: Database) -> list[Job]:
    """Wait until there is a dead job; return all of them."""
    return await eventually(lambda: database.find(JOBS, {"state": "dead"}))


async def test_a_letter_arrives(node: Parley, postbox: Postbox) -> None:
    (row,) = await write_to(node, "ada@example.org")
    arrived = await postbox.letter_to("ada@example.org")
    assert (arrived.code, arrived.id, arrived.sender) == ("123456", f"<{row.id}@localhost>", "parley@localhost")
    await node.without_jobs()
    assert await node.database.get(JOBS, row.id) is None


async def test_whom_letters_are_from_and_where_they_lead_is_set(tmp_path: Path, postbox: Postbox) -> None:
    chosen = {"url": "https://chat.example", "mail_from": "Our chat <post@mail.example>", "smtp_url": postbox.url}
    async with application.running(tmp_path, **chosen) as parley:
        row = letter("reset", "ada@example.org", "pt", parley.application.sealer, token="abc")
        await parley.database.insert(JOBS, row)
        parley.application.jobs.wake()
        arrived = await postbox.letter_to("ada@example.org")
    assert (str(arrived.message["From"]), arrived.sender) == ("Our chat <post@mail.example>", "post@mail.example")
    assert arrived.link == "https://chat.example/#/reset/abc"
    assert arrived.subject == "Escolha uma nova senha"


async def test_letters_wait_for_a_mail_server_that_is_down(node: Parley, postbox: Postbox, swift: None) -> None:
    postbox.stop()
    addresses = [f"p{number}@example.org" for number in range(20)]
    rows = await write_to(node, *addresses)

    async def failed() -> bool:
        found = await node.database.get_many(JOBS, [row.id for row in rows])
        return min(row.failed for row in found.values()) >= 2

    await eventually(failed)
    postbox.start()
    arrived = await postbox.until(20)
    assert sorted(each.to for each in arrived) == sorted(addresses)
    await node.without_jobs()
    assert len(postbox.letters) == 20


async def test_an_address_that_nobody_has_is_given_up_and_named_in_no_log(
    node: Parley, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.answer("ada.lovelace@example.org", "550 5.1.1 <ada.lovelace@example.org>: nobody")
    await write_to(node, "ada.lovelace@example.org")
    (row,) = await dead(node.database)
    assert row.reason == "code: address: SMTPRecipientRefused 550"
    assert "facts" not in row.work
    told = [record for record in caplog.records if record.getMessage() == "a job is dead"]
    assert [record.__dict__["reason"] for record in told] == [row.reason]
    ours = [str(vars(record)) for record in caplog.records if record.name.startswith(("services", "store", "parley"))]
    assert not [text for text in ours if "lovelace" in text or "123456" in text]


async def test_a_slow_mail_server_holds_nothing_else_up(node: Parley, postbox: Postbox) -> None:
    (ann,) = await node.people("ann")
    await postbox.letter_to(f"{ann.account.username}@example.org")
    with postbox.holding():
        await write_to(node, *(f"p{number}@example.org" for number in range(30)))
        await until(lambda: postbox.coming >= 5, "the server has what it takes at once")
        began = time.monotonic()
        for _ in range(10):
            await ann.do("users.me")
        # Another kind of job: the code for an address is made by one, and its letter by another.
        bea = (await node.people("bea"))[0]
        await eventually(lambda: _waits_for(node.database, f"{bea.account.username}@example.org"))
        assert time.monotonic() - began < 5
    await postbox.until(32)


async def _waits_for(database: Database, address: str) -> bool:
    rows = await database.find(JOBS, {"state": "waiting", "kind": "mail"}, limit=100)
    return any(row.work["to"] == address for row in rows)


# Nodes that end


@asynccontextmanager
async def beside(store: Store) -> AsyncIterator[Database]:
    """Open the store of processes, as they do."""
    async with open_database(store.folder / "data", store.mongo) as database:
        yield database


async def age_leases(database: Database) -> None:
    """Let the time of every lease be over."""
    for row in await database.find(JOBS, {"state": "waiting", "kind": "mail"}):
        await database.update(JOBS, row.id, {"due_at": now_ms()})


@pytest.mark.parametrize("taken", [True, False])
async def test_a_letter_of_a_node_killed_while_it_was_taken_arrives_once_more_at_most(
    store: Store, postbox: Postbox, taken: bool
) -> None:
    first = store.server(PARLEY_SMTP_URL=postbox.url)
    await asyncio.to_thread(first.start)
    try:
        async with Site(first.address) as site:
            with postbox.holding(taken=taken):
                person = await site.register("ann")
                await until(lambda: postbox.coming == 1, "the letter is being taken")
                await asyncio.to_thread(first.kill)
    finally:
        first.kill()
    async with beside(store) as database:
        assert [row.begun for row in await database.find(JOBS, {"state": "waiting", "kind": "mail"})] == [1]
        await age_leases(database)
        async with running(store.server(PARLEY_SMTP_URL=postbox.url)):
            address = f"{person.username}@example.org"
            letters = [await postbox.letter_to(address, number) for number in range(1, taken + 2)]
            await gone(database, "mail")
    assert len(postbox.letters_to(address)) == taken + 1
    assert len({each.id for each in letters}) == 1


async def test_a_node_that_ends_finishes_the_letter_it_has_begun(store: Store, postbox: Postbox) -> None:
    process = store.server(PARLEY_SMTP_URL=postbox.url)
    async with running(process), Site(process.address) as site:
        with postbox.holding():
            person = await site.register("ann")
            await until(lambda: postbox.coming == 1, "the letter is being taken")
            stopping = asyncio.create_task(asyncio.to_thread(process.stop))
            await until(lambda: any("draining" in line for line in process.log), "draining")
        assert await stopping == 0
    async with beside(store) as database:
        assert await database.find(JOBS, {"state": "waiting", "kind": "mail"}) == []
    assert len(postbox.letters_to(f"{person.username}@example.org")) == 1


# Without a mail server


async def test_without_a_mail_server_letters_are_written_to_the_terminal(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "data")
    async with running(process), Site(process.address) as site:
        person = await site.register("ann")
        await until(lambda: any(f"To: {person.username}@example.org" in line for line in process.log), "a letter")
        await until(lambda: any("Nobody reads answers" in line for line in process.log), "all of it")
    assert all(line.startswith("  |") for line in process.log if "Nobody reads answers" in line)


async def test_where_others_reach_the_server_no_letter_is_written_to_the_terminal(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "data", "--url", "https://chat.example")
    async with running(process), Site(process.address) as site:
        await site.register("ann")
        await until(lambda: any("no mail server is set" in line for line in process.log), "it is told why")
    assert not [line for line in process.log if "  |" in line or "@example.org" in line]


async def test_a_url_of_a_mail_server_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "data", "--smtp-url", "smtp://ada:Gq7@mail.example/path")
    with pytest.raises(AssertionError, match="the URL of the mail server is more or less than"):
        await asyncio.to_thread(process.start)
    assert not [line for line in process.log if "Gq7" in line]
