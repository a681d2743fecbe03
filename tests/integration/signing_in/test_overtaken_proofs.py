"""Proofs that another request uses between being judged and being written: each is good once, whoever is faster."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from services.accounts.secrets.tickets import digest
from store.tables import TICKETS
from tests.application import Parley
from tests.client.rest import Answer
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    ask,
    code_to,
    codes,
    first_proof,
    nothing_to_do,
    passkey_on,
    prefer_mail,
    second_proof,
    to_use,
    totp_on,
    user_of,
    verified,
)
from tests.proofs import steps as steps  # a fixture

Asking = Coroutine[Any, Any, Answer]
RECOVERY = "kept in the drawer with the passports"


async def overtaken(
    parley: Parley, slow: Asking, fast: Asking, where: str = "together", skip: int = 0
) -> tuple[str, str]:
    """Have a request wait where it is about to write, and another one pass it; return what both are told.

    ``where`` is another call at which it waits, after ``skip`` of the kind.
    """
    await nothing_to_do(parley)
    gate = parley.store.hold(where, skip=skip)
    waiting = asyncio.create_task(slow)
    await gate.reached.wait()
    passed = await fast
    gate.release()
    return codes(await waiting)[0], codes(passed)[0]


async def test_code_of_the_app(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    first, second = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    code = app.next()
    slow, fast = (second_proof(one, ticket, "totp", code=code) for ticket in (first, second))
    assert await overtaken(one, slow, fast) == ("wrong_code", "ok")


async def test_backup_code(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    first, second = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    slow, fast = (second_proof(one, ticket, "backup", code=app.backup_codes[0]) for ticket in (first, second))
    assert await overtaken(one, slow, fast) == ("wrong_code", "ok")


async def test_ticket_of_a_first_proof(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    slow = second_proof(one, ticket, "backup", code=app.backup_codes[0])
    fast = second_proof(one, ticket, "backup", code=app.backup_codes[1])
    assert await overtaken(one, slow, fast) == ("ticket_over", "ok")
    assert (await ann.account.get("auth", "proofs"))["backup_codes"] == 9, "what proved nothing is not used up"


@pytest.mark.parametrize(("where", "skip"), [("get", 0), ("get", 1), ("update", 0), ("together", 0)])
async def test_challenge(one: Parley, where: str, skip: int) -> None:
    """Wherever it is overtaken, it is not told that there are two of the passkey, whose counter has gone on."""
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    asked = await to_use(one)
    said = [{"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])} for _ in range(2)]
    slow, fast = (ask(one, "passkey", **each) for each in said)
    assert await overtaken(one, slow, fast, where, skip) == ("ticket_over", "ok")


async def test_count_of_a_passkey(one: Parley) -> None:
    """Two that count the same are two authenticators with one key."""
    (ann,) = await one.people("ann")
    authenticator, key = await passkey_on(one, ann)
    said = []
    for _ in range(2):
        asked = await to_use(one)
        key.signs = 7
        said.append({"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])})
    slow, fast = (ask(one, "passkey", **each) for each in said)
    assert await overtaken(one, slow, fast) == ("bad_passkey", "ok")


async def test_code_by_mail(posting: Parley, postbox: Postbox) -> None:
    _, email = await verified(posting)
    ticket = (await ask(posting, "mail", login=email)).ok()["ticket"]
    code = await code_to(postbox, email)
    slow, fast = (ask(posting, "mail/finish", ticket=ticket, code=code) for _ in range(2))
    assert await overtaken(posting, slow, fast) == ("ticket_over", "ok")


async def test_sign_up(posting: Parley, postbox: Postbox) -> None:
    ticket = (await ask(posting, "signup", username="bea", email="bea@example.org")).ok()["ticket"]
    code = await code_to(postbox, "bea@example.org", 1, "Your code to sign up")
    slow, fast = (ask(posting, "signup/finish", ticket=ticket, code=code) for _ in range(2))
    assert await overtaken(posting, slow, fast) == ("ticket_over", "ok")


async def test_address_that_is_proved_first_by_another_code(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    first, second = "first@example.net", "second@example.net"
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    (await ann.account.request("POST", "/api/auth/email", {"email": first})).ok()
    slow = ann.account.request("POST", "/api/auth/email/finish", {"code": await postbox.code_to(first)})
    await nothing_to_do(posting)
    gate = posting.store.hold("together")
    waiting = asyncio.create_task(slow)
    await gate.reached.wait()
    (await ann.account.request("POST", "/api/auth/email", {"email": second})).ok()
    code = await postbox.code_to(second)
    (await ann.account.request("POST", "/api/auth/email/finish", {"code": code})).ok()
    gate.release()
    assert codes(await waiting) == ["conflict"]
    assert (await user_of(posting, ann)).email == second


async def test_letter_of_a_reset(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    (await ask(posting, "password/reset", login=email)).ok()
    token = (await postbox.link_to(email)).rpartition("/")[2]
    slow = ask(posting, "password/reset/finish", token=token, password="another four words entirely")
    fast = ann.account.request("PUT", "/api/auth/password", {"password": "yet other four words"})
    assert await overtaken(posting, slow, fast) == ("ticket_over", "ok")


async def test_recovery_code(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    (await ann.account.request("PUT", "/api/auth/recovery-code", {"recovery_code": RECOVERY})).ok()
    said = []
    for number in (1, 2):
        ticket = (await ask(posting, "recover", login=email)).ok()["ticket"]
        code = await code_to(postbox, email, number, "Your code to recover your account")
        said.append({"ticket": ticket, "code": code, "recovery_code": RECOVERY})
    slow, fast = (ask(posting, "recover/finish", **each) for each in said)
    assert await overtaken(posting, slow, fast) == ("wrong_code", "ok")


async def test_secret_of_an_app(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    again = (await ann.account.request("POST", "/api/auth/totp")).ok()
    app.secret = again["secret"]
    body = {"code": app.next()}
    slow, fast = (ann.account.request("POST", "/api/auth/totp/finish", body) for _ in range(2))
    assert await overtaken(one, slow, fast) == ("ticket_over", "ok")


async def test_two_changes_are_one(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    slow, fast = (ann.account.request("POST", "/api/auth/backup-codes") for _ in range(2))
    assert await overtaken(one, slow, fast) == ("conflict", "ok")


async def test_letter_with_a_code(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    first, second = [(await first_proof(posting, ann))["ticket"] for _ in range(2)]
    slow, fast = (ask(posting, "login/second/mail", ticket=ticket) for ticket in (first, second))
    assert await overtaken(posting, slow, fast) == ("rate_limited", "ok")
    await code_to(postbox, email)
    kept = await posting.database.get(TICKETS, digest(first))
    assert kept is not None
    assert kept.code is None
