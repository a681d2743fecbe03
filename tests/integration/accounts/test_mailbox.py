"""Who reads somebody's mail: what they may do with it, and that it opens no account that has anything better."""

import pytest

from store.tables import LOGINS
from tests.application import Parley
from tests.authenticator import HONEST, Authenticator
from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    ask,
    code_to,
    first_proof,
    login_of,
    passkey_on,
    prefer_mail,
    second_proof,
    totp_on,
    verified,
    without_password,
)
from tests.proofs import steps as steps  # a fixture

STOLEN = "whoever reads the mail chose this"


async def reset(parley: Parley, postbox: Postbox, person: Person, email: str) -> None:
    """Set somebody's password by what comes into their mailbox."""
    await ask(parley, "password/reset", login=person.account.username)
    token = (await postbox.link_to(email)).rpartition("/")[2]
    assert (await ask(parley, "password/reset/finish", token=token, password=STOLEN)).status == 204


async def with_passkey(parley: Parley, authenticator: Authenticator, first: Json) -> Account:
    """Give a passkey as the second proof; return the session."""
    asked = (await ask(parley, "login/second/passkey", ticket=first["ticket"])).ok()
    credential = authenticator.get(asked["options"], HONEST)
    answer = await second_proof(parley, first["ticket"], "passkey", credential=credential)
    assert (await login_of(parley, answer)).methods == ("password", "passkey")
    return Account(parley.site.rest, answer.json["user"]["username"], STOLEN, answer.json)


@pytest.mark.parametrize("had_password", [True, False])
async def test_password_of_a_letter_does_not_open_an_account_with_a_passkey(
    posting: Parley, postbox: Postbox, had_password: bool
) -> None:
    ann, email = await verified(posting)
    await passkey_on(posting, ann)
    if not had_password:
        await without_password(posting, ann)
    await reset(posting, postbox, ann, email)
    assert (await first_proof(posting, ann, STOLEN))["methods"] == ["passkey"]


async def test_password_of_a_letter_does_not_open_an_account_with_an_app(
    posting: Parley, postbox: Postbox, steps: Steps
) -> None:
    ann, email = await verified(posting)
    await totp_on(ann, steps)
    await reset(posting, postbox, ann, email)
    assert (await first_proof(posting, ann, STOLEN))["methods"] == ["totp", "backup"]


async def test_password_of_a_letter_opens_an_account_that_has_nothing_better(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await reset(posting, postbox, ann, email)
    assert (await ask(posting, "login", login=ann.account.username, password=STOLEN)).status == 200


async def test_password_that_was_changed_with_a_passkey_opens_the_account_again(
    posting: Parley, postbox: Postbox
) -> None:
    ann, email = await verified(posting)
    authenticator, _ = await passkey_on(posting, ann)
    await reset(posting, postbox, ann, email)
    session = await with_passkey(posting, authenticator, await first_proof(posting, ann, STOLEN))
    changed = await session.request("PUT", "/api/auth/password", {"password": PASSWORD, "current": STOLEN})
    assert changed.status == 204
    assert (await ask(posting, "login", login=ann.account.username, password=PASSWORD)).status == 200


async def test_password_that_was_changed_with_nothing_better_is_what_it_was(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    authenticator, _ = await passkey_on(posting, ann)
    await reset(posting, postbox, ann, email)
    session = await with_passkey(posting, authenticator, await first_proof(posting, ann, STOLEN))
    login = posting.application.tokens.read(session.token).login
    await posting.database.update(LOGINS, login, {"methods": ("password", "mail")})
    body = {"password": PASSWORD, "current": STOLEN}
    assert (await session.request("PUT", "/api/auth/password", body)).status == 204
    assert (await first_proof(posting, ann, PASSWORD))["methods"] == ["passkey"]


async def test_password_that_is_not_there_is_not_asked_for_after_mail(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    await without_password(posting, ann)
    ticket = (await ask(posting, "mail", login=email)).ok()["ticket"]
    answer = await ask(posting, "mail/finish", ticket=ticket, code=await code_to(postbox, email))
    assert (await login_of(posting, answer)).methods == ("mail",)
