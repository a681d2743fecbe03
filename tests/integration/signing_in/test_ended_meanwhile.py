"""What a session, or a letter, began before it ended and would write after: nothing of it stays."""

import asyncio
from collections.abc import Coroutine
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from services.accounts.password.resetting import KIND, LIFE_S
from services.accounts.secrets import tickets
from services.operations.limits import PROOF_ACCOUNT
from store.database import Insert
from store.tables import API_TOKENS, LOGINS, PASSKEYS, TICKETS
from tests.application import Parley, running
from tests.authenticator import Authenticator
from tests.client.account import PASSWORD
from tests.client.rest import Answer
from tests.integration.signing_in.trusted import people_with
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import (
    add_passkey,
    another_session,
    ask,
    nothing_to_do,
    to_make,
    user_of,
    verified,
    works,
)
from tests.unstable import Fault

NEW = "another four words entirely"


async def reset_token(parley: Parley, person: Person) -> str:
    """Return what a letter to reset a password would bring."""
    user = await user_of(parley, person)
    await ask(parley, "password/reset", login=user.username)
    await nothing_to_do(parley)
    (ticket,) = await parley.database.find(TICKETS, {"kind": KIND, "user": user.id}, limit=10)
    token, mine = tickets.issue(KIND, LIFE_S, user=user.id, bound=ticket.bound, data=ticket.data)
    await parley.database.together([Insert(TICKETS, mine)])
    return token


async def reset_while(parley: Parley, person: Person, slow: Coroutine[Any, Any, Answer]) -> Answer:
    """Have a request of a session wait where it is about to write, while its person resets the password."""
    token = await reset_token(parley, person)
    await nothing_to_do(parley)
    gate = parley.store.hold("together")
    waiting = asyncio.create_task(slow)
    await gate.reached.wait()
    (await ask(parley, "password/reset/finish", token=token, password=NEW)).ok()
    gate.release()
    return await waiting


async def test_passkey_of_a_session_that_a_reset_ended_is_not_kept(posting: Parley) -> None:
    ann, _ = await verified(posting)
    asked = await to_make(ann.account)
    credential = Authenticator(posting.application.url).create(asked["options"])
    answer = await reset_while(posting, ann, add_passkey(ann.account, asked, credential))
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert await posting.database.find(PASSKEYS, {"user": ann.id}) == []


async def test_api_token_of_a_session_that_a_reset_ended_is_not_made(posting: Parley) -> None:
    ann, _ = await verified(posting)
    made = ann.account.request("POST", "/api/auth/tokens", {"name": "mine", "scopes": ["read"]})
    answer = await reset_while(posting, ann, made)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert await posting.database.find(API_TOKENS, {"user": ann.id, "live": True}) == []


