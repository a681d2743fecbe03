"""Logging in by a passkey, and every way in which one proves nothing."""

import asyncio
from collections.abc import Callable

import pytest

from services.accounts.secrets.tickets import TRIES, digest
from services.ids import now_ms
from store.tables import PASSKEYS, TICKETS, USERS
from tests.application import Parley
from tests.authenticator import Authenticator, Key, Lies, copied, encode, forged
from tests.client.checks import Json
from tests.people import Person
from tests.proofs import (
    Steps,
    add_passkey,
    another_session,
    ask,
    codes,
    login_of,
    passkey_on,
    second_proof,
    to_make,
    to_use,
    totp_on,
    use_passkey,
)
from tests.proofs import steps as steps  # a fixture


async def test_passkey_logs_in_and_is_two_proofs(one: Parley, two: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    await totp_on(ann, steps)
    authenticator, key = await passkey_on(one, ann)
    asked = await to_use(one)
    credential = authenticator.get(asked["options"])
    answer = await ask(two, "passkey", ticket=asked["ticket"], credential=credential)
    assert (answer.status, answer.json["user"]["id"]) == (200, ann.id)
    assert (await login_of(one, answer)).methods == ("passkey",)
    kept = await one.database.get(PASSKEYS, key.name)
    assert kept is not None
    assert (kept.signs, kept.used_at is not None) == (1, True)


async def test_log_in_is_remembered_or_not_as_it_was_asked(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    asked = await to_use(one)
    body = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"]), "remember": False}
    assert (await login_of(one, await ask(one, "passkey", **body))).remembered is False


async def test_passkey_that_does_not_count_logs_in_again_and_again(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    authenticator.counts = False
    assert [(await use_passkey(one, authenticator)).status for _ in range(3)] == [200, 200, 200]


LIES: dict[str, Lies] = {
    "another origin": Lies(origin="https://parley.example"),
    "a port of the same host": Lies(origin="http://localhost:1"),
    "another place": Lies(rp_id="example.org"),
    "nobody there": Lies(present=False),
    "its person did not open it": Lies(verified=False),
    "a frame in another page": Lies(cross_origin=True),
    "another challenge": Lies(challenge=encode(bytes(32))),
    "made, not used": Lies(type="webauthn.create"),
    "somebody else's": Lies(handle=encode(b"somebody")),
    "nobody's": Lies(handle=""),
}


@pytest.mark.parametrize("name", LIES)
async def test_passkey_that_was_not_used_here_and_now_by_its_person_is_refused(one: Parley, name: str) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    answer = await use_passkey(one, authenticator, LIES[name])
    assert (answer.status, answer.code) == (401, "bad_passkey"), name
    assert (await use_passkey(one, authenticator)).status == 200


async def test_counter_that_went_back_is_refused(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, key = await passkey_on(one, ann)
    copy = copied(key)
    assert [(await use_passkey(one, authenticator)).status for _ in range(2)] == [200, 200]
    asked = await to_use(one)
    credential = authenticator.get(asked["options"], key=copy)
    assert (await ask(one, "passkey", ticket=asked["ticket"], credential=credential)).code == "bad_passkey"
    assert (await use_passkey(one, authenticator, Lies(signs=2))).code == "bad_passkey", "the same count again"
    assert (await use_passkey(one, authenticator, Lies(signs=0))).code == "bad_passkey", "no count any more"


Change = Callable[[Json, Authenticator, Key], Json]
FORGED: dict[str, Change] = {
    "another signature": lambda said, *_: forged(said, signature=encode(bytes(70))),
    "a signature of nothing": lambda said, *_: forged(said, signature=""),
    "bytes that are none": lambda said, *_: forged(said, signature="#"),
    "data that is none": lambda said, *_: forged(said, authenticatorData=encode(b"x")),
    "words that are no JSON": lambda said, *_: forged(said, clientDataJSON=encode(b"{")),
    "words that are a list": lambda said, *_: forged(said, clientDataJSON=encode(b"[]")),
    "words without a challenge": lambda said, *_: forged(said, clientDataJSON=encode(b'{"type":"webauthn.get"}')),
    "words of other types": lambda said, *_: forged(
        said, clientDataJSON=encode(b'{"type":1,"challenge":2,"origin":3}')
    ),
    "another id inside": lambda said, *_: said | {"rawId": encode(bytes(32))},
    "the id in another form": lambda said, *_: said | {"id": said["id"] + "=", "rawId": said["rawId"] + "="},
    "an id of nobody": lambda said, *_: said | {"id": encode(bytes(32)), "rawId": encode(bytes(32))},
}


@pytest.mark.parametrize("name", FORGED)
async def test_forged_answer_is_refused(one: Parley, name: str) -> None:
    (ann,) = await one.people("ann")
    authenticator, key = await passkey_on(one, ann)
    asked = await to_use(one)
    credential = FORGED[name](authenticator.get(asked["options"]), authenticator, key)
    answer = await ask(one, "passkey", ticket=asked["ticket"], credential=credential)
    assert (answer.status, answer.code) == (401, "bad_passkey"), name


async def test_passkey_of_one_does_not_log_another_in(one: Parley) -> None:
    ann, eve = await one.people("ann", "eve")
    _, key = await passkey_on(one, ann)
    eves, own = await passkey_on(one, eve)
    asked = await to_use(one)
    signed = eves.get(asked["options"])
    borrowed = signed | {"id": key.name, "rawId": key.name}
    assert (await ask(one, "passkey", ticket=asked["ticket"], credential=borrowed)).code == "bad_passkey"
    own.handle = encode(ann.id.encode())
    assert (await use_passkey(one, eves)).code == "bad_passkey"


async def test_challenge_is_used_once(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    asked = await to_use(one)
    body = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])}
    assert (await ask(one, "passkey", **body)).status == 200
    assert (await ask(one, "passkey", **body)).code == "ticket_over"
    fresh = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])}
    assert (await ask(one, "passkey", **fresh)).code == "ticket_over"


