"""Coming back where a second factor was lost: what it takes, what it takes away, and that it lets nobody in."""

import asyncio

import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.second.mailed.codes import LIFE_S
from services.accounts.secrets.tickets import TRIES, digest
from services.ids import now_ms
from services.operations.limits import MAIL_ACCOUNT
from store.tables import ACTS, ADDRESSES, BACKUPS, LOGINS, PASSKEYS, TICKETS, USERS
from tests.application import Parley, running
from tests.client.account import PASSWORD
from tests.client.rest import Answer
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    App,
    Steps,
    age,
    another_session,
    ask,
    code_to,
    codes,
    nothing_to_do,
    passkey_on,
    totp_on,
    use_passkey,
    user_of,
    verified,
    works,
)
from tests.proofs import steps as steps  # a fixture

RECOVERY = "kept in the drawer with the passports"
SUBJECT = "Your code to recover your account"


async def set_code(person: Person, code: str = RECOVERY) -> Answer:
    return await person.account.request("PUT", "/api/auth/recovery-code", {"recovery_code": code})


async def lost(parley: Parley, steps: Steps) -> tuple[Person, str, App]:
    """Make somebody with everything that can be lost."""
    ann, email = await verified(parley)
    (await set_code(ann)).ok()
    return ann, email, await totp_on(ann, steps)


async def begun(parley: Parley, postbox: Postbox, email: str, number: int = 1) -> dict[str, object]:
    """Ask for a code; return the ticket and the code that came."""
    asked = await ask(parley, "recover", login=email)
    assert asked.status == 202
    return {"ticket": asked.json["ticket"], "code": await code_to(postbox, email, number, SUBJECT)}


async def log_in(parley: Parley, person: Person) -> Answer:
    return await ask(parley, "login", login=person.account.username, password=PASSWORD)


# What it takes away


async def test_recovery_takes_second_factors_away_and_ends_everything(
    posting: Parley, postbox: Postbox, steps: Steps
) -> None:
    ann, email, _ = await lost(posting, steps)
    authenticator, _ = await passkey_on(posting, ann)
    body = {"name": "script", "scopes": ["read"], "days": 1}
    token = (await ann.account.request("POST", "/api/auth/tokens", body)).ok()["token"]
    socket = await posting.site.connect(ann.account)
    with_mail = await begun(posting, postbox, email)
    answer = await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)
    assert (answer.status, answer.body, "set-cookie" in answer.headers) == (204, b"", False), "it lets nobody in"
    assert (await socket.closed).code == 4504
    assert not await works(ann.account)
    assert (await posting.site.rest.request("GET", "/api/users/me", token=token)).status == 401
    assert (await use_passkey(posting, authenticator)).code == "bad_passkey"
    assert await posting.database.find(PASSKEYS, {"user": ann.id}) == []
    assert await posting.database.find(BACKUPS, {"user": ann.id}) == []
    user = await user_of(posting, ann)
    assert (user.totp, user.recovery) == (None, None)
    assert (await log_in(posting, ann)).status == 200, "the password is as it was"


