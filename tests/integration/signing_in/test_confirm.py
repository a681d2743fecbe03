"""Proving again who one is: which proofs do, for how long, and for which session."""

import asyncio

import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.second.mailed.codes import PAUSE_S
from services.accounts.secrets.tickets import TRIES, digest
from services.ids import now_ms
from services.operations.limits import PROOF_ACCOUNT
from store.tables import LOGINS, TICKETS, USERS
from tests.application import Parley, running
from tests.authenticator import Lies
from tests.client.account import PASSWORD, Account
from tests.client.rest import Answer
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    age,
    another_session,
    ask,
    code_to,
    codes,
    passkey_on,
    totp_on,
    verified,
    without_password,
    works,
)
from tests.proofs import steps as steps  # a fixture


async def confirm(account: Account, **proof: object) -> Answer:
    return await account.request("POST", "/api/auth/confirm", proof)


async def may_change(account: Account) -> bool:
    """Tell whether a session may change the proofs of its account: asked for what changes nothing yet."""
    answer = await account.request("POST", "/api/auth/totp")
    assert answer.code in (None, "confirmation_needed"), answer
    return answer.code is None


async def old(parley: Parley, name: str = "ann") -> Person:
    """Make somebody with a proved address whose latest proof is too long ago."""
    person, _ = await verified(parley, name)
    await age(parley, person.account, CONFIRMED_MS)
    return person


# How long


