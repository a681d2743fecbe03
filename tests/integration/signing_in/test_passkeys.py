"""Passkeys: made, named, removed, and what is refused of what says that it was made."""

import asyncio

import cbor2
import pytest

from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.second.passkeys.keeping import COUNT_LIMIT
from store.tables import ACTS, BACKUPS, IDENTITIES, PASSKEYS, USERS, Identity, Passkey
from tests.application import Parley
from tests.authenticator import Authenticator, Lies, copied, encode, forged
from tests.client.checks import Json
from tests.postbox import Postbox
from tests.proofs import (
    Steps,
    add_passkey,
    age,
    another_session,
    codes,
    passkey_on,
    to_make,
    to_use,
    verified,
    without_password,
    works,
)
from tests.proofs import steps as steps  # a fixture

# Made and kept


async def test_options_ask_for_a_key_that_its_person_opens_and_that_tells_whose_it_is(one: Parley) -> None:
    (ann,) = await one.people("ann")
    asked = (await to_make(ann.account))["options"]
    assert asked["rp"] == {"id": "localhost", "name": "Parley"}
    assert asked["user"]["id"] == encode(ann.id.encode())
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["attestation"] == "none"
    used = (await to_use(one))["options"]
    assert (used["rpId"], used["userVerification"], used["allowCredentials"]) == ("localhost", "required", [])


async def test_passkeys_are_listed_named_and_removed(one: Parley) -> None:
    (ann,) = await one.people("ann")
    _, phone = await passkey_on(one, ann, "Phone")
    _, usb = await passkey_on(one, ann, "Stick")
    listed = (await ann.account.get("auth", "passkeys"))["items"]
    assert [(key["id"], key["name"], key["used_at"]) for key in listed] == [
        (phone.name, "Phone", None),
        (usb.name, "Stick", None),
    ]
    path = f"/api/auth/passkeys/{phone.name}"
    named = await ann.account.request("PATCH", path, {"name": "Old phone"})
    assert (named.status, named.json["name"]) == (200, "Old phone")
    assert (await ann.account.request("DELETE", path)).status == 204
    assert [key["name"] for key in (await ann.account.get("auth", "passkeys"))["items"]] == ["Stick"]


async def test_an_authenticator_is_told_what_it_has_already(one: Parley) -> None:
    (ann,) = await one.people("ann")
    authenticator, key = await passkey_on(one, ann)
    asked = await to_make(ann.account)
    assert [known["id"] for known in asked["options"]["excludeCredentials"]] == [key.name]
    with pytest.raises(AssertionError, match="InvalidStateError"):
        authenticator.create(asked["options"])
    again = await add_passkey(ann.account, asked, authenticator.attest(key, asked["options"]), "again")
    assert (again.status, again.code) == (409, "conflict")


async def test_passkey_of_somebody_else_is_not_taken_over(one: Parley) -> None:
    ann, eve = await one.people("ann", "eve")
    _, key = await passkey_on(one, ann)
    asked = await to_make(eve.account)
    credential = Authenticator(one.application.url).attest(copied(key), asked["options"])
    assert (await add_passkey(eve.account, asked, credential)).code == "conflict"
    kept = await one.database.get(PASSKEYS, key.name)
    assert kept is not None
    assert kept.user == ann.id


@pytest.mark.parametrize("name", ["phone", "PHONE", " Phone ", "\uff50\uff48\uff4f\uff4e\uff45"])
async def test_two_passkeys_of_a_person_have_two_names(one: Parley, name: str) -> None:
    ann, eve = await one.people("ann", "eve")
    await passkey_on(one, ann, "Phone")
    asked = await to_make(ann.account)
    credential = Authenticator(one.application.url).create(asked["options"])
    assert (await add_passkey(ann.account, asked, credential, name)).code == "name_taken"
    _, other = await passkey_on(one, ann, "Stick")
    path = f"/api/auth/passkeys/{other.name}"
    assert (await ann.account.request("PATCH", path, {"name": name})).code == "name_taken"
    assert (await passkey_on(one, eve, "Phone"))[1].name


