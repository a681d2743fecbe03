"""Proofs on two nodes of each store that hear nothing of each other: what is good once is good once on all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.client.site import Site
from tests.integration.conftest import Store
from tests.people import Person
from tests.processes import running
from tests.proofs import Steps, ask, codes, first_proof, passkey_at, second_proof, to_use, totp_on

URL = "http://localhost"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass(frozen=True, slots=True)
class Node:
    """A node in a process of its own."""

    site: Site


@pytest.fixture
async def nodes(store: Store) -> AsyncIterator[list[Node]]:
    async with AsyncExitStack() as stack:
        found = []
        for name in ("a", "b"):
            server = store.server(PARLEY_URL=URL, PARLEY_NODE=name)
            await stack.enter_async_context(running(server))
            found.append(Node(await stack.enter_async_context(Site(server.address))))
        yield found


@pytest.fixture
async def ann(nodes: list[Node]) -> Person:
    return await Person.register(nodes[0].site, "ann")


async def tickets(nodes: list[Node], person: Person, count: int) -> list[str]:
    return [(await first_proof(nodes[number % 2], person))["ticket"] for number in range(count)]


async def test_code_of_the_app_works_once(nodes: list[Node], ann: Person) -> None:
    app = await totp_on(ann, Steps())
    asked = await tickets(nodes, ann, 4)
    code = app.code(1)
    tries = (second_proof(nodes[number % 2], ticket, "totp", code=code) for number, ticket in enumerate(asked))
    assert codes(*await asyncio.gather(*tries)) == ["ok"] + ["wrong_code"] * 3


async def test_backup_code_works_once(nodes: list[Node], ann: Person) -> None:
    app = await totp_on(ann, Steps())
    asked = await tickets(nodes, ann, 4)
    code = app.backup_codes[0]
    tries = (second_proof(nodes[number % 2], ticket, "backup", code=code) for number, ticket in enumerate(asked))
    assert codes(*await asyncio.gather(*tries)) == ["ok"] + ["wrong_code"] * 3


async def test_ticket_works_once(nodes: list[Node], ann: Person) -> None:
    app = await totp_on(ann, Steps())
    (ticket,) = await tickets(nodes, ann, 1)
    spare = app.backup_codes[:4]
    tries = (second_proof(nodes[number % 2], ticket, "backup", code=code) for number, code in enumerate(spare))
    assert codes(*await asyncio.gather(*tries)) == ["ok"] + ["ticket_over"] * 3
    assert (await ann.account.get("auth", "proofs"))["backup_codes"] == 9


async def test_challenge_works_once(nodes: list[Node], ann: Person) -> None:
    authenticator, _ = await passkey_at(URL, ann)
    asked = await to_use(nodes[0])
    body = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])}
    answers = await asyncio.gather(*(ask(nodes[number % 2], "passkey", **body) for number in range(4)))
    assert codes(*answers) == ["ok"] + ["ticket_over"] * 3


async def test_changes_at_once_are_one(nodes: list[Node], ann: Person) -> None:
    await totp_on(ann, Steps())
    mine = [ann.at(node.site) for node in nodes]
    answers = await asyncio.gather(*(each.account.request("DELETE", "/api/auth/totp") for each in mine * 2))
    assert codes(*answers)[-1] == "ok"
    assert set(codes(*answers)[:-1]) <= {"conflict", "not_found"}