async def test_fresh_log_in_counts_for_five_minutes(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await may_change(ann.account)
    login = one.application.tokens.read(ann.account.token).login
    await one.database.update(LOGINS, login, {"created_at": now_ms() - CONFIRMED_MS + 20_000})
    assert await may_change(ann.account)
    await one.database.update(LOGINS, login, {"created_at": now_ms() - CONFIRMED_MS})
    assert not await may_change(ann.account)


async def test_proof_counts_for_five_minutes_and_for_its_session_alone(one: Parley) -> None:
    ann = await old(one)
    other = await another_session(one, ann)
    await age(one, other, CONFIRMED_MS)
    assert not await may_change(ann.account)
    assert (await confirm(ann.account, password=PASSWORD)).status == 204
    assert await may_change(ann.account)
    assert not await may_change(other)
    await age(one, ann.account, CONFIRMED_MS)
    assert not await may_change(ann.account)


async def test_refreshed_tokens_are_no_proof(one: Parley) -> None:
    ann = await old(one)
    await ann.account.refresh()
    assert not await may_change(ann.account)


# By what


async def test_what_is_possible_is_told(one: Parley, steps: Steps) -> None:
    ann = await old(one)
    told = await ann.account.request("POST", "/api/auth/totp")
    assert (told.status, told.json["methods"]) == (403, ["password"])
    await confirm(ann.account, password=PASSWORD)
    await totp_on(ann, steps)
    await passkey_on(one, ann)
    await age(one, ann.account, CONFIRMED_MS)
    told = await ann.account.request("POST", "/api/auth/totp")
    assert told.json["methods"] == ["password", "totp", "passkey", "backup"]


async def test_code_of_the_app_confirms_once(one: Parley, steps: Steps) -> None:
    ann, _ = await verified(one)
    app = await totp_on(ann, steps)
    await age(one, ann.account, CONFIRMED_MS)
    assert (await confirm(ann.account, code=app.code())).code == "wrong_code", "it turned the app on"
    code = app.next()
    assert (await confirm(ann.account, code=code)).status == 204
    assert await may_change(ann.account)
    assert (await confirm(ann.account, code=code)).code == "wrong_code"


async def test_backup_code_confirms_once(one: Parley, steps: Steps) -> None:
    ann, _ = await verified(one)
    app = await totp_on(ann, steps)
    await age(one, ann.account, CONFIRMED_MS)
    assert (await confirm(ann.account, backup=app.backup_codes[0])).status == 204
    assert await may_change(ann.account)
    assert (await confirm(ann.account, backup=app.backup_codes[0])).code == "wrong_code"


async def test_same_backup_code_confirms_one_of_two_sessions_at_once(one: Parley, steps: Steps) -> None:
    ann, _ = await verified(one)
    app = await totp_on(ann, steps)
    answers = await asyncio.gather(*(confirm(ann.account, backup=app.backup_codes[0]) for _ in range(2)))
    assert codes(*answers) == ["ok", "wrong_code"]


async def test_passkey_confirms_whoever_it_is_of(one: Parley) -> None:
    ann, _ = await verified(one)
    eve, _ = await verified(one, "eve")
    authenticator, key = await passkey_on(one, ann)
    eves, _ = await passkey_on(one, eve)
    await age(one, ann.account, CONFIRMED_MS)
    asked = (await ann.account.request("POST", "/api/auth/confirm/passkey")).ok()
    assert [allowed["id"] for allowed in asked["options"]["allowCredentials"]] == [key.name]
    anybody = asked["options"] | {"allowCredentials": []}
    for credential in (eves.get(anybody), authenticator.get(anybody, Lies(verified=False))):
        answer = await confirm(ann.account, ticket=asked["ticket"], credential=credential)
        assert (answer.status, answer.code) == (401, "bad_passkey")
    credential = authenticator.get(asked["options"])
    assert (await confirm(eve.account, ticket=asked["ticket"], credential=credential)).code == "ticket_over"
    assert (await confirm(ann.account, ticket=asked["ticket"], credential=credential)).status == 204
    assert await may_change(ann.account)
    assert (await confirm(ann.account, ticket=asked["ticket"], credential=credential)).code == "ticket_over"


async def test_without_a_passkey_there_is_nothing_to_ask_one(one: Parley) -> None:
    ann = await old(one)
    assert (await ann.account.request("POST", "/api/auth/confirm/passkey")).code == "conflict"


async def test_code_by_mail_confirms_those_who_have_nothing_else(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await without_password(posting, ann)
    await age(posting, ann.account, CONFIRMED_MS)
    told = await ann.account.request("POST", "/api/auth/totp")
    assert told.json["methods"] == ["mail"]
    asked = await ann.account.request("POST", "/api/auth/confirm/mail")
    assert (asked.status, asked.json["retry_after"]) == (202, PAUSE_S)
    code = await code_to(postbox, email)
    assert (await confirm(ann.account, ticket=asked.json["ticket"], code=code)).status == 204
    assert await may_change(ann.account)
    assert (await confirm(ann.account, ticket=asked.json["ticket"], code=code)).code == "ticket_over"


async def test_code_by_mail_is_no_proof_of_those_who_have_a_better_one(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    refused = await ann.account.request("POST", "/api/auth/confirm/mail")
    assert (refused.status, refused.code, refused.json["methods"]) == (403, "confirmation_needed", ["password"])
    await without_password(posting, ann)
    asked = (await ann.account.request("POST", "/api/auth/confirm/mail")).ok()
    code = await code_to(postbox, email)
    # Meanwhile there is something better.
    await passkey_on(posting, ann)
    answer = await confirm(ann.account, ticket=asked["ticket"], code=code)
    assert (answer.code, answer.json["methods"]) == ("confirmation_needed", ["passkey"])


async def test_codes_by_mail_come_once_a_minute(posting: Parley) -> None:
    ann, _ = await verified(posting)
    await without_password(posting, ann)
    (await ann.account.request("POST", "/api/auth/confirm/mail")).ok()
    soon = await ann.account.request("POST", "/api/auth/confirm/mail")
    assert (soon.status, 0 < int(soon.headers["retry-after"]) <= PAUSE_S) == (429, True)


# Refused


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ({"password": "not the right one"}, "bad_credentials"),
        ({"code": "000000"}, "wrong_code"),
        ({"backup": "aaaaa-aaaaa"}, "wrong_code"),
        ({"ticket": "never given", "code": "000000"}, "ticket_over"),
        ({}, "bad_request"),
        ({"ticket": "alone"}, "bad_request"),
        ({"password": PASSWORD, "code": "000000"}, "bad_request"),
        ({"password": PASSWORD, "ticket": "x"}, "bad_request"),
        ({"backup": "aaaaa-aaaaa", "code": "000000"}, "bad_request"),
    ],
    ids=str,
)
async def test_what_is_no_proof_confirms_nothing(one: Parley, steps: Steps, proof: dict[str, str], code: str) -> None:
    ann, _ = await verified(one)
    await totp_on(ann, steps)
    await age(one, ann.account, CONFIRMED_MS)
    assert (await confirm(ann.account, **proof)).code == code
    assert not await may_change(ann.account)


async def test_no_password_is_the_password_of_nobody(one: Parley) -> None:
    ann = await old(one)
    await without_password(one, ann)
    assert (await confirm(ann.account, password=PASSWORD)).code == "bad_credentials"
    assert (await confirm(ann.account, password="None")).code == "bad_credentials"


async def test_ticket_of_another_session_or_purpose_confirms_nothing(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    other = await another_session(posting, ann)
    await without_password(posting, ann)
    asked = (await ann.account.request("POST", "/api/auth/confirm/mail")).ok()
    code = await code_to(postbox, email)
    assert (await confirm(other, ticket=asked["ticket"], code=code)).code == "ticket_over"
    entering = (await ask(posting, "mail", login=email)).ok()
    entered = await code_to(postbox, email, 2)
    assert (await confirm(ann.account, ticket=entering["ticket"], code=entered)).code == "ticket_over"
    assert (await ask(posting, "mail/finish", ticket=asked["ticket"], code=code)).code == "ticket_over"


async def test_wrong_codes_and_time_end_a_ticket(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await without_password(posting, ann)
    ticket = (await ann.account.request("POST", "/api/auth/confirm/mail")).ok()["ticket"]
    code = await code_to(postbox, email)
    wrong = "000000" if code != "000000" else "111111"
    kept = await posting.database.get(TICKETS, digest(ticket))
    assert kept is not None
    assert kept.expires_at - kept.created_at == 600_000
    await posting.database.update(TICKETS, kept.id, {"expires_at": now_ms()})
    assert (await confirm(ann.account, ticket=ticket, code=code)).code == "ticket_over"
    await posting.database.update(TICKETS, kept.id, {"expires_at": kept.expires_at})
    found = [(await confirm(ann.account, ticket=ticket, code=wrong)).code for _ in range(TRIES)]
    assert found == ["wrong_code"] * TRIES
    assert (await confirm(ann.account, ticket=ticket, code=code)).code == "ticket_over"


async def test_session_that_ended_confirms_nothing(one: Parley) -> None:
    ann = await old(one)
    login = one.application.tokens.read(ann.account.token).login
    assert await works(ann.account)
    # As a node sees it that has not heard of it yet: it takes the session to live for some seconds.
    await one.database.update(LOGINS, login, {"live": False})
    assert (await confirm(ann.account, password=PASSWORD)).code == "unauthenticated"


async def test_api_token_confirms_nothing(one: Parley) -> None:
    ann, _ = await verified(one)
    body = {"name": "script", "scopes": ["read", "write"], "days": 1}
    token = (await ann.account.request("POST", "/api/auth/tokens", body)).ok()["token"]
    answer = await one.site.rest.request("POST", "/api/auth/confirm", {"password": PASSWORD}, token=token)
    assert (answer.status, answer.code) == (403, "scope_missing")


async def test_tries_are_counted_against_the_account(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(tmp_path_factory.mktemp("limits"), limits=True) as parley:
        (ann,) = await parley.people("ann")
        for _ in range(PROOF_ACCOUNT.burst):
            assert (await confirm(ann.account, password="not the right one")).code == "bad_credentials"
        answer = await confirm(ann.account, password=PASSWORD)
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert "retry-after" in answer.headers


# Who may administer


@pytest.mark.parametrize(
    ("methods", "code"),
    [
        (("password",), "second_factor_missing"),
        (("provider",), "second_factor_missing"),
        (("password", "mail"), "second_factor_missing"),
        (("password", "totp"), None),
        (("mail", "backup"), None),
        (("passkey",), None),
    ],
    ids=str,
)
async def test_admins_need_two_proofs_of_which_a_mailbox_gives_one_alone(
    one: Parley, methods: tuple[str, ...], code: str | None
) -> None:
    (ann,) = await one.people("ann")
    await one.database.update(USERS, ann.id, {"role": "admin"})
    login = one.application.tokens.read(ann.account.token).login
    await one.database.update(LOGINS, login, {"methods": methods})
    assert (await ann.account.request("GET", "/api/admin/users")).code == code
