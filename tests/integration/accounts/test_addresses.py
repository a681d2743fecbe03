"""E-mail addresses: proved by a code, unique once proved, and changed only when the new one is proved."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.password.proving import send_code
from services.accounts.secrets import tickets
from services.ids import now_ms
from store.tables import ACTS, ADDRESSES, LOGINS, TICKETS, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.people import Person
from tests.postbox import Postbox


@pytest.fixture
async def parley(tmp_path: Path, postbox: Postbox) -> AsyncIterator[Parley]:
    async with running(tmp_path, smtp_url=postbox.url) as parley:
        yield parley


def address_of(person: Person) -> str:
    return f"{person.account.username}@example.org"


async def me(person: Person) -> Json:
    found: Json = await person.do("users.me")
    return found


async def prove(person: Person, postbox: Postbox, email: str, number: int = 1) -> None:
    await person.do("auth.email.finish", code=await postbox.code_to(email, number))


async def test_code_that_comes_at_registering_proves_the_address(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    assert (await me(ann))["email_verified"] is False
    await prove(ann, postbox, address_of(ann))
    assert (await me(ann))["email_verified"] is True


async def test_log_in_by_address_needs_a_proved_one(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    body = {"login": address_of(ann).upper(), "password": PASSWORD}
    assert (await parley.site.rest.request("POST", "/api/auth/login", body)).code == "bad_credentials"
    await prove(ann, postbox, address_of(ann))
    assert (await parley.site.rest.request("POST", "/api/auth/login", body)).status == 200


async def test_wrong_code_proves_nothing(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    code = await postbox.code_to(address_of(ann))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert await ann.code("auth.email.finish", code=wrong) == "wrong_code"
    assert (await me(ann))["email_verified"] is False


async def test_right_code_comes_too_late_after_five_wrong_ones(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    code = await postbox.code_to(address_of(ann))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    codes = [await ann.code("auth.email.finish", code=wrong) for _ in range(tickets.TRIES)]
    assert codes == ["wrong_code"] * tickets.TRIES
    assert await ann.code("auth.email.finish", code=code) == "ticket_over"


async def test_code_of_somebody_else_proves_nothing(parley: Parley, postbox: Postbox) -> None:
    ann, bob = await parley.people("ann", "bob")
    code = await postbox.code_to(address_of(bob))
    await postbox.code_to(address_of(ann))
    assert await ann.code("auth.email.finish", code=code) == "wrong_code"


async def test_code_works_once(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    code = await postbox.code_to(address_of(ann))
    answers = await asyncio.gather(*(ann.answer("auth.email.finish", code=code) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]


async def test_another_code_may_be_sent_and_the_latest_counts(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    first = await postbox.code_to(address_of(ann))
    assert (await ann.answer("auth.email.verify")).status == 202
    second = await postbox.code_to(address_of(ann), 2)
    if first != second:
        assert await ann.code("auth.email.finish", code=first) == "wrong_code"
    await ann.do("auth.email.finish", code=second)


async def test_code_where_none_was_sent_proves_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    await parley.without_jobs()
    for ticket in await parley.database.find(TICKETS, {"user": ann.id}):
        await parley.database.delete(TICKETS, ticket.id)
    assert await ann.code("auth.email.finish", code="123456") == "ticket_over"


async def test_no_more_codes_are_sent_to_a_proved_address(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    await prove(ann, postbox, address_of(ann))
    assert await ann.code("auth.email.verify") == "conflict"


async def test_owner_of_an_address_is_told_when_somebody_else_claims_it(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    email = address_of(ann)
    await prove(ann, postbox, email)
    body = {"username": "eve", "email": email.upper(), "password": PASSWORD}
    assert (await parley.site.rest.request("POST", "/api/auth/register", body)).status == 201
    letter = await postbox.letter_to(email, 2)
    assert "eve" not in letter.message.as_string()
    await parley.without_jobs()
    assert len(postbox.letters) == 2


async def test_of_two_who_prove_one_address_the_first_has_it(parley: Parley, postbox: Postbox) -> None:
    ann, bob = await parley.people("ann", "bob")
    email = "shared@example.org"
    codes = []
    for number, person in enumerate((ann, bob), 1):
        await person.do("auth.email", email=email)
        codes.append(await postbox.code_to(email, number))
    first, second = await asyncio.gather(
        ann.answer("auth.email.finish", code=codes[0]), bob.answer("auth.email.finish", code=codes[1])
    )
    assert sorted([first.code or "ok", second.code or "ok"]) == ["email_taken", "ok"]
    owner = await parley.database.get(ADDRESSES, email)
    assert owner is not None
    assert owner.user == (ann.id if first.status == 200 else bob.id)


async def test_new_address_takes_the_place_of_the_old_one_once_proved(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    old, new = address_of(ann), "new@example.org"
    await prove(ann, postbox, old)
    await ann.do("auth.email", email=new)
    assert (await me(ann))["email"] == old
    await prove(ann, postbox, new)
    assert ((await me(ann))["email"], (await me(ann))["email_verified"]) == (new, True)
    assert await parley.database.get(ADDRESSES, old) is None
    assert new not in (await postbox.letter_to(old, 2)).message.as_string()


async def test_change_of_a_proved_address_ends_all_other_sessions(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    await prove(ann, postbox, address_of(ann))
    other = Person(parley.site, await parley.site.log_in(ann.account))
    there = await other.connect()
    await ann.do("auth.email", email="new@example.org")
    await prove(ann, postbox, "new@example.org")
    assert await there.code() == 4504
    assert (await other.answer("users.me")).status == 401
    assert (await ann.answer("users.me")).status == 200


async def test_first_proof_of_an_address_ends_no_session(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    other = Person(parley.site, await parley.site.log_in(ann.account))
    await prove(ann, postbox, address_of(ann))
    assert (await other.answer("users.me")).status == 200


async def test_no_code_is_sent_for_an_account_that_was_deleted_meanwhile(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    await parley.without_jobs()
    before = await parley.database.find(TICKETS, {"user": ann.id})
    await parley.database.update(USERS, ann.id, {"deleted_at": now_ms()})
    await send_code(parley.application, {"user": ann.id, "email": "new@example.org"})
    assert await parley.database.find(TICKETS, {"user": ann.id}) == before


async def test_change_is_written_down(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    await prove(ann, postbox, address_of(ann))
    acts = await parley.database.find(ACTS, {"subject": ann.id}, by="id")
    assert "email.proved" in [act.action for act in acts]


async def test_another_address_needs_a_proof_of_who_asks(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    (login,) = await parley.database.find(LOGINS, {"user": ann.id, "live": True}, by="created_at")
    await parley.database.update(LOGINS, login.id, {"created_at": now_ms() - CONFIRMED_MS - 1})
    assert await ann.code("auth.email", email="new@example.org") == "confirmation_needed"


async def test_address_of_other_letters_is_the_same(parley: Parley, postbox: Postbox) -> None:
    (ann,) = await parley.people("ann")
    email = address_of(ann)
    await prove(ann, postbox, email)
    await ann.do("auth.email", email=email.upper())
    await prove(ann, postbox, email.upper())
    assert (await me(ann))["email"] == email.upper()
    owner = await parley.database.get(ADDRESSES, email)
    assert owner is not None
    assert owner.user == ann.id


async def test_codes_are_sent_so_often_and_no_oftener(tmp_path: Path, postbox: Postbox) -> None:
    async with running(tmp_path, smtp_url=postbox.url, limits=True) as parley:
        (ann,) = await parley.people("ann")
        statuses = [(await ann.answer("auth.email.verify")).status for _ in range(4)]
        assert statuses == [202, 202, 429, 429]
