"""The authenticator app: when it is on, which codes are taken, each once, and the backup codes beside it."""

import asyncio
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.second.backups import COUNT
from services.accounts.second.totp import LIFE_S
from services.accounts.secrets.tickets import TRIES
from services.ids import now_ms
from store.tables import ACTS, BACKUPS, TICKETS, USERS
from tests.application import Parley
from tests.client.account import PASSWORD
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    App,
    Steps,
    age,
    another_session,
    ask,
    codes,
    first_proof,
    passkey_on,
    second_proof,
    totp_on,
    user_of,
    verified,
    works,
)
from tests.proofs import steps as steps  # a fixture


async def test_secret_comes_as_text_as_address_and_as_picture(one: Parley) -> None:
    (ann,) = await one.people("ann")
    answer = (await ann.account.request("POST", "/api/auth/totp")).ok()
    address = urlsplit(answer["uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == f"/Parley:{ann.account.username}"
    assert parse_qs(address.query) == {"secret": [answer["secret"]], "issuer": ["Parley"]}
    assert len(answer["secret"]) == 32, "160 bits"
    assert answer["qr"].startswith("data:image/svg+xml")
    assert "script" not in answer["qr"]


async def test_app_is_not_on_before_a_code_was_given(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await ann.account.request("POST", "/api/auth/totp")
    assert (await ask(one, "login", login=ann.account.username, password=PASSWORD)).status == 200
    await totp_on(ann, steps)
    assert (await first_proof(one, ann))["methods"] == ["totp", "backup"]


async def test_secret_is_kept_sealed_for_its_person_alone(
    one: Parley, steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    ann, eve = await one.people("ann", "eve")
    app = await totp_on(ann, steps)
    sealed = (await user_of(one, ann)).totp
    assert sealed is not None
    assert app.secret not in sealed
    eves = await totp_on(eve, steps)
    await one.database.update(USERS, ann.id, {"totp": (await user_of(one, eve)).totp})
    ticket = (await first_proof(one, ann))["ticket"]
    steps.step += 1
    assert (await second_proof(one, ticket, "totp", code=eves.code())).code == "wrong_code"
    assert "cannot be opened" in caplog.text


async def test_code_that_turned_the_app_on_does_not_log_in(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    answer = await second_proof(one, ticket, "totp", code=app.code())
    assert (answer.status, answer.code) == (401, "wrong_code")


async def test_code_works_once(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    code = app.next()
    assert (await second_proof(one, (await first_proof(one, ann))["ticket"], "totp", code=code)).status == 200
    again = await second_proof(one, (await first_proof(one, ann))["ticket"], "totp", code=code)
    assert again.code == "wrong_code"


async def test_code_works_once_for_two_who_use_it_at_once(one: Parley, two: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    tickets = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    code = app.next()
    tries = zip((one, two), tickets, strict=True)
    answers = await asyncio.gather(*(second_proof(node, ticket, "totp", code=code) for node, ticket in tries))
    assert codes(*answers) == ["ok", "wrong_code"]


async def test_no_code_of_before_a_used_one_works(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    steps.step += 2
    assert (await second_proof(one, (await first_proof(one, ann))["ticket"], "totp", code=app.code())).status == 200
    before = await second_proof(one, (await first_proof(one, ann))["ticket"], "totp", code=app.code(-1))
    assert before.code == "wrong_code"


@pytest.mark.parametrize(("ahead", "code"), [(-2, "wrong_code"), (-1, "ok"), (1, "ok"), (2, "wrong_code")])
async def test_codes_are_taken_of_one_step_around(one: Parley, steps: Steps, ahead: int, code: str) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    steps.step += 10
    answer = await second_proof(one, (await first_proof(one, ann))["ticket"], "totp", code=app.code(ahead))
    assert codes(answer) == [code]


async def test_code_is_taken_as_apps_show_it(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    code = app.next()
    ticket = (await first_proof(one, ann))["ticket"]
    assert (await second_proof(one, ticket, "totp", code=f" {code[:3]} {code[3:]}")).status == 200


async def test_wrong_codes_end_what_was_begun(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await ann.account.request("POST", "/api/auth/totp")
    found = [
        (await ann.account.request("POST", "/api/auth/totp/finish", {"code": "000000"})).code for _ in range(TRIES + 1)
    ]
    assert found == ["wrong_code"] * TRIES + ["ticket_over"]


async def test_secret_of_another_session_is_not_turned_on(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    other = Person(one.site, await another_session(one, ann))
    begun = (await ann.account.request("POST", "/api/auth/totp")).ok()
    code = App(begun["secret"], steps, []).code()
    answer = await other.account.request("POST", "/api/auth/totp/finish", {"code": code})
    assert answer.code == "ticket_over"


async def test_secret_that_waited_too_long_is_not_turned_on(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    begun = (await ann.account.request("POST", "/api/auth/totp")).ok()
    (ticket,) = await one.database.find(TICKETS, {"kind": "totp", "user": ann.id})
    assert ticket.expires_at - ticket.created_at == LIFE_S * 1000
    await one.database.update(TICKETS, ticket.id, {"expires_at": now_ms()})
    body = {"code": App(begun["secret"], steps, []).code()}
    assert (await ann.account.request("POST", "/api/auth/totp/finish", body)).code == "ticket_over"


async def test_app_is_turned_on_once_by_two_requests_at_once(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    begun = (await ann.account.request("POST", "/api/auth/totp")).ok()
    body = {"code": App(begun["secret"], steps, []).code()}
    path = "/api/auth/totp/finish"
    answers = await asyncio.gather(*(ann.account.request("POST", path, body) for _ in range(2)))
    assert codes(*answers)[0] == "ok"
    assert codes(*answers)[1] in ("ticket_over", "conflict")
    assert len(await one.database.find(BACKUPS, {"user": ann.id})) == COUNT


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "totp"), ("POST", "totp/finish"), ("DELETE", "totp"), ("POST", "backup-codes")],
)
async def test_changes_need_a_proof_of_lately(one: Parley, steps: Steps, method: str, path: str) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    await age(one, ann.account, CONFIRMED_MS)
    body = {"code": "123456"} if path == "totp/finish" else None
    answer = await ann.account.request(method, f"/api/auth/{path}", body)
    assert (answer.status, answer.code) == (403, "confirmation_needed")
    assert answer.json["methods"] == ["password", "totp", "backup"]


async def test_turning_it_on_ends_all_other_sessions(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    other = await another_session(one, ann)
    socket = await one.site.connect(other)
    await totp_on(ann, steps)
    assert (await socket.closed).code == 4504
    assert not await works(other)
    assert await works(ann.account)


async def test_changes_are_told_by_mail_and_written_down(posting: Parley, postbox: Postbox, steps: Steps) -> None:
    ann, email = await verified(posting)
    await totp_on(ann, steps)
    (await ann.account.request("DELETE", "/api/auth/totp")).ok()
    letter = await postbox.letter_to(email, 2)
    assert "second step" in letter.text
    acts = await posting.database.find(ACTS, {"subject": ann.id})
    assert [act.action for act in acts if act.action.startswith("totp")] == ["totp.on", "totp.off"]
    assert {act.actor for act in acts} == {ann.id}


async def test_turned_off_it_is_asked_for_no_more_and_its_codes_are_gone(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    assert (await ann.account.request("DELETE", "/api/auth/totp")).status == 204
    assert (await ask(one, "login", login=ann.account.username, password=PASSWORD)).status == 200
    assert await one.database.find(BACKUPS, {"user": ann.id}) == []
    assert (await ann.account.request("DELETE", "/api/auth/totp")).code == "not_found"


async def test_backup_codes_stay_while_a_passkey_needs_them(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    await passkey_on(one, ann)
    assert (await ann.account.request("DELETE", "/api/auth/totp")).status == 204
    assert len(await one.database.find(BACKUPS, {"user": ann.id})) == COUNT


async def test_backup_code_works_once_however_it_is_typed(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    assert len(set(app.backup_codes)) == COUNT
    code = app.backup_codes[3]
    typed = f" {code.upper().replace('-', ' ')} "
    assert (await second_proof(one, (await first_proof(one, ann))["ticket"], "backup", code=typed)).status == 200
    again = await second_proof(one, (await first_proof(one, ann))["ticket"], "backup", code=code)
    assert again.code == "wrong_code"
    assert (await ann.account.get("auth", "proofs"))["backup_codes"] == COUNT - 1


async def test_backup_code_works_once_for_two_who_use_it_at_once(one: Parley, two: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    tickets = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    tries = zip((one, two), tickets, strict=True)
    code = app.backup_codes[0]
    answers = await asyncio.gather(*(second_proof(node, ticket, "backup", code=code) for node, ticket in tries))
    assert codes(*answers) == ["ok", "wrong_code"]


async def test_backup_code_of_another_does_not_work(one: Parley, steps: Steps) -> None:
    ann, eve = await one.people("ann", "eve")
    await totp_on(ann, steps)
    eves = await totp_on(eve, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    assert (await second_proof(one, ticket, "backup", code=eves.backup_codes[0])).code == "wrong_code"


async def test_backup_codes_made_anew_replace_all(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    fresh = (await ann.account.request("POST", "/api/auth/backup-codes")).ok()["backup_codes"]
    assert not set(fresh) & set(app.backup_codes)
    ticket = (await first_proof(one, ann))["ticket"]
    assert (await second_proof(one, ticket, "backup", code=app.backup_codes[0])).code == "wrong_code"
    assert (await second_proof(one, ticket, "backup", code=fresh[0])).status == 200


async def test_backup_codes_made_by_two_at_once_are_ten(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    path = "/api/auth/backup-codes"
    answers = await asyncio.gather(*(ann.account.request("POST", path) for _ in range(2)))
    assert codes(*answers) in (["conflict", "ok"], ["ok", "ok"])
    assert len(await one.database.find(BACKUPS, {"user": ann.id})) == COUNT


async def test_backup_codes_are_kept_hashed_with_a_key(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    kept = {backup.id for backup in await one.database.find(BACKUPS, {"user": ann.id})}
    assert not any(code.replace("-", "") in id_ for code in app.backup_codes for id_ in kept)
    other = one.application.sealer.digest(app.backup_codes[0].replace("-", ""), f"backup {ann.id}")
    assert f"{ann.id}:{other}" in kept


async def test_backup_codes_are_refused_where_they_stand_in_for_nothing(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert (await ann.account.request("POST", "/api/auth/backup-codes")).code == "conflict"


async def test_secret_is_in_no_other_answer(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    for path in ("/api/users/me", "/api/auth/proofs", "/api/auth/sessions"):
        assert app.secret not in (await ann.account.request("GET", path)).body.decode()
    again = (await ann.account.request("POST", "/api/auth/totp")).ok()
    assert again["secret"] != app.secret, "a secret that is on is never shown"
    assert pyotp.TOTP(app.secret).now() not in str(again)