@pytest.mark.parametrize("name", ["", " ", "\n", "a\nb", "name\n", "a" * 65])
async def test_name_that_nobody_can_read_is_refused(one: Parley, name: str) -> None:
    (ann,) = await one.people("ann")
    asked = await to_make(ann.account)
    credential = Authenticator(one.application.url).create(asked["options"])
    answer = await add_passkey(ann.account, asked, credential, name)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/name")


async def test_same_name_given_to_two_at_once_stays_with_one(one: Parley) -> None:
    (ann,) = await one.people("ann")
    keys = [(await passkey_on(one, ann, name))[1] for name in ("a", "b")]
    answers = await asyncio.gather(
        *(ann.account.request("PATCH", f"/api/auth/passkeys/{key.name}", {"name": "mine"}) for key in keys)
    )
    assert codes(*answers) == ["name_taken", "ok"]


async def test_passkeys_of_others_are_not_there(one: Parley) -> None:
    ann, eve = await one.people("ann", "eve")
    _, key = await passkey_on(one, ann)
    path = f"/api/auth/passkeys/{key.name}"
    assert (await eve.account.request("PATCH", path, {"name": "x"})).code == "passkey_not_found"
    assert (await eve.account.request("DELETE", path)).code == "passkey_not_found"
    assert (await eve.account.get("auth", "passkeys"))["items"] == []


async def test_there_are_only_so_many(one: Parley) -> None:
    (ann,) = await one.people("ann")
    asked: Json = {}
    for number in range(COUNT_LIMIT):
        key = Passkey(
            id=encode(bytes([number])), user=ann.id, key="", name=str(number), name_key=str(number), created_at=1
        )
        await one.database.insert(PASSKEYS, key)
        if number == COUNT_LIMIT - 2:
            asked = await to_make(ann.account)
    assert (await ann.account.request("POST", "/api/auth/passkeys/options")).code == "conflict"
    credential = Authenticator(one.application.url).create(asked["options"])
    assert (await add_passkey(ann.account, asked, credential)).code == "conflict"


async def test_changes_end_all_other_sessions_are_told_and_written_down(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    other = await another_session(posting, ann)
    socket = await posting.site.connect(other)
    _, key = await passkey_on(posting, ann)
    assert (await socket.closed).code == 4504
    assert not await works(other)
    other = await another_session(posting, ann)
    (await ann.account.request("DELETE", f"/api/auth/passkeys/{key.name}")).ok()
    assert not await works(other)
    assert await works(ann.account)
    assert "passkeys" in (await postbox.letter_to(email, 2, about="changed")).text
    acts = await posting.database.find(ACTS, {"subject": ann.id})
    assert [act.action for act in acts if act.action.startswith("passkey")] == ["passkey.added", "passkey.removed"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "passkeys/options"), ("POST", "passkeys"), ("DELETE", "passkeys/{key}")]
)
async def test_changes_need_a_proof_of_lately(one: Parley, method: str, path: str) -> None:
    (ann,) = await one.people("ann")
    _, key = await passkey_on(one, ann)
    asked = await to_make(ann.account)
    body = {"ticket": asked["ticket"], "name": "other", "credential": Authenticator("").create(asked["options"])}
    await age(one, ann.account, CONFIRMED_MS)
    where = f"/api/auth/{path.format(key=key.name)}"
    answer = await ann.account.request(method, where, body if path == "passkeys" else None)
    assert (answer.status, answer.code) == (403, "confirmation_needed")


async def test_last_way_in_stays(one: Parley) -> None:
    (ann,) = await one.people("ann")
    _, key = await passkey_on(one, ann)
    await without_password(one, ann)
    path = f"/api/auth/passkeys/{key.name}"
    answer = await ann.account.request("DELETE", path)
    assert (answer.status, answer.code) == (409, "last_way_in")
    foreign = Identity(
        id="i", user=ann.id, provider="gone", issuer="https://gone.example", subject="1", label="", created_at=1
    )
    await one.database.insert(IDENTITIES, foreign)
    assert (await ann.account.request("DELETE", path)).code == "last_way_in", "nobody signs in there any more"
    await one.database.update(USERS, ann.id, {"email_verified": True})
    assert (await ann.account.request("DELETE", path)).status == 204


