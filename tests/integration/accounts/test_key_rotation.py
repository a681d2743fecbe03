"""The key of tokens changes at midnight while people talk: nobody is sent away, and no node is restarted."""

import asyncio

import pytest

from services.accounts.logins import tokens
from tests.application import Parley
from tests.people import Person

PEOPLE = 8
ROUNDS = 40


async def test_nobody_notices_that_the_key_changes(one: Parley, two: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    day = tokens.today()
    monkeypatch.setattr(tokens, "today", lambda: day)
    people = await one.people(*(f"p{number}" for number in range(PEOPLE)))
    rounds = 0

    async def talk(person: Person) -> None:
        nonlocal rounds
        for number in range(ROUNDS):
            node = (one, two)[number % 2]
            there = person.at(node.site)
            assert (await there.account.request("GET", "/api/users/me")).status == 200
            socket = await node.site.connect(there.account)
            assert (await socket.close()).code == 1000
            if number % 5 == 0:
                there.account.refresh_token = person.account.refresh_token
                await there.account.refresh()
                person.account.token, person.account.refresh_token = there.account.token, there.account.refresh_token
            rounds += 1
            if rounds == PEOPLE * ROUNDS // 2:
                monkeypatch.setattr(tokens, "today", lambda: day + 1)

    talking = [asyncio.create_task(talk(person)) for person in people]
    async with asyncio.timeout(50):
        await asyncio.gather(*talking)
    kids = {one.application.tokens.issue("u", "n", "l").partition(".")[0], people[0].account.token.partition(".")[0]}
    assert len(kids) == 1, "those that were renewed last are of the new day"