async def test_address_is_not_changed_by_a_session_that_a_reset_ended(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    (await ann.account.request("POST", "/api/auth/email", {"email": "eve@example.net"})).ok()
    code = await postbox.code_to("eve@example.net")
    answer = await reset_while(posting, ann, ann.account.request("POST", "/api/auth/email/finish", {"code": code}))
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert (await user_of(posting, ann)).email == email


async def test_password_is_not_changed_by_a_session_that_a_reset_ended(posting: Parley) -> None:
    ann, _ = await verified(posting)
    slow = ann.account.request("PUT", "/api/auth/password", {"password": "yet other four words"})
    answer = await reset_while(posting, ann, slow)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    (await ask(posting, "login", login=(await user_of(posting, ann)).username, password=NEW)).ok()


async def test_reset_that_was_sent_to_the_address_of_before_is_over(posting: Parley, postbox: Postbox) -> None:
    """Whoever leaves a mailbox that somebody else got into is not followed by its letters."""
    ann, _ = await verified(posting)
    token = await reset_token(posting, ann)
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    (await ann.account.request("POST", "/api/auth/email", {"email": "new@example.net"})).ok()
    code = await postbox.code_to("new@example.net")
    (await ann.account.request("POST", "/api/auth/email/finish", {"code": code})).ok()
    answer = await ask(posting, "password/reset/finish", token=token, password=NEW)
    assert (answer.status, answer.code) == (401, "ticket_over")


async def test_session_that_began_while_the_address_changed_ends(posting: Parley, postbox: Postbox) -> None:
    ann, _ = await verified(posting)
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    (await ann.account.request("POST", "/api/auth/email", {"email": "new@example.net"})).ok()
    code = await postbox.code_to("new@example.net")
    await nothing_to_do(posting)
    gate = posting.store.hold("together")
    slow = asyncio.create_task(ann.account.request("POST", "/api/auth/email/finish", {"code": code}))
    await gate.reached.wait()
    late = await another_session(posting, ann)
    gate.release()
    (await slow).ok()
    assert [await works(late), await works(ann.account)] == [False, True]


async def test_session_that_began_while_the_password_changed_ends(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await nothing_to_do(one)
    gate = one.store.hold("together")
    slow = asyncio.create_task(ann.account.request("PUT", "/api/auth/password", {"password": NEW}))
    await gate.reached.wait()
    late = await another_session(one, ann)
    gate.release()
    (await slow).ok()
    assert [await works(late), await works(ann.account)] == [False, True]


async def test_session_that_began_while_the_password_was_reset_ends(posting: Parley) -> None:
    ann, _ = await verified(posting)
    body = {"token": await reset_token(posting, ann), "password": NEW}
    await nothing_to_do(posting)
    gate = posting.store.hold("together")
    slow = asyncio.create_task(ask(posting, "password/reset/finish", **body))
    await gate.reached.wait()
    late = await another_session(posting, ann)
    gate.release()
    (await slow).ok()
    assert not await works(late)


async def test_sessions_end_with_a_reset_though_the_store_goes_away_right_after(posting: Parley) -> None:
    """The letter is used up by then: its person cannot ask again."""
    ann, _ = await verified(posting)
    body = {"token": await reset_token(posting, ann), "password": NEW}
    await posting.without_jobs()
    gate = posting.store.hold("together", answered=True)
    asked = asyncio.create_task(ask(posting, "password/reset/finish", **body))
    await gate.reached.wait()
    posting.store.fail(Fault.UNAVAILABLE, times=1_000)
    gate.release()
    assert (await asked).status == 503
    posting.store.heal()
    assert not await works(ann.account)
    assert (await posting.database.find(LOGINS, {"user": ann.id, "live": True})) == []


async def test_sessions_end_with_a_change_of_proofs_though_the_store_goes_away(one: Parley) -> None:
    (ann,) = await one.people("ann")
    other = await another_session(one, ann)
    asked = await to_make(ann.account)
    credential = Authenticator(one.application.url).create(asked["options"])
    await one.without_jobs()
    gate = one.store.hold("together", answered=True)
    adding = asyncio.create_task(add_passkey(ann.account, asked, credential))
    await gate.reached.wait()
    one.store.fail(Fault.UNAVAILABLE, times=1_000)
    gate.release()
    assert (await adding).status == 503
    one.store.heal()
    assert not await works(other)
    assert await works(ann.account)


async def test_sessions_end_with_a_change_of_password_though_the_store_goes_away(one: Parley) -> None:
    (ann,) = await one.people("ann")
    other = await another_session(one, ann)
    await one.without_jobs()
    gate = one.store.hold("together", answered=True)
    changing = asyncio.create_task(ann.account.request("PUT", "/api/auth/password", {"password": NEW}))
    await gate.reached.wait()
    one.store.fail(Fault.UNAVAILABLE, times=1_000)
    gate.release()
    assert (await changing).status == 503
    one.store.heal()
    assert len(await one.database.find(LOGINS, {"user": ann.id, "live": True})) == 1
    assert [await works(other), await works(ann.account)] == [False, True]


async def test_sessions_end_with_a_change_of_address_though_the_store_goes_away(
    posting: Parley, postbox: Postbox
) -> None:
    ann, _ = await verified(posting)
    other = await another_session(posting, ann)
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    (await ann.account.request("POST", "/api/auth/email", {"email": "new@example.net"})).ok()
    code = await postbox.code_to("new@example.net")
    await posting.without_jobs()
    gate = posting.store.hold("together", answered=True)
    finishing = asyncio.create_task(ann.account.request("POST", "/api/auth/email/finish", {"code": code}))
    await gate.reached.wait()
    posting.store.fail(Fault.UNAVAILABLE, times=1_000)
    gate.release()
    assert (await finishing).status == 503
    posting.store.heal()
    assert len(await posting.database.find(LOGINS, {"user": ann.id, "live": True})) == 1
    assert [await works(other), await works(ann.account)] == [False, True]


async def test_sessions_end_with_a_role_though_the_store_goes_away_right_after(one: Parley) -> None:
    """Given once more it is the same role: nothing would end them then."""
    ada, bob = await people_with(one, ada="admin", bob="user")
    await one.without_jobs()
    one.store.fail(Fault.UNAVAILABLE, "update", times=1_000)
    path = f"/api/admin/users/{bob.id}/role"
    await ada.account.request("PUT", path, {"role": "moderator"})
    one.store.heal()
    assert (await ada.account.request("PUT", path, {"role": "moderator"})).status == 204
    assert (await user_of(one, bob)).role == "moderator"
    assert not await works(bob.account)


async def test_address_that_is_proved_while_its_account_is_deleted_stays_nobody_s(posting: Parley) -> None:
    ann, _ = await verified(posting)
    await nothing_to_do(posting)  # else the code of the registration may be the latest
    login, code = posting.application.tokens.read(ann.account.token).login, "123456"
    hashed = tickets.hashed(posting.application.sealer, code)
    _, proving = tickets.issue("email", 600, user=ann.id, code=hashed, data={"email": "new@example.net"})
    token, deleting = tickets.issue("deletion", 600, user=ann.id, bound=login, code=hashed)
    await posting.database.together([Insert(TICKETS, proving), Insert(TICKETS, deleting)])
    gate = posting.store.hold("together")
    body = {"ticket": token, "code": code, "password": PASSWORD}
    slow = asyncio.create_task(ann.account.request("DELETE", "/api/users/me", body))
    await gate.reached.wait()
    (await ann.account.request("POST", "/api/auth/email/finish", {"code": code})).ok()
    gate.release()
    answer = await slow
    assert (answer.status, answer.code) == (409, "conflict")
    assert (await user_of(posting, ann)).email == "new@example.net"


async def test_tries_of_a_stolen_session_keep_nobody_from_changing_the_password(tmp_path: Path) -> None:
    proxies = frozenset({ip_network("127.0.0.0/8")})
    async with running(tmp_path, limits=True, trusted_proxies=proxies) as parley:
        (ann,) = await parley.people("ann")
        for _ in range(PROOF_ACCOUNT.burst + 1):
            await parley.site.rest.request(
                "PUT",
                "/api/auth/password",
                {"password": NEW, "current": "a guess of four words"},
                token=ann.account.token,
                headers={"X-Forwarded-For": "192.0.2.66"},
            )
        assert (await ann.answer("auth.password", password=NEW, current=PASSWORD)).status == 204
