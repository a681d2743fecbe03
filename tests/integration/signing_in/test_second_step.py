"""The second proof of a log-in: when it is asked for, which ones do, and that none is skipped."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.accounts.second.mailed.codes import PAUSE_S
from services.accounts.secrets.tickets import TRIES, digest
from services.ids import now_ms
from services.operations.limits import CODE_ACCOUNT, PROOF_ACCOUNT
from store.tables import LOGINS, TICKETS, USERS
from tests.application import Parley, running
from tests.authenticator import Lies
from tests.client.account import PASSWORD
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    age_code,
    ask,
    code_to,
    codes,
    first_proof,
    login_of,
    nothing_to_do,
    passkey_on,
    prefer_mail,
    second_proof,
    totp_on,
    verified,
)
from tests.proofs import steps as steps  # a fixture

# When it is asked for, and which ones do


async def test_nothing_more_is_asked_of_those_who_set_nothing_up(one: Parley) -> None:
    (ann,) = await one.people("ann")
    answer = await ask(one, "login", login=ann.account.username, password=PASSWORD)
    assert (await login_of(one, answer)).methods == ("password",)


async def test_app_is_asked_for_and_every_stronger_proof_will_do(one: Parley, steps: Steps) -> None:
    ann, _ = await verified(one)
    await totp_on(ann, steps)
    await prefer_mail(one, ann)
    assert (await first_proof(one, ann))["methods"] == ["totp", "backup"], "a mailbox is no second to an app"
    await passkey_on(one, ann)
    assert (await first_proof(one, ann))["methods"] == ["totp", "passkey", "backup"]


async def test_backup_codes_are_offered_while_there_are_any(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    for code in app.backup_codes:
        found = await first_proof(one, ann)
        assert found["methods"] == ["totp", "backup"]
        assert (await second_proof(one, found["ticket"], "backup", code=code)).status == 200
    found = await first_proof(one, ann)
    assert found["methods"] == ["totp"]
    assert (await second_proof(one, found["ticket"], "backup", code=app.backup_codes[0])).code == "bad_request"


async def test_passkey_beside_a_password_is_another_way_in(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await passkey_on(one, ann)
    assert (await ask(one, "login", login=ann.account.username, password=PASSWORD)).status == 200


async def test_mail_is_asked_for_where_somebody_chose_so(one: Parley) -> None:
    ann, _ = await verified(one)
    await prefer_mail(one, ann)
    assert (await first_proof(one, ann))["methods"] == ["mail"]
    await passkey_on(one, ann)
    assert (await first_proof(one, ann))["methods"] == ["passkey", "mail"]


async def test_mail_is_not_asked_for_where_the_address_is_not_proved(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await prefer_mail(one, ann)
    assert (await ask(one, "login", login=ann.account.username, password=PASSWORD)).status == 200


# Given


async def test_second_proof_logs_in_as_was_asked_with_the_first(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    found = await first_proof(one, ann, remember=False)
    answer = await second_proof(one, found["ticket"], "totp", code=app.next())
    login = await login_of(one, answer)
    assert (login.user, login.methods, login.remembered) == (ann.id, ("password", "totp"), False)


async def test_cookie_that_was_asked_for_with_the_first_proof_comes_with_the_second(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    page = {"Sec-Fetch-Site": "same-origin"}
    body = {"login": ann.account.username, "password": PASSWORD, "cookie": True}
    first = await one.site.rest.request("POST", "/api/auth/login", body, headers=page)
    proof = {"ticket": first.json["ticket"], "method": "totp", "code": app.next()}
    path = "/api/auth/login/second"
    assert (await one.site.rest.request("POST", path, proof)).code == "cross_site"
    proof["code"] = app.next()
    answer = await one.site.rest.request("POST", path, proof, headers=page)
    assert (answer.status, answer.json["refresh_token"]) == (200, None)
    assert "HttpOnly" in answer.headers["set-cookie"]


async def test_passkey_as_the_second_proof(one: Parley, steps: Steps) -> None:
    ann, eve = await one.people("ann", "eve")
    await totp_on(ann, steps)
    authenticator, key = await passkey_on(one, ann)
    eves, _ = await passkey_on(one, eve)
    ticket = (await first_proof(one, ann))["ticket"]
    asked = (await ask(one, "login/second/passkey", ticket=ticket)).ok()
    assert [allowed["id"] for allowed in asked["options"]["allowCredentials"]] == [key.name]
    anybody = asked["options"] | {"allowCredentials": []}
    for credential in (eves.get(anybody), authenticator.get(asked["options"], Lies(verified=False))):
        assert (await second_proof(one, ticket, "passkey", credential=credential)).code == "bad_passkey"
    # Where it is known who logs in, a passkey need not tell.
    credential = authenticator.get(asked["options"], Lies(handle=""))
    answer = await second_proof(one, ticket, "passkey", credential=credential)
    assert (await login_of(one, answer)).methods == ("password", "passkey")


async def test_challenge_of_one_log_in_is_not_that_of_another(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    authenticator, _ = await passkey_on(one, ann)
    mine, other = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    asked = (await ask(one, "login/second/passkey", ticket=mine)).ok()
    credential = authenticator.get(asked["options"])
    assert (await second_proof(one, other, "passkey", credential=credential)).code == "bad_passkey"


async def test_code_by_mail_as_the_second_proof(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    ticket = (await first_proof(posting, ann))["ticket"]
    sent = await ask(posting, "login/second/mail", ticket=ticket)
    assert (sent.status, sent.json) == (202, {"retry_after": PAUSE_S})
    code = await code_to(postbox, email)
    answer = await second_proof(posting, ticket, "mail", code=f"{code[:3]} {code[3:]}")
    assert (await login_of(posting, answer)).methods == ("password", "mail")


async def test_another_code_is_sent_a_minute_later_and_the_first_is_over(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    ticket = (await first_proof(posting, ann))["ticket"]
    (await ask(posting, "login/second/mail", ticket=ticket)).ok()
    first = await code_to(postbox, email)
    fresh = (await first_proof(posting, ann))["ticket"]
    for each in (ticket, fresh):
        soon = await ask(posting, "login/second/mail", ticket=each)
        assert (soon.status, soon.code) == (429, "rate_limited")
        assert PAUSE_S - 20 < int(soon.headers["retry-after"]) <= PAUSE_S
    await age_code(posting, ann, PAUSE_S)
    (await ask(posting, "login/second/mail", ticket=ticket)).ok()
    second = await code_to(postbox, email, 2)
    if first != second:
        assert (await second_proof(posting, ticket, "mail", code=first)).code == "wrong_code"
    assert (await second_proof(posting, ticket, "mail", code=second)).status == 200


async def test_two_nodes_that_are_asked_at_once_send_one_code(one: Parley, two: Parley) -> None:
    ann, _ = await verified(one)
    await prefer_mail(one, ann)
    tickets = [(await first_proof(one, ann))["ticket"] for _ in range(2)]
    asked = zip((one, two), tickets, strict=True)
    answers = await asyncio.gather(*(ask(node, "login/second/mail", ticket=ticket) for node, ticket in asked))
    assert codes(*answers) == ["ok", "rate_limited"]


async def test_code_by_mail_of_one_log_in_is_not_that_of_another(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await prefer_mail(posting, ann)
    mine, other = [(await first_proof(posting, ann))["ticket"] for _ in range(2)]
    (await ask(posting, "login/second/mail", ticket=mine)).ok()
    code = await code_to(postbox, email)
    assert (await second_proof(posting, other, "mail", code=code)).code == "wrong_code"
    assert (await second_proof(posting, mine, "mail", code=code)).status == 200


# Refused


async def test_method_that_is_not_theirs_is_refused(one: Parley, steps: Steps) -> None:
    ann, _ = await verified(one)
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    for method, proof in (("mail", {"code": "123456"}), ("password", {"password": PASSWORD})):
        answer = await second_proof(one, ticket, method, **proof)
        assert (answer.code, answer.json["errors"][0]["pointer"]) == ("bad_request", "/method")
    assert (await ask(one, "login/second/mail", ticket=ticket)).code == "bad_request"
    assert (await ask(one, "login/second/passkey", ticket=ticket)).code == "bad_request"
    assert (await second_proof(one, ticket, "totp", code=app.next())).status == 200


async def test_proof_that_is_missing_is_named(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    await passkey_on(one, ann)
    ticket = (await first_proof(one, ann))["ticket"]
    for method, pointer in (("totp", "/code"), ("backup", "/code"), ("passkey", "/credential")):
        answer = await second_proof(one, ticket, method)
        assert (answer.code, answer.json["errors"][0]["pointer"]) == ("bad_request", pointer)


@pytest.mark.parametrize("method", ["totp", "backup"])
async def test_wrong_codes_end_the_log_in(one: Parley, steps: Steps, method: str) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    found = [(await second_proof(one, ticket, method, code="000-000")).code for _ in range(TRIES)]
    assert found == ["wrong_code"] * TRIES
    assert (await second_proof(one, ticket, "totp", code=app.next())).code == "ticket_over"


async def test_ticket_is_used_once(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    assert (await second_proof(one, ticket, "backup", code=app.backup_codes[0])).status == 200
    assert (await second_proof(one, ticket, "backup", code=app.backup_codes[1])).code == "ticket_over"


async def test_ticket_is_used_once_even_by_two_proofs_at_once(one: Parley, two: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    proofs = (second_proof(one, ticket, "backup", code=code) for code in app.backup_codes[:1])
    others = (second_proof(two, ticket, "backup", code=code) for code in app.backup_codes[1:2])
    answers = await asyncio.gather(*proofs, *others)
    assert codes(*answers) == ["ok", "ticket_over"]
    assert (await ann.account.get("auth", "proofs"))["backup_codes"] == len(app.backup_codes) - 1


async def test_ticket_is_over_with_its_time_and_with_its_password(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    await one.database.update(TICKETS, digest(ticket), {"expires_at": now_ms()})
    assert (await second_proof(one, ticket, "totp", code=app.next())).code == "ticket_over"
    ticket = (await first_proof(one, ann))["ticket"]
    await one.database.update(USERS, ann.id, {"password": "another hash"})
    assert (await second_proof(one, ticket, "totp", code=app.next())).code == "ticket_over"
    assert (await second_proof(one, "never given", "totp", code=app.next())).code == "ticket_over"


async def test_ban_between_the_proofs_holds(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    app = await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    await one.database.update(USERS, ann.id, {"banned_at": now_ms()})
    assert (await second_proof(one, ticket, "totp", code=app.next())).code == "account_banned"


async def test_ticket_is_no_token(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    ticket = (await first_proof(one, ann))["ticket"]
    assert (await one.site.rest.request("GET", "/api/users/me", token=ticket)).code == "unauthenticated"
    assert (await ask(one, "refresh", refresh_token=ticket)).code == "unauthenticated"


async def test_log_in_that_is_overtaken_by_a_change_of_proofs_does_not_last(one: Parley, steps: Steps) -> None:
    """Whoever was read about before the app was on, and is let in after all others were ended, is put out again."""
    (ann,) = await one.people("ann")
    await nothing_to_do(one)
    gate = one.store.hold("together")
    late = asyncio.create_task(ask(one, "login", login=ann.account.username, password=PASSWORD))
    await gate.reached.wait()
    await totp_on(ann, steps)
    gate.release()
    assert (await late).code == "bad_credentials"
    live = await one.database.find(LOGINS, {"user": ann.id, "live": True}, by="created_at")
    assert [login.methods for login in live] == [("password",)], "the session that turned it on, and no other"


@pytest.mark.parametrize("what", ["banned_at", "banned_until", "deleted_at", "password_changed_at", "role", "email"])
async def test_log_in_that_is_overtaken_by_another_change_does_not_last(one: Parley, what: str) -> None:
    (ann,) = await one.people("ann")
    await nothing_to_do(one)
    gate = one.store.hold("together")
    late = asyncio.create_task(ask(one, "login", login=ann.account.username, password=PASSWORD))
    await gate.reached.wait()
    changed = {"role": "moderator", "email": "new@example.org"}.get(what, now_ms())
    await one.database.update(USERS, ann.id, {what: changed})
    gate.release()
    assert (await late).code == "bad_credentials"


# How often


async def test_tries_are_counted_against_the_account(tmp_path: Path, steps: Steps) -> None:
    async with running(tmp_path, limits=True) as parley:
        (ann,) = await parley.people("ann")
        await totp_on(ann, steps)
        first, second = [(await first_proof(parley, ann))["ticket"] for _ in range(2)]
        # The one that turned the app on counts too.
        for _ in range(PROOF_ACCOUNT.burst - 1):
            assert (await second_proof(parley, first, "totp", code="000000")).code == "wrong_code"
        answer = await second_proof(parley, second, "totp", code="000000")
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) > PROOF_ACCOUNT.every_s - 60


async def test_tries_from_elsewhere_keep_nobody_out(tmp_path: Path, steps: Steps) -> None:
    async with running(tmp_path, limits=True, trusted_proxies=frozenset({ip_network("127.0.0.1/32")})) as parley:
        (ann,) = await parley.people("ann")
        app = await totp_on(ann, steps)
        ticket = (await first_proof(parley, ann))["ticket"]
        other = (await first_proof(parley, ann))["ticket"]
        elsewhere = {"X-Forwarded-For": "203.0.113.7"}
        wrong = {"ticket": other, "method": "totp", "code": "000000"}
        path = "/api/auth/login/second"
        for _ in range(PROOF_ACCOUNT.burst):
            assert (await parley.site.rest.request("POST", path, wrong, headers=elsewhere)).code == "wrong_code"
        assert (await second_proof(parley, ticket, "totp", code=app.next())).status == 200


async def test_codes_by_mail_are_counted_against_the_account(tmp_path: Path) -> None:
    async with running(tmp_path, limits=True) as parley:
        ann, _ = await verified(parley)
        await prefer_mail(parley, ann)
        ticket = (await first_proof(parley, ann))["ticket"]
        for _ in range(CODE_ACCOUNT.burst):
            assert (await ask(parley, "login/second/mail", ticket=ticket)).status == 202
            await age_code(parley, ann, PAUSE_S)
        answer = await ask(parley, "login/second/mail", ticket=ticket)
        assert (answer.status, int(answer.headers["retry-after"]) > PAUSE_S) == (429, True)