async def test_last_two_ways_in_are_not_taken_away_at_once(one: Parley) -> None:
    (ann,) = await one.people("ann")
    keys = [(await passkey_on(one, ann, name))[1] for name in ("a", "b")]
    await without_password(one, ann)
    answers = await asyncio.gather(*(ann.account.request("DELETE", f"/api/auth/passkeys/{key.name}") for key in keys))
    assert codes(*answers)[1] == "ok"
    assert codes(*answers)[0] in ("conflict", "last_way_in")
    assert len((await ann.account.get("auth", "passkeys"))["items"]) == 1


async def test_backup_codes_go_with_the_last_passkey(one: Parley, steps: Steps) -> None:
    (ann,) = await one.people("ann")
    keys = [(await passkey_on(one, ann, name))[1] for name in ("a", "b")]
    (await ann.account.request("POST", "/api/auth/backup-codes")).ok()
    left = []
    for key in keys:
        (await ann.account.request("DELETE", f"/api/auth/passkeys/{key.name}")).ok()
        left.append(len(await one.database.find(BACKUPS, {"user": ann.id})))
    assert left == [10, 0]


LIES: dict[str, Lies] = {
    "another origin": Lies(origin="https://parley.example"),
    "another place": Lies(rp_id="example.org"),
    "nobody there": Lies(present=False),
    "its person did not open it": Lies(verified=False),
    "a frame in another page": Lies(cross_origin=True),
    "another challenge": Lies(challenge=encode(bytes(32))),
    "used, not made": Lies(type="webauthn.get"),
    "a statement nobody asked for": Lies(format="fido-u2f"),
    "a statement that proves nothing": Lies(format="packed"),
    "an algorithm nobody asked for": Lies(algorithm=-47),
}


@pytest.mark.parametrize("name", LIES)
async def test_passkey_that_was_not_made_as_asked_is_refused(one: Parley, name: str) -> None:
    (ann,) = await one.people("ann")
    asked = await to_make(ann.account)
    credential = Authenticator(one.application.url).create(asked["options"], LIES[name])
    answer = await add_passkey(ann.account, asked, credential)
    assert (answer.status, answer.code) == (401, "bad_passkey"), name
    assert (await ann.account.get("auth", "passkeys"))["items"] == []


WHOLE = {"fmt": "none", "attStmt": {}, "authData": bytes(37)}
STATEMENTS: dict[str, bytes] = {
    "nothing": b"",
    "no CBOR": b"\xff",
    "a list": cbor2.dumps([]),
    "no form": cbor2.dumps({"attStmt": {}, "authData": bytes(37)}),
    "a form that is a number": cbor2.dumps(WHOLE | {"fmt": 1}),
    "no data": cbor2.dumps({"fmt": "none", "attStmt": {}}),
    "data that is cut": cbor2.dumps(WHOLE | {"authData": bytes(36)}),
    "data without a key": cbor2.dumps(WHOLE),
    "deeply nested": b"\x81" * 10_000,
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_passkey_that_tells_nonsense_is_refused(one: Parley, name: str) -> None:
    (ann,) = await one.people("ann")
    asked = await to_make(ann.account)
    credential = Authenticator(one.application.url).create(asked["options"])
    answer = await add_passkey(ann.account, asked, forged(credential, attestationObject=encode(STATEMENTS[name])))
    assert (answer.status, answer.code) == (401, "bad_passkey"), name


async def test_passkey_that_goes_by_another_id_is_refused(one: Parley) -> None:
    (ann,) = await one.people("ann")
    asked = await to_make(ann.account)
    other = encode(bytes(32))
    credential = Authenticator(one.application.url).create(asked["options"]) | {"id": other, "rawId": other}
    assert (await add_passkey(ann.account, asked, credential)).code == "bad_passkey"
