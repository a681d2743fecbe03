"""Roles of the whole installation: who gives which, how the first admin comes to theirs, and that one always stays."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from services.accounts.logins.families import TRUSTED_MS
from services.accounts.moderation.roles import CLAIM_S, offer
from services.ids import now_ms
from store.tables import LOGINS, PASSKEYS, TICKETS, USERS, Passkey
from tests.application import Parley, running
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, eventually, lines, people_with, prove, refusal, trust
from tests.people import Person
from tests.postbox import Postbox
from tests.refusals import claims

ROOT = Path(__file__).parents[3]


async def give(by: Person, person: Person, role: str) -> tuple[int, str | None]:
    return await refusal(by, "PUT", f"admin/users/{person.id}/role", role=role)


async def role_of(parley: Parley, person: Person) -> str:
    user = await parley.database.get(USERS, person.id)
    assert user is not None
    return user.role


async def test_admin_gives_every_role_and_the_person_s_sessions_end(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    for role in ("moderator", "admin", "user"):
        live = await bob.connect()
        assert await give(ada, bob, role) == (204, None)
        assert await live.code() == 4504
        assert await role_of(one, bob) == role
        bob = Person(one.site, await one.site.log_in(bob.account))
        assert (await ask(bob, "GET", "users/me")).json["role"] == role


async def test_same_role_again_changes_nothing_and_ends_nothing(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="moderator")
    assert await give(ada, bob, "moderator") == (204, None)
    assert (await ask(bob, "GET", "users/me")).status == 200
    assert await lines(ada, subject=bob.id) == []


async def test_nobody_but_an_admin_gives_a_role_not_even_below_their_own(one: Parley) -> None:
    mod, bob, cid = await people_with(one, mod="moderator", bob="user", cid="user")
    for by in (mod, bob):
        for role in ("user", "moderator", "admin"):
            assert await give(by, cid, role) == (403, "forbidden")
            assert await give(by, by, role) == (403, "forbidden")
    assert [await role_of(one, person) for person in (mod, bob, cid)] == ["moderator", "user", "user"]


async def test_admin_without_two_proofs_or_a_late_one_gives_nothing(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    login = claims(ada.account.token)["sid"]
    await one.database.update(LOGINS, login, {"methods": ("password",)})
    assert await give(ada, bob, "admin") == (403, "second_factor_missing")
    await trust(one, ada, "admin")
    long_ago = {"created_at": now_ms() - 3_600_000, "confirmed_at": now_ms() - 16 * 60_000}
    await one.database.update(LOGINS, login, long_ago)
    assert await give(ada, bob, "admin") == (403, "confirmation_needed")


async def test_last_admin_cannot_step_down_and_one_of_two_can(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    assert await give(ada, ada, "user") == (409, "last_admin")
    assert await give(ada, bob, "admin") == (204, None)
    assert await give(ada, ada, "user") == (204, None)
    assert await role_of(one, ada) == "user"


async def test_two_admins_who_step_down_at_once_do_not_leave_none(one: Parley, two: Parley) -> None:
    for number in range(5):
        ada, eve = await people_with(one, **{f"ada{number}": "admin", f"eve{number}": "admin"})
        codes = await asyncio.gather(give(ada, ada, "user"), give(eve.at(two.site), eve, "user"))
        assert sorted(codes) == [(204, None), (409, "last_admin")], number
        for person in (ada, eve):
            await one.database.update(USERS, person.id, {"role": "user"})


async def test_banned_admin_does_not_count_as_one_who_stays(one: Parley) -> None:
    ada, eve = await people_with(one, ada="admin", eve="admin")
    assert await refusal(ada, "PUT", f"admin/users/{eve.id}/ban", reason="x") == (204, None)
    assert await give(ada, ada, "user") == (409, "last_admin")


async def test_unknown_people_and_roles_are_refused(one: Parley) -> None:
    (ada,) = await people_with(one, ada="admin")
    assert await refusal(ada, "PUT", "admin/users/nobody/role", role="user") == (404, "user_not_found")
    assert await refusal(ada, "PUT", f"admin/users/{ada.id}/role", role="god") == (400, "bad_request")


# The first admin.


async def test_whoever_has_the_printed_token_becomes_an_admin_once(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    other = await one.site.log_in(ann.account)
    token = await offer(one.database)
    assert (await ask(ann, "POST", "admin/claim", token=token)).status == 204
    assert await role_of(one, ann) == "admin"
    assert (await other.request("GET", "/api/users/me")).status == 401, "it was not meant to live as an admin's"
    assert await refusal(ann, "GET", "admin/users") == (403, "second_factor_missing")
    for person in (ann, bob):
        assert await refusal(person, "POST", "admin/claim", token=token) == (401, "ticket_over")
    assert await role_of(one, bob) == "user"


async def test_session_that_claims_lives_no_longer_than_an_admins(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert (await ask(ann, "POST", "admin/claim", token=await offer(one.database))).status == 204
    login = await one.database.get(LOGINS, claims(ann.account.token)["sid"])
    assert login is not None
    assert login.expires_at <= now_ms() + TRUSTED_MS


async def test_two_who_claim_at_once_do_not_both_become_admins(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    token = await offer(one.database)
    answers = await asyncio.gather(
        refusal(ann, "POST", "admin/claim", token=token), refusal(bob.at(two.site), "POST", "admin/claim", token=token)
    )
    assert sorted(answers) == [(204, None), (401, "ticket_over")]


async def test_token_for_an_admin_is_over_after_an_hour_and_with_the_next(one: Parley) -> None:
    (ann,) = await one.people("ann")
    earlier, latest = await offer(one.database), await offer(one.database)
    assert await refusal(ann, "POST", "admin/claim", token=earlier) == (401, "ticket_over")
    equal = {"kind": "admin", "user": ""}
    (held,) = [one for one in await one.database.find(TICKETS, equal, by="created_at") if one.used_at is None]
    assert held.expires_at - held.created_at == CLAIM_S * 1000
    await one.database.update(TICKETS, held.id, {"expires_at": now_ms()})
    assert await refusal(ann, "POST", "admin/claim", token=latest) == (401, "ticket_over")


async def test_claim_needs_a_fresh_proof_and_the_right_token(one: Parley) -> None:
    (ann,) = await one.people("ann")
    token = await offer(one.database)
    assert await refusal(ann, "POST", "admin/claim", token="nonsense") == (401, "ticket_over")
    await one.database.update(LOGINS, claims(ann.account.token)["sid"], {"created_at": now_ms() - 3_600_000})
    assert await refusal(ann, "POST", "admin/claim", token=token) == (403, "confirmation_needed")
    assert await role_of(one, ann) == "user"


@pytest.mark.slow
async def test_server_prints_the_token_beside_a_node_that_runs(tmp_path: Path) -> None:
    async with running(tmp_path) as parley:
        (ann,) = await parley.people("ann")
        command = [sys.executable, str(ROOT / "server.py"), "admin", "--data-dir", str(tmp_path / "data")]
        printed = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        token = printed.stdout.splitlines()[-1]
        assert token not in printed.stderr
        assert (await ask(ann, "POST", "admin/claim", token=token)).status == 204
        assert await role_of(parley, ann) == "admin"


# What an admin does for somebody, and cannot do to them.


async def test_admin_ends_sessions_and_tokens_of_somebody(one: Parley) -> None:
    ada, bob = await people_with(one, ada="admin", bob="user")
    live = await bob.connect()
    assert await refusal(ada, "POST", f"admin/users/{bob.id}/sessions/end") == (204, None)
    assert await live.code() == 4504
    assert (await ask(bob, "GET", "users/me")).code == "unauthenticated"
    assert await refusal(ada, "POST", "admin/users/nobody/sessions/end") == (404, "user_not_found")


async def test_reset_of_proofs_goes_to_the_person_by_mail_and_sets_no_password(
    posting: Parley, postbox: Postbox
) -> None:
    ada, bob = await people_with(posting, ada="admin", bob="user")
    assert await refusal(ada, "POST", f"admin/users/{bob.id}/proofs/reset") == (403, "email_unverified")
    email = await prove(posting, bob)
    key = Passkey(id=f"key-{bob.id}", user=bob.id, key="k", name="phone", name_key="phone", created_at=now_ms())
    await posting.database.insert(PASSKEYS, key)
    before = await posting.database.get(USERS, bob.id)
    assert before is not None
    answer = await ask(ada, "POST", f"admin/users/{bob.id}/proofs/reset")
    assert (answer.status, answer.body) == (204, b"")
    after = await posting.database.get(USERS, bob.id)
    assert after is not None
    assert (after.totp, after.recovery, after.password) == (None, None, before.password)
    assert await posting.database.find(PASSKEYS, {"user": bob.id}) == []
    assert (await ask(bob, "GET", "users/me")).status == 401
    assert (await postbox.link_to(email)).startswith("http")
    await eventually(lambda: _told(postbox, email))


async def _told(postbox: Postbox, email: str) -> bool:
    return len(postbox.letters_to(email)) >= 2


async def test_people_are_found_by_name_and_role_without_their_address(one: Parley) -> None:
    ada, mod, bob = await people_with(one, ada="admin", mod="moderator", bob="user")
    begins = bob.account.username.upper()[:3]
    for path in (f"admin/users?username={begins}", f"admin/users/{bob.id}"):
        answer = await ask(mod, "GET", path)
        assert answer.status == 200
        assert "example.org" not in answer.body.decode()
        assert bob.id in answer.body.decode()
    found = (await ask(mod, "GET", "admin/users?role=admin")).json["items"]
    assert [one["id"] for one in found] == [ada.id]
    everybody: list[str] = []
    more, path = True, "admin/users?limit=2"
    while more:
        page = (await ask(mod, "GET", path)).json
        everybody += [one["id"] for one in page["items"]]
        more, path = page["next"] is not None, f"admin/users?limit=2&cursor={page['next']}"
    assert sorted(everybody) == sorted(person.id for person in (ada, mod, bob))
    assert await refusal(bob, "GET", "admin/users") == (403, "forbidden")
    assert await refusal(mod, "GET", "admin/users/nobody") == (404, "user_not_found")


async def test_admin_reads_no_room_that_is_not_theirs(one: Parley) -> None:
    ada, ann, bob = await people_with(one, ada="admin", ann="user", bob="user")
    private = await ann.create(kind="private")
    direct = (await ann.do("room.direct", user=bob.id))["id"]
    for room in (private, direct, ann.stream):
        message = (await ann.say(room))["id"] if room != ann.stream else "none"
        assert await ada.refused("room.get", room=room) == "room_not_found"
        assert await ada.refused("message.list", room=room) == "room_not_found"
        assert await ada.refused("message.get", room=room, message=message) == "room_not_found"


async def test_roles_stand_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ada, bob = await people_with(parley, ada="admin", bob="user")
        assert await give(ada, ada, "user") == (409, "last_admin")
        assert await give(ada, bob, "moderator") == (204, None)
        found = (await ask(ada, "GET", "admin/users?role=moderator")).json["items"]
        assert [one["id"] for one in found] == [bob.id]
