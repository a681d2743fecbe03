"""Passwords: which are refused, how one is changed, and how a forgotten one comes back by mail."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.password.resetting import send_reset
from services.accounts.secrets import tickets
from services.ids import now_ms
from services.operations.limits import MAIL_ACCOUNT
from store.tables import ACTS, ADDRESSES, LOGINS, TICKETS, USERS, Address
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.rest import Answer
from tests.peers import until
from tests.people import Person
from tests.postbox import Postbox

NEW = "another four words entirely"


@pytest.fixture
async def parley(tmp_path: Path, postbox: Postbox) -> AsyncIterator[Parley]:
    async with running(tmp_path, smtp_url=postbox.url) as parley:
        yield parley


async def ask(parley: Parley, what: str, **body: str) -> Answer:
    return await parley.site.rest.request("POST", f"/api/auth/{what}", body)


async def log_in(parley: Parley, person: Person, password: str) -> int:
    return (await ask(parley, "login", login=person.account.username, password=password)).status


async def known(parley: Parley, name: str = "ann") -> tuple[Person, str]:
    """Make somebody who has proved where their mail goes."""
    (person,) = await parley.people(name)
    email = f"{person.account.username}@example.org"
    await parley.database.insert(ADDRESSES, Address(id=email, user=person.id))
    await parley.database.update(USERS, person.id, {"email_verified": True})
    return person, email


async def reset_token(parley: Parley, postbox: Postbox, person: Person, email: str, number: int = 1) -> str:
    assert (await ask(parley, "password/reset", login=person.account.username)).status == 202
    return (await postbox.link_to(email, number)).rpartition("/")[2]


# Which are refused


@pytest.mark.parametrize("password", ["password1", "ann-the-best", "aaaaaaaaaa"])
async def test_account_with_a_password_that_is_guessed_first_is_refused(parley: Parley, password: str) -> None:
    answer = await ask(parley, "register", username="ann-the-b", email="the-best@example.org", password=password)
    assert (answer.status, answer.code) == (400, "weak_password")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/password"]
    assert (await ask(parley, "login", login="ann-the-b", password=password)).status == 401


async def test_passwords_that_differ_after_72_bytes_are_two(parley: Parley) -> None:
    head = "🙂 bytes beyond the first 72 count " * 3
    assert (await ask(parley, "register", username="ann", email="a@x.org", password=head + "a")).status == 201
    assert (await ask(parley, "login", login="ann", password=head + "b")).status == 401
    assert (await ask(parley, "login", login="ann", password=head + "a")).status == 200


async def test_password_with_a_nul_in_it_counts_whole(parley: Parley) -> None:
    assert (await ask(parley, "register", username="ann", email="a@x.org", password="before\0after it")).status == 201
    assert (await ask(parley, "login", login="ann", password="before\0another")).status == 401


async def test_hash_of_less_work_is_made_anew_at_the_next_log_in(tmp_path: Path) -> None:
    async with running(tmp_path) as parley:
        (ann,) = await parley.people("ann")
    async with running(tmp_path, bcrypt_cost=5) as parley:
        assert await log_in(parley, ann, PASSWORD) == 200
        user = await parley.database.get(USERS, ann.id)
        assert user is not None
        assert (user.password or "").split("$")[2] == "05"
        assert await log_in(parley, ann, PASSWORD) == 200


# Changing


async def test_changed_password_is_the_only_one_that_is_right(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert (await ann.answer("auth.password", password=NEW)).status == 204
    assert [await log_in(parley, ann, password) for password in (PASSWORD, NEW)] == [401, 200]


async def test_change_ends_all_other_sessions_and_their_sockets(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    other = Person(parley.site, await parley.site.log_in(ann.account))
    here, there = await ann.connect(), await other.connect()
    await ann.do("auth.password", password=NEW)
    assert await there.code() == 4504
    assert (await other.answer("users.me")).status == 401
    assert await here.call("ping") == {}


async def test_change_is_told_by_mail_and_written_down(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    await ann.do("auth.password", password=NEW)
    letter = await postbox.letter_to(email, about="changed")
    assert NEW not in letter.message.as_string()
    acts = await parley.database.find(ACTS, {"subject": ann.id}, by="id")
    assert "password.changed" in [act.action for act in acts]


async def old_session(parley: Parley, person: Person) -> None:
    """Let the session be one that began an hour ago."""
    for login in await parley.database.find(LOGINS, {"user": person.id, "live": True}, by="created_at"):
        await parley.database.update(LOGINS, login.id, {"created_at": now_ms() - CONFIRMED_MS - 1})


async def test_change_needs_the_present_password_where_there_was_no_proof_lately(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    await old_session(parley, ann)
    assert await ann.code("auth.password", password=NEW) == "confirmation_needed"
    assert await ann.code("auth.password", password=NEW, current="not this one") == "bad_credentials"
    assert (await ann.answer("auth.password", password=NEW, current=PASSWORD)).status == 204


async def test_wrong_present_password_is_refused_even_after_a_proof(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.code("auth.password", password=NEW, current="not this one") == "bad_credentials"
    assert await log_in(parley, ann, PASSWORD) == 200


async def test_present_password_is_guessed_five_times_at_most(tmp_path: Path) -> None:
    async with running(tmp_path, limits=True) as parley:
        (ann,) = await parley.people("ann")
        codes = [await ann.code("auth.password", password=NEW, current="not this one") for _ in range(7)]
        assert codes == ["bad_credentials"] * 5 + ["rate_limited"] * 2


async def test_change_to_a_common_password_is_refused(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.code("auth.password", password="trustno1") == "weak_password"


async def test_of_two_changes_at_the_same_moment_one_is_made(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    gate = parley.store.hold("together", times=2)
    changing = [asyncio.create_task(ann.answer("auth.password", password=NEW + end)) for end in "ab"]
    await until(lambda: gate.waiting == 2)
    gate.release()
    answers = await asyncio.gather(*changing)
    assert sorted(answer.status for answer in answers) == [204, 409]


# Resetting


async def test_forgotten_password_comes_back_by_mail(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    answer = await ask(parley, "password/reset/finish", token=token, password=NEW)
    assert (answer.status, answer.body) == (204, b"")
    assert [await log_in(parley, ann, password) for password in (PASSWORD, NEW)] == [401, 200]


async def test_link_of_a_reset_has_its_token_where_no_server_sees_it(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    await reset_token(parley, postbox, ann, email)
    link = await postbox.link_to(email)
    assert link.startswith(f"{parley.application.url}/#/reset/")


async def test_reset_may_be_asked_for_by_address(parley: Parley, postbox: Postbox) -> None:
    _, email = await known(parley)
    assert (await ask(parley, "password/reset", login=email.upper())).status == 202
    assert await postbox.link_to(email)


async def test_reset_works_once(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    asked = (ask(parley, "password/reset/finish", token=token, password=f"{NEW} {n}") for n in range(5))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status for answer in answers) == [204, 401, 401, 401, 401]
    assert {answer.code for answer in answers if answer.status == 401} == {"ticket_over"}
    again = await ask(parley, "password/reset/finish", token=token, password=NEW)
    assert (again.status, again.code) == (401, "ticket_over")


async def test_reset_ends_with_the_password_it_is_for(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    await ann.do("auth.password", password=NEW)
    answer = await ask(parley, "password/reset/finish", token=token, password="yet other four words")
    assert (answer.status, answer.code) == (401, "ticket_over")
    assert await log_in(parley, ann, NEW) == 200


async def test_reset_ends_after_half_an_hour(parley: Parley, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    monkeypatch.setattr(tickets, "now_ms", lambda: now_ms() + 30 * 60_000)
    answer = await ask(parley, "password/reset/finish", token=token, password=NEW)
    assert (answer.status, answer.code) == (401, "ticket_over")


async def test_reset_ends_all_sessions_and_api_tokens(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    made = await ann.do("auth.tokens.make", name="robot", scopes=["read"])
    live = await ann.connect()
    token = await reset_token(parley, postbox, ann, email)
    assert (await ask(parley, "password/reset/finish", token=token, password=NEW)).status == 204
    assert await live.code() == 4504
    assert (await ann.answer("users.me")).status == 401
    assert (await parley.site.rest.request("GET", "/api/users/me", token=made["token"])).status == 401


async def test_reset_is_told_by_mail_and_written_down(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    assert (await ask(parley, "password/reset/finish", token=token, password=NEW)).status == 204
    assert NEW not in (await postbox.letter_to(email, about="changed")).message.as_string()
    acts = await parley.database.find(ACTS, {"subject": ann.id}, by="id")
    assert "password.reset" in [act.action for act in acts]


async def test_reset_to_a_common_password_is_refused_and_may_be_tried_again(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    weak = await ask(parley, "password/reset/finish", token=token, password="trustno1")
    assert (weak.status, weak.code) == (400, "weak_password")
    assert (await ask(parley, "password/reset/finish", token=token, password=NEW)).status == 204


async def test_token_of_a_reset_is_not_in_the_store(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    token = await reset_token(parley, postbox, ann, email)
    kept = await parley.database.find(TICKETS, {"kind": "reset", "user": ann.id})
    assert len(kept) == 1
    assert token not in repr(kept)


async def test_nobody_and_somebody_are_answered_alike(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    (unproved,) = await parley.people("bob")
    answers = [
        await ask(parley, "password/reset", login=login)
        for login in (ann.account.username, email, "nobody", "nobody@example.org", unproved.account.username)
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(202, b"{}")}


async def test_no_letter_goes_where_nobody_has_proved_to_be(parley: Parley, postbox: Postbox) -> None:
    ann, email = await known(parley)
    (bob,) = await parley.people("bob")
    for login in (bob.account.username, f"{bob.account.username}@example.org", "nobody@example.org"):
        await ask(parley, "password/reset", login=login)
    await reset_token(parley, postbox, ann, email)
    assert [letter.to for letter in postbox.letters if "reset" in letter.text] == [email]


async def test_no_letter_goes_to_somebody_who_was_deleted_meanwhile(parley: Parley) -> None:
    ann, email = await known(parley)
    await parley.database.update(USERS, ann.id, {"deleted_at": now_ms()})
    await send_reset(parley.application, {"login": email, "address": "127.0.0.1"})
    assert await parley.database.find(TICKETS, {"kind": "reset", "user": ann.id}) == []


async def test_person_gets_so_many_letters_and_no_more_however_asked(tmp_path: Path, postbox: Postbox) -> None:
    async with running(tmp_path, smtp_url=postbox.url, limits=True) as parley:
        ann, email = await known(parley)
        other, other_email = await known(parley, "eve")
        for login in (ann.account.username, email) * 2:
            assert (await ask(parley, "password/reset", login=login)).status == 202
        assert (await ask(parley, "password/reset", login=email)).status == 429
        await reset_token(parley, postbox, other, other_email)
        assert len([letter for letter in postbox.letters_to(email) if "reset" in letter.text]) == MAIL_ACCOUNT.burst


async def test_stranger_who_asks_for_resets_keeps_nobody_from_theirs(tmp_path: Path, postbox: Postbox) -> None:
    proxies = frozenset({ip_network("127.0.0.0/8")})
    async with running(tmp_path, smtp_url=postbox.url, limits=True, trusted_proxies=proxies) as parley:
        ann, email = await known(parley)
        for number in range(2 * MAIL_ACCOUNT.burst):
            headers = {"X-Forwarded-For": f"192.0.2.{number + 1}"}
            body = {"login": ann.account.username}
            answer = await parley.site.rest.request("POST", "/api/auth/password/reset", body, headers=headers)
            assert answer.status == 202
        await parley.without_jobs()
        letters = len(postbox.letters_to(email))
        assert (await ask(parley, "password/reset", login=email)).status == 202
        await postbox.letter_to(email, letters + 1)


async def test_resets_are_asked_for_ten_times_an_hour_from_one_address(tmp_path: Path) -> None:
    async with running(tmp_path, limits=True) as parley:
        statuses = [(await ask(parley, "password/reset", login=f"nobody{n}")).status for n in range(12)]
        assert statuses == [202] * 10 + [429] * 2