async def test_recovery_is_told_by_mail_and_written_down(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, _ = await lost(posting, steps)
    await nothing_to_do(posting)
    postbox.clear()
    (await ask(posting, "recover/finish", recovery_code=RECOVERY, **await begun(posting, postbox, email))).ok()
    assert "second step" in (await postbox.letter_to(email, about="changed")).text
    (act,) = [act for act in await posting.database.find(ACTS, {"subject": ann.id}) if act.action == "recovered"]
    assert (act.actor, act.login, act.details) == (ann.id, None, {"by": "recovery", "passkeys": 0})


async def test_backup_code_recovers_too(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, app = await lost(posting, steps)
    answer = await ask(posting, "recover/finish", backup=app.backup_codes[0], **await begun(posting, postbox, email))
    assert answer.status == 204
    assert (await user_of(posting, ann)).totp is None
    assert (await user_of(posting, ann)).recovery is not None, "it was not used"


async def test_recovery_code_works_once(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    _, email, _ = await lost(posting, steps)
    (await ask(posting, "recover/finish", recovery_code=RECOVERY, **await begun(posting, postbox, email))).ok()
    again = await ask(posting, "recover/finish", recovery_code=RECOVERY, **await begun(posting, postbox, email, 2))
    assert again.code == "wrong_code"


async def test_recovery_happens_once_for_two_at_once(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, _ = await lost(posting, steps)
    first, second = await begun(posting, postbox, email), await begun(posting, postbox, email, 2)
    answers = await asyncio.gather(
        *(ask(posting, "recover/finish", recovery_code=RECOVERY, **each) for each in (first, second))
    )
    assert codes(*answers) == ["ok", "wrong_code"]
    assert (await user_of(posting, ann)).proofs_changed == 3, "set, turned on, and recovered once"


async def test_ticket_is_used_once_for_two_at_once(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    _, email, app = await lost(posting, steps)
    with_mail = await begun(posting, postbox, email)
    answers = await asyncio.gather(
        ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail),
        ask(posting, "recover/finish", backup=app.backup_codes[0], **with_mail),
    )
    assert codes(*answers) == ["ok", "ticket_over"]
    assert (await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)).code == "ticket_over"


# What it takes


async def test_neither_proof_is_enough_alone(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, app = await lost(posting, steps)
    with_mail = await begun(posting, postbox, email)
    wrong_mail = with_mail | {"code": "000000" if with_mail["code"] != "000000" else "111111"}
    assert (await ask(posting, "recover/finish", **with_mail)).code == "bad_request"
    tries = [
        with_mail | {"recovery_code": "not the right one"},
        with_mail | {"backup": "aaaaa-aaaaa"},
        wrong_mail | {"recovery_code": RECOVERY},
        wrong_mail | {"backup": app.backup_codes[0]},
    ]
    assert [(await ask(posting, "recover/finish", **each)).code for each in tries] == ["wrong_code"] * len(tries)
    both = with_mail | {"recovery_code": RECOVERY, "backup": app.backup_codes[0]}
    assert (await ask(posting, "recover/finish", **both)).code == "bad_request"
    assert (await user_of(posting, ann)).totp is not None
    assert (await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)).status == 204


async def test_password_is_no_second_proof(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    """Who reads somebody's mail can set their password anew: it would be the same proof twice."""
    ann, email, _ = await lost(posting, steps)
    with_mail = await begun(posting, postbox, email)
    for proof in ({"recovery_code": PASSWORD}, {"backup": PASSWORD}):
        assert (await ask(posting, "recover/finish", **with_mail, **proof)).code == "wrong_code"
    assert (await ask(posting, "recover/finish", password=PASSWORD, **with_mail)).code == "bad_request"
    assert (await user_of(posting, ann)).totp is not None


async def test_reset_password_skips_no_second_factor(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, _ = await lost(posting, steps)
    assert (await ask(posting, "password/reset", login=email)).status == 202
    token = (await postbox.link_to(email)).rpartition("/")[2]
    assert (await ask(posting, "password/reset/finish", token=token, password="another four words")).status == 204
    answer = await ask(posting, "login", login=ann.account.username, password="another four words")
    assert (answer.code, answer.json["methods"]) == ("second_factor", ["totp", "backup"])


async def test_wrong_codes_and_time_end_a_ticket(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    _, email, _ = await lost(posting, steps)
    with_mail = await begun(posting, postbox, email)
    id_ = digest(str(with_mail["ticket"]))
    ticket = await posting.database.get(TICKETS, id_)
    assert ticket is not None
    assert ticket.expires_at - ticket.created_at == LIFE_S * 1000
    await posting.database.update(TICKETS, id_, {"expires_at": now_ms()})
    assert (await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)).code == "ticket_over"
    await posting.database.update(TICKETS, id_, {"expires_at": ticket.expires_at, "tries": TRIES})
    assert (await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)).code == "ticket_over"


async def test_code_for_an_address_of_before_recovers_nothing(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email, _ = await lost(posting, steps)
    with_mail = await begun(posting, postbox, email)
    await posting.database.update(USERS, ann.id, {"email": "other@example.org"})
    assert (await ask(posting, "recover/finish", recovery_code=RECOVERY, **with_mail)).code == "ticket_over"


async def test_code_of_a_log_in_recovers_nothing(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    _, email, _ = await lost(posting, steps)
    ticket = (await ask(posting, "mail", login=email)).ok()["ticket"]
    code = await code_to(postbox, email)
    answer = await ask(posting, "recover/finish", ticket=ticket, code=code, recovery_code=RECOVERY)
    assert answer.code == "ticket_over"
    with_mail = await begun(posting, postbox, email)
    assert (await ask(posting, "mail/finish", **with_mail)).code == "ticket_over"


# Nobody learns whose account there is


async def test_nobody_is_answered_as_somebody_is(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    _, email, _ = await lost(posting, steps)
    (unproved,) = await posting.people("eve")
    await nothing_to_do(posting)
    postbox.clear()
    for login in (
        "nobody",
        "nobody@example.org",
        unproved.account.username,
        f"{unproved.account.username}@example.org",
    ):
        asked = await ask(posting, "recover", login=login)
        assert (asked.status, asked.json.keys()) == (202, {"ticket"})
        body = {"ticket": asked.json["ticket"], "code": "000000", "recovery_code": RECOVERY}
        found = [(await ask(posting, "recover/finish", **body)).code for _ in range(TRIES + 1)]
        assert found == ["wrong_code"] * TRIES + ["ticket_over"]
    somebody = await ask(posting, "recover", login=email)
    assert (somebody.status, somebody.json.keys()) == (202, {"ticket"})
    await code_to(postbox, email, 1, SUBJECT)
    assert {letter.to for letter in postbox.letters} == {email}


async def test_request_asks_nothing_about_whoever_it_is_for(one: Parley, steps: Steps) -> None:
    _, email, _ = await lost(one, steps)
    for login in (email, "nobody@example.org"):
        await nothing_to_do(one)
        one.store.calls.clear()
        gate = one.store.hold("together")
        request = asyncio.create_task(ask(one, "recover", login=login))
        await gate.reached.wait()
        tables = [arguments[0] for verb, arguments in one.store.calls if verb != "together"]
        gate.release()
        assert (await request).status == 202
        assert not [table for table in (USERS, ADDRESSES, LOGINS) if table in tables]


async def test_letters_are_counted_against_the_mailbox_however_they_are_asked_for(
    tmp_path_factory: pytest.TempPathFactory, postbox: Postbox
) -> None:
    async with running(tmp_path_factory.mktemp("limits"), limits=True, smtp_url=postbox.url) as parley:
        ann, email = await verified(parley)
        (await ann.account.request("POST", "/api/auth/logout")).ok()
        for number in range(MAIL_ACCOUNT.burst):
            await begun(parley, postbox, email, number + 1)
        answer = await ask(parley, "recover", login=email.upper())
        assert (answer.status, int(answer.headers["retry-after"]) > MAIL_ACCOUNT.every_s - 60) == (429, True)
        assert (await ask(parley, "recover", login=ann.account.username)).status == 202, "the same to all"
        await nothing_to_do(parley)
        assert len([letter for letter in postbox.letters if letter.subject == SUBJECT]) == MAIL_ACCOUNT.burst


# The code that its person makes up


@pytest.mark.parametrize(
    ("code", "why"),
    [("seven77", "bad_request"), ("password1", "weak_password"), (PASSWORD, "weak_password")],
)
async def test_recovery_code_that_is_none_is_refused(one: Parley, code: str, why: str) -> None:
    ann, _ = await verified(one)
    answer = await set_code(ann, code)
    assert (answer.status, answer.code) == (400, why)
    assert [error["pointer"] for error in answer.json["errors"]] == ["/recovery_code"]
    assert not (await ann.account.get("auth", "proofs"))["recovery_code"]


async def test_recovery_code_is_set_changed_and_taken_away(one: Parley) -> None:
    ann, _ = await verified(one)
    assert (await ann.account.request("DELETE", "/api/auth/recovery-code")).code == "not_found"
    assert (await set_code(ann)).status == 204
    hashed = (await user_of(one, ann)).recovery
    assert hashed is not None
    assert RECOVERY not in hashed
    assert hashed.startswith("$2b$")
    assert (await set_code(ann, "another long enough code")).status == 204
    assert (await user_of(one, ann)).recovery != hashed
    assert (await ann.account.get("auth", "proofs"))["recovery_code"]
    assert (await ann.account.request("DELETE", "/api/auth/recovery-code")).status == 204
    assert not (await ann.account.get("auth", "proofs"))["recovery_code"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_recovery_code_needs_a_proof_of_lately_and_ends_other_sessions(one: Parley, method: str) -> None:
    ann, _ = await verified(one)
    (await set_code(ann)).ok()
    other = await another_session(one, ann)
    body = {"recovery_code": "another long enough code"} if method == "PUT" else None
    await age(one, ann.account, CONFIRMED_MS)
    assert (await ann.account.request(method, "/api/auth/recovery-code", body)).code == "confirmation_needed"
    assert await works(other)
    await age(one, ann.account, 0)
    assert (await ann.account.request(method, "/api/auth/recovery-code", body)).status == 204
    assert not await works(other)
    assert await works(ann.account)
