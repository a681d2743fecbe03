"""Tickets: good once, for one thing, and not for long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.secrets import tickets
from services.accounts.secrets.sealing import Sealer
from services.errors import TicketOver, WrongCode
from services.ids import now_ms
from store import open_database
from store.database import Database, Increment
from store.tables import TICKETS, USERS, Ticket

SEALER = Sealer(b"k" * 32)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "data", None) as database:
        yield database


async def given(database: Database, life_s: float = 60.0, code: str = "123456") -> tuple[str, Ticket]:
    token, ticket = tickets.issue("reset", life_s, user="ann", code=tickets.hashed(SEALER, code))
    await database.insert(TICKETS, ticket)
    return token, ticket


async def test_ticket_is_found_by_its_token(database: Database) -> None:
    token, ticket = await given(database)
    assert await tickets.look(database, "reset", token) == ticket


async def test_token_is_not_in_the_store(database: Database) -> None:
    token, _ = await given(database)
    kept = await database.find(TICKETS, {"kind": "reset", "user": "ann"})
    assert token not in repr(kept)
    assert "123456" not in repr(kept)


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
async def test_ticket_that_was_never_given_is_over(database: Database, token: str) -> None:
    await given(database)
    with pytest.raises(TicketOver):
        await tickets.look(database, "reset", token)


async def test_ticket_is_good_for_its_own_thing_alone(database: Database) -> None:
    token, _ = await given(database)
    with pytest.raises(TicketOver):
        await tickets.look(database, "second", token)


async def test_ticket_ends_by_itself(database: Database) -> None:
    token, _ = await given(database, life_s=0.0)
    with pytest.raises(TicketOver):
        await tickets.look(database, "reset", token)


async def test_used_ticket_is_over(database: Database) -> None:
    token, ticket = await given(database)
    await tickets.spend(database, ticket)
    with pytest.raises(TicketOver):
        await tickets.look(database, "reset", token)


async def test_of_two_who_use_a_ticket_at_once_one_does(database: Database) -> None:
    _, ticket = await given(database)
    results = await asyncio.gather(*(tickets.spend(database, ticket) for _ in range(8)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, TicketOver) for result in results) == 7


async def test_ticket_stays_good_where_what_it_is_for_is_refused(database: Database) -> None:
    token, ticket = await given(database)
    with pytest.raises(Exception, match="missing"):
        await tickets.spend(database, ticket, Increment(USERS, "nobody", "totp_step", 1))
    assert (await tickets.look(database, "reset", token)).used_at is None


async def test_right_code_passes(database: Database) -> None:
    token, ticket = await given(database)
    await tickets.check_code(database, SEALER, ticket, "123456")
    assert (await tickets.look(database, "reset", token)).tries == 1


async def test_wrong_code_is_refused(database: Database) -> None:
    _, ticket = await given(database)
    with pytest.raises(WrongCode):
        await tickets.check_code(database, SEALER, ticket, "123457")


async def test_ticket_without_a_code_takes_none(database: Database) -> None:
    _, ticket = tickets.issue("reset", 60.0)
    await database.insert(TICKETS, ticket)
    with pytest.raises(WrongCode):
        await tickets.check_code(database, SEALER, ticket, "")


async def test_right_code_comes_too_late_after_five_tries(database: Database) -> None:
    token, _ = await given(database)
    for _ in range(tickets.TRIES):
        with pytest.raises(WrongCode):
            await tickets.check_code(database, SEALER, await tickets.look(database, "reset", token), "000000")
    with pytest.raises(TicketOver):
        await tickets.check_code(database, SEALER, await tickets.look(database, "reset", token), "123456")


async def test_tries_at_the_same_moment_count_as_one_and_the_others_are_refused(database: Database) -> None:
    token, ticket = await given(database)
    tries = (tickets.check_code(database, SEALER, ticket, f"{guess:06}") for guess in range(50))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, WrongCode) for result in results) == 1
    assert sum(isinstance(result, TicketOver) for result in results) == 49
    assert (await tickets.look(database, "reset", token)).tries == 1


def test_codes_are_six_digits_and_spread() -> None:
    codes = {tickets.new_code() for _ in range(1000)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 990


def test_ticket_lives_as_long_as_asked_for() -> None:
    _, ticket = tickets.issue("reset", 1800.0)
    assert ticket.expires_at - ticket.created_at == 1_800_000
    assert abs(ticket.created_at - now_ms()) < 1000


def test_ticket_keeps_what_it_is_bound_to() -> None:
    _, ticket = tickets.issue("reset", 60, user="ann", bound="hash", code="digest", data={"email": "a@b"})
    assert (ticket.user, ticket.bound, ticket.code, ticket.data) == ("ann", "hash", "digest", {"email": "a@b"})
    _, empty = tickets.issue("state", 60)
    assert (empty.user, empty.bound, empty.code, empty.data) == ("", None, None, {})
