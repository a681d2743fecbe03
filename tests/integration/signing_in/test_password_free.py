"""Accounts without a password: made by a code that comes by mail, and logged in to by one."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.accounts.second.mailed import codes as codes_by_mail
from services.accounts.second.mailed import signing_up
from services.accounts.second.mailed.codes import LIFE_S
from services.accounts.secrets.tickets import TRIES, digest
from services.ids import now_ms
from services.operations.limits import MAIL_ACCOUNT, MAIL_ADDRESS
from store.tables import ADDRESSES, LOGINS, MEMBERS, ROOMS, TICKETS, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.client.rest import Answer
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    ask,
    code_to,
    codes,
    login_of,
    nothing_to_do,
    passkey_on,
    prefer_mail,
    second_proof,
    totp_on,
    verified,
)
from tests.proofs import steps as steps  # a fixture

SUBJECT = "Your code to sign up"
EMAIL = "Bea@example.org"


async def begun(parley: Parley, postbox: Postbox, username: str = "bea", number: int = 1) -> dict[str, object]:
    """Ask for an account; return the ticket and the code that came."""
    asked = await ask(parley, "signup", username=username, email=EMAIL)
    assert (asked.status, asked.json.keys()) == (202, {"ticket"})
    return {"ticket": asked.json["ticket"], "code": await code_to(postbox, EMAIL, number, SUBJECT)}


async def signed_up(parley: Parley, postbox: Postbox) -> Person:
    answer = await ask(parley, "signup/finish", **await begun(parley, postbox))
    assert answer.status == 201, answer
    return Person(parley.site, Account(parley.site.rest, "bea", "", answer.json))


async def mailed(parley: Parley, postbox: Postbox, login: str, email: str, number: int = 1, **more: object) -> Answer:
    """Log in by a code that comes by mail."""
    asked = await ask(parley, "mail", login=login)
    assert (asked.status, asked.json.keys()) == (202, {"ticket"})
    code = await code_to(postbox, email, number)
    return await ask(parley, "mail/finish", ticket=asked.json["ticket"], code=code, **more)


# Sign up


async def test_account_is_made_with_a_proved_address_and_no_password(posting: Parley, postbox: Postbox) -> None:
    bea = await signed_up(posting, postbox)
    me = await bea.account.get("users", "me")
    assert (me["username"], me["email"], me["email_verified"]) == ("bea", EMAIL, True)
    address = await posting.database.get(ADDRESSES, EMAIL.lower())
    assert address is not None
    assert address.user == bea.id
    assert (await bea.account.get("auth", "proofs"))["password"] is False
    (login,) = await posting.database.find(LOGINS, {"user": bea.id, "live": True}, by="created_at")
    assert login.methods == ("mail",)
    assert await posting.database.get(ROOMS, bea.stream) is not None
    assert await posting.database.find(MEMBERS, {"user": bea.id}, limit=1)


async def test_nothing_is_made_before_the_address_is_proved(posting: Parley, postbox: Postbox) -> None:
    with_code = await begun(posting, postbox)
    assert await posting.database.find(USERS, {"name_key": "bea"}) == []
    assert (await ask(posting, "login", login="bea", password=PASSWORD)).code == "bad_credentials"
    # Whoever is faster has the name; what was begun is nobody's.
    taken = {"username": "BEA", "email": "other@example.org", "password": PASSWORD}
    assert (await ask(posting, "register", **taken)).status == 201
    assert (await ask(posting, "signup/finish", **with_code)).code == "username_taken"


async def test_sign_up_that_was_not_finished_is_in_nobody_s_way(posting: Parley, postbox: Postbox) -> None:
    first = await begun(posting, postbox, "bea")
    second = await begun(posting, postbox, "bea", 2)
    assert (await ask(posting, "signup/finish", **second)).status == 201
    again = await ask(posting, "signup/finish", **first)
    assert again.code in ("username_taken", "email_taken")
    (user,) = await posting.database.find(USERS, {"name_key": "bea"})
    assert user.email_verified


async def test_signing_up_anew_takes_nobody_s_account_away(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email = await verified(posting)
    (claims,) = await posting.people("eve")
    await posting.database.update(USERS, claims.id, {"email": email})
    await nothing_to_do(posting)
    postbox.clear()
    asked = await ask(posting, "signup", username="bea", email=email.upper())
    assert (asked.status, asked.json.keys()) == (202, {"ticket"})
    assert "gave your address" in (await postbox.letter_to(email)).subject
    found = [
        (await ask(posting, "signup/finish", ticket=asked.json["ticket"], code=code)).code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555")
    ]
    assert found == ["wrong_code"] * TRIES + ["ticket_over"]
    for person in (ann, claims):
        assert (await posting.site.log_in(person.account)).id == person.id


async def test_taken_username_is_refused_at_once(posting: Parley) -> None:
    (ann,) = await posting.people("ann")
    answer = await ask(posting, "signup", username=ann.account.username.upper(), email=EMAIL)
    assert (answer.status, answer.code) == (409, "username_taken")


async def test_account_is_made_once_by_two_at_once(posting: Parley, postbox: Postbox) -> None:
    with_code = await begun(posting, postbox)
    answers = await asyncio.gather(*(ask(posting, "signup/finish", **with_code) for _ in range(2)))
    assert codes(*answers) == ["ok", "ticket_over"]


async def test_address_becomes_one_account_s_by_two_at_once(posting: Parley, postbox: Postbox) -> None:
    tries = [await begun(posting, postbox, "bea", 1), await begun(posting, postbox, "bob", 2)]
    answers = await asyncio.gather(*(ask(posting, "signup/finish", **each) for each in tries))
    assert codes(*answers) == ["email_taken", "ok"]


async def test_code_of_a_sign_up_is_for_that_alone_and_not_for_long(posting: Parley, postbox: Postbox) -> None:
    with_code = await begun(posting, postbox)
    for what in ("mail/finish", "recover/finish"):
        more = {"recovery_code": "x" * 8} if what.startswith("recover") else {}
        assert (await ask(posting, what, **with_code, **more)).code == "ticket_over"
    ticket = await posting.database.get(TICKETS, digest(str(with_code["ticket"])))
    assert ticket is not None
    assert ticket.expires_at - ticket.created_at == LIFE_S * 1000
    assert str(with_code["code"]) not in str(ticket), "kept hashed"
    await posting.database.update(TICKETS, ticket.id, {"expires_at": now_ms()})
    assert (await ask(posting, "signup/finish", **with_code)).code == "ticket_over"


# Log in


async def test_code_by_mail_logs_in_once(posting: Parley, postbox: Postbox) -> None:
    bea = await signed_up(posting, postbox)
    asked = (await ask(posting, "mail", login="BEA")).ok()
    body = {"ticket": asked["ticket"], "code": await code_to(postbox, EMAIL), "remember": False}
    answers = await asyncio.gather(*(ask(posting, "mail/finish", **body) for _ in range(2)))
    assert codes(*answers) == ["ok", "ticket_over"]
    (good,) = [answer for answer in answers if answer.status == 200]
    login = await login_of(posting, good)
    assert (login.user, login.methods, login.remembered) == (bea.id, ("mail",), False)
    assert (await ask(posting, "mail/finish", **body)).code == "ticket_over"


async def test_code_that_one_node_sent_logs_in_on_another(posting: Parley, postbox: Postbox, tmp_path: Path) -> None:
    async with running(tmp_path, smtp_url=postbox.url) as two:  # it may be the one that sends the letter
        await signed_up(posting, postbox)
        asked = (await ask(posting, "mail", login="bea")).ok()
        code = await code_to(postbox, EMAIL)
        assert (await ask(two, "mail/finish", ticket=asked["ticket"], code=code)).status == 200


async def test_app_is_asked_for_after_the_code(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    bea = await signed_up(posting, postbox)
    app = await totp_on(bea, steps)
    found = await mailed(posting, postbox, "bea", EMAIL)
    assert (found.code, found.json["methods"]) == ("second_factor", ["totp", "backup"])
    answer = await second_proof(posting, found.json["ticket"], "totp", code=app.next())
    assert (await login_of(posting, answer)).methods == ("mail", "totp")


async def test_passkey_is_asked_for_after_the_code(posting: Parley, postbox: Postbox) -> None:
    """A mailbox alone opens no account that has anything better."""
    bea = await signed_up(posting, postbox)
    authenticator, _ = await passkey_on(posting, bea)
    backups = (await bea.account.request("POST", "/api/auth/backup-codes")).ok()["backup_codes"]
    found = await mailed(posting, postbox, "bea", EMAIL)
    assert (found.code, found.json["methods"]) == ("second_factor", ["passkey", "backup"])
    asked = (await ask(posting, "login/second/passkey", ticket=found.json["ticket"])).ok()
    answer = await second_proof(
        posting, found.json["ticket"], "passkey", credential=authenticator.get(asked["options"])
    )
    assert (await login_of(posting, answer)).methods == ("mail", "passkey")
    found = await mailed(posting, postbox, "bea", EMAIL, 2)
    assert (await second_proof(posting, found.json["ticket"], "backup", code=backups[0])).status == 200


async def test_password_is_asked_for_where_mail_was_to_be_the_second(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    found = await mailed(posting, postbox, email, email)
    assert (found.code, found.json["methods"]) == ("second_factor", ["password"])
    ticket = found.json["ticket"]
    assert (await second_proof(posting, ticket, "password", password="not this one")).code == "bad_credentials"
    answer = await second_proof(posting, ticket, "password", password=PASSWORD)
    assert (await login_of(posting, answer)).methods == ("mail", "password")


async def test_wrong_codes_end_a_ticket(posting: Parley, postbox: Postbox) -> None:
    await signed_up(posting, postbox)
    asked = (await ask(posting, "mail", login="bea")).ok()
    code = await code_to(postbox, EMAIL)
    wrong = "000000" if code != "000000" else "111111"
    body = {"ticket": asked["ticket"]}
    found = [(await ask(posting, "mail/finish", code=wrong, **body)).code for _ in range(TRIES)]
    assert found == ["wrong_code"] * TRIES
    assert (await ask(posting, "mail/finish", code=code, **body)).code == "ticket_over"


async def test_code_of_an_address_of_before_logs_nobody_in(posting: Parley, postbox: Postbox) -> None:
    bea = await signed_up(posting, postbox)
    asked = (await ask(posting, "mail", login="bea")).ok()
    code = await code_to(postbox, EMAIL)
    await posting.database.update(USERS, bea.id, {"email": "other@example.org"})
    assert (await ask(posting, "mail/finish", ticket=asked["ticket"], code=code)).code == "ticket_over"


async def test_banned_and_deleted_are_not_let_in(posting: Parley, postbox: Postbox) -> None:
    bea = await signed_up(posting, postbox)
    asked = [(await ask(posting, "mail", login="bea")).ok()["ticket"] for _ in range(2)]
    found = [await code_to(postbox, EMAIL, number) for number in (1, 2)]
    await posting.database.update(USERS, bea.id, {"banned_at": now_ms()})
    # Which letter came first is not said.
    tries = [await ask(posting, "mail/finish", ticket=asked[0], code=code) for code in found]
    assert "account_banned" in codes(*tries)
    await posting.database.update(USERS, bea.id, {"banned_at": None, "deleted_at": now_ms()})
    tries = [await ask(posting, "mail/finish", ticket=asked[1], code=code) for code in found]
    assert set(codes(*tries)) <= {"ticket_over", "wrong_code"}
    assert "ticket_over" in codes(*tries)


async def test_job_that_is_done_twice_sends_one_code(posting: Parley, postbox: Postbox) -> None:
    """A node may end between doing a job and writing down that it is done."""
    bea = await signed_up(posting, postbox)
    asked = {"mail_login": await ask(posting, "mail", login="bea")}
    asked["sign_up"] = await ask(posting, "signup", username="bob", email="bob@example.org")
    code = await code_to(postbox, EMAIL)
    await code_to(postbox, "bob@example.org", 1, SUBJECT)
    tickets = {kind: digest(answer.ok()["ticket"]) for kind, answer in asked.items()}
    entering = {"ticket": tickets["mail_login"], "kind": "mail_login", "login": "bea", "address": "127.0.0.1"}
    await codes_by_mail.send_code(posting.application, entering)
    making = {"ticket": tickets["sign_up"], "username": "bob", "email": "bob@example.org"}
    await signing_up.send_code(posting.application, making)
    await nothing_to_do(posting)
    assert len(postbox.letters_to("bob@example.org")) == 1
    assert [letter.subject for letter in postbox.letters_to(EMAIL)].count("Your code") == 1
    entered = await ask(posting, "mail/finish", ticket=asked["mail_login"].json["ticket"], code=code)
    assert entered.json["user"]["id"] == bea.id


# Nobody learns whose account there is


async def test_nobody_is_answered_as_somebody_is(posting: Parley, postbox: Postbox) -> None:
    await signed_up(posting, postbox)
    (unproved,) = await posting.people("eve")
    await nothing_to_do(posting)
    postbox.clear()

    async def answered(login: str) -> list[tuple[int, Json]]:
        asked = await ask(posting, "mail", login=login)
        assert (asked.status, asked.json.keys()) == (202, {"ticket"})
        await nothing_to_do(posting)
        ticket = asked.json["ticket"]
        tries = [await ask(posting, "mail/finish", ticket=ticket, code="0000000") for _ in range(TRIES + 1)]
        return [(answer.status, answer.json) for answer in tries]

    known = await answered("bea")
    assert known[0][1]["code"] == "wrong_code"
    for login in ("nobody", "nobody@example.org", unproved.account.username):
        assert await answered(login) == known
    assert {letter.to for letter in postbox.letters} == {EMAIL}


async def test_letters_are_counted_by_mailbox_and_by_address(
    tmp_path_factory: pytest.TempPathFactory, postbox: Postbox
) -> None:
    async with running(tmp_path_factory.mktemp("limits"), limits=True, smtp_url=postbox.url) as parley:
        for _ in range(MAIL_ACCOUNT.burst):
            assert (await ask(parley, "mail", login="bea")).status == 202
        assert (await ask(parley, "mail", login="BEA")).status == 429
        found = [
            (await ask(parley, "mail", login=f"nobody{number}")).status
            for number in range(MAIL_ADDRESS.burst - MAIL_ACCOUNT.burst)
        ]
        assert found[:-1] == [202] * (len(found) - 1)
        refused = await ask(parley, "mail", login="somebody-else")
        assert (refused.status, "retry-after" in refused.headers) == (429, True)


async def test_somebody_logged_in_gets_letters_though_others_ask_too(
    tmp_path_factory: pytest.TempPathFactory, postbox: Postbox
) -> None:
    proxies = frozenset({ip_network("127.0.0.1/32")})
    folder = tmp_path_factory.mktemp("limits")
    async with running(folder, limits=True, smtp_url=postbox.url, trusted_proxies=proxies) as parley:
        await signed_up(parley, postbox)
        elsewhere = {"X-Forwarded-For": "203.0.113.7"}
        for login in ("bea", EMAIL, "BEA", EMAIL.upper()):
            asked = await parley.site.rest.request("POST", "/api/auth/mail", {"login": login}, headers=elsewhere)
            assert asked.status == 202
        await nothing_to_do(parley)
        number = len([letter for letter in postbox.letters_to(EMAIL) if letter.subject == "Your code"])
        assert number == MAIL_ACCOUNT.burst
        assert (await mailed(parley, postbox, "bea", EMAIL, number + 1)).status == 200