async def test_challenge_is_used_by_one_of_two_at_once(one: Parley, two: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    asked = await to_use(one)
    body = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])}
    answers = await asyncio.gather(*(ask(node, "passkey", **body) for node in (one, two)))
    assert codes(*answers) == ["ok", "ticket_over"]


async def test_challenge_is_tried_a_few_times_only_and_not_for_long(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    asked = await to_use(one)
    lie = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"], Lies(verified=False))}
    assert [(await ask(one, "passkey", **lie)).code for _ in range(TRIES + 1)] == ["bad_passkey"] * TRIES + [
        "ticket_over"
    ]
    asked = await to_use(one)
    await one.database.update(TICKETS, digest(asked["ticket"]), {"expires_at": now_ms()})
    body = {"ticket": asked["ticket"], "credential": authenticator.get(asked["options"])}
    assert (await ask(one, "passkey", **body)).code == "ticket_over"


async def test_challenge_is_for_one_purpose(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    confirming = (await ann.account.request("POST", "/api/auth/confirm/passkey")).ok()
    credential = authenticator.get(confirming["options"])
    assert (await ask(one, "passkey", ticket=confirming["ticket"], credential=credential)).code == "ticket_over"
    entering = await to_use(one)
    body = {"ticket": entering["ticket"], "credential": authenticator.get(entering["options"])}
    assert (await ann.account.request("POST", "/api/auth/confirm", body)).code == "ticket_over"
    assert (await second_proof(one, body.pop("ticket"), "passkey", **body)).code == "ticket_over"
    making = await to_make(ann.account)
    other = Authenticator(one.application.url).create(making["options"])
    assert (await add_passkey(ann.account, confirming, other)).code == "ticket_over"


async def test_challenge_of_another_session_makes_no_passkey(one: Parley) -> None:
    ann, eve = await one.people("ann", "eve")
    other = Person(one.site, await another_session(one, ann))
    for foreign in (eve.account, other.account):
        asked = await to_make(ann.account)
        credential = Authenticator(one.application.url).create(asked["options"])
        assert (await add_passkey(foreign, asked, credential)).code == "ticket_over"


async def test_removed_passkey_logs_nobody_in(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, key = await passkey_on(one, ann)
    asked = await to_use(one)
    credential = authenticator.get(asked["options"])
    (await ann.account.request("DELETE", f"/api/auth/passkeys/{key.name}")).ok()
    assert (await ask(one, "passkey", ticket=asked["ticket"], credential=credential)).code == "bad_passkey"


async def test_ban_holds_for_passkeys_too(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, _ = await passkey_on(one, ann)
    await one.database.update(USERS, ann.id, {"banned_at": now_ms(), "ban_reason": "spam"})
    answer = await use_passkey(one, authenticator)
    assert (answer.status, answer.code, answer.json["reason"]) == (403, "account_banned", "spam")
