"""What people say of themselves, what they chose, and what they are called."""

import asyncio
import re
from typing import Any

import msgspec
import pytest

from services import OPERATIONS
from services.accounts.profile.changing import RENAMES_MS
from services.accounts.profile.countries import COUNTRIES
from services.ids import now_ms
from store.tables import ACTS, LOGINS, TABLES, USERS, User
from tests.application import Parley, running
from tests.client.account import Account
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, prove, refusal
from tests.people import Person
from tests.postbox import Postbox
from tests.refusals import claims

FULL = {
    "name": "Ann B. Ç",
    "picture": "https://pictures.example/ann.png?size=2",
    "banner": "https://pictures.example/wide.png",
    "country": "PT",
    "links": ["https://ann.example", "http://old.example/~ann"],
}


async def update(person: Person, **body: object) -> tuple[int, str | None]:
    return await refusal(person, "PATCH", "users/me", **body)


async def me(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(person, "GET", "users/me")).json
    return found


async def long_ago(parley: Parley, person: Person) -> None:
    """Have the last proof of who somebody is lie an hour back."""
    login = claims(person.account.token)["sid"]
    await parley.database.update(LOGINS, login, {"created_at": now_ms() - 3_600_000, "confirmed_at": None})


# The profile.


async def test_profile_is_changed_field_by_field_and_seen_by_others(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for field, value in FULL.items():
        assert await update(ann, **{field: value}) == (200, None)
    assert {field: (await me(ann))[field] for field in FULL} == FULL
    seen = (await ask(bob, "GET", f"users/{ann.id}")).json
    assert {field: seen[field] for field in FULL} == FULL
    assert not seen.keys() & {"email", "email_verified", "preferences", "role"}
    nothing: dict[str, Any] = {"picture": None, "banner": None, "country": None, "links": []}
    for field, empty in nothing.items():
        assert await update(ann, **{field: empty}) == (200, None)
        assert (await me(ann))[field] == empty


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", None),
        ("picture", "http://pictures.example/ann.png"),
        ("picture", "javascript:alert(1)"),
        ("picture", "data:image/png;base64,AAAA"),
        ("picture", "https://"),
        ("picture", "https:///path"),
        ("picture", "https://a.example/a b"),
        ("picture", "https://a.example/\n"),
        ("picture", "https://a.example/" + "x" * 2048),
        ("banner", "//a.example/x.png"),
        ("country", "pt"),
        ("country", "XX"),
        ("country", "PRT"),
        ("links", ["https://a.example"] * 11),
        ("links", ["ftp://a.example"]),
        ("links", ["javascript:alert(1)"]),
        ("links", "https://a.example"),
        ("username", "no spaces"),
        ("username", "ab"),
        ("username", "x" * 21),
    ],
)
async def test_what_is_no_such_thing_is_refused_with_its_place(one: Parley, field: str, value: object) -> None:
    (ann,) = await one.people("ann")
    before = await me(ann)
    answer = await ask(ann, "PATCH", "users/me", **{field: value})
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.json["errors"][0]["pointer"].startswith(f"/{field}")
    assert await me(ann) == before


def test_countries_are_those_of_the_standard() -> None:
    assert len(COUNTRIES) == 249
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES)


# Mass assignment.


def _records_fields() -> list[str]:
    return sorted({field.name for table in TABLES for field in msgspec.structs.fields(table.record)})


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.method == "PATCH"], ids=lambda op: op.name)
async def test_no_field_of_a_record_is_set_that_is_not_on_the_list(one: Parley, operation: Any) -> None:
    (ann,) = await one.people("ann")
    room = await ann.create()
    allowed = {field.name for field in msgspec.structs.fields(operation.input)}
    before = [await one.database.get(USERS, ann.id), await ann.room(room)]
    path = operation.path.replace("{room}", room).replace("{user}", ann.id)
    path = re.sub(r"{\w+}", "x", path)
    for field in _records_fields():
        if field in allowed:
            continue
        for value in ("admin", True, 1, None):
            answer = await ann.account.request("PATCH", path, {field: value})
            assert (answer.status, answer.code) == (400, "bad_request"), field
    assert [await one.database.get(USERS, ann.id), await ann.room(room)] == before


async def test_profile_and_preferences_change_their_own_fields_alone(one: Parley) -> None:
    (ann,) = await one.people("ann")
    before = await one.database.get(USERS, ann.id)
    assert before is not None
    assert await update(ann, **FULL) == (200, None)
    assert await refusal(ann, "PATCH", "users/me/preferences", theme="dark", anonymous=True) == (200, None)
    after = await one.database.get(USERS, ann.id)
    assert after is not None
    changed = {f.name for f in msgspec.structs.fields(User) if getattr(before, f.name) != getattr(after, f.name)}
    assert changed == {*FULL, "preferences", "revised"}


# Preferences.


async def test_preferences_are_merged_and_not_replaced(one: Parley) -> None:
    (ann,) = await one.people("ann")
    for choice in ({"theme": "dark"}, {"language": "pt"}, {"anonymous": True}, {"relay": "always"}):
        assert await refusal(ann, "PATCH", "users/me/preferences", **choice) == (200, None)
    kept = {"theme": "dark", "language": "pt", "anonymous": True, "mail_second_step": False, "relay": "always"}
    found = (await me(ann))["preferences"]
    assert {name: found[name] for name in kept} == kept


async def test_preferences_chosen_at_once_are_all_kept(one: Parley, two: Parley) -> None:
    (ann,) = await one.people("ann")
    there = ann.at(two.site)
    for turn in range(5):
        theme, language = ("dark", "pt") if turn % 2 else ("light", "en")
        await asyncio.gather(
            ask(ann, "PATCH", "users/me/preferences", theme=theme),
            ask(there, "PATCH", "users/me/preferences", language=language),
        )
        kept = (await me(ann))["preferences"]
        assert (kept["theme"], kept["language"]) == (theme, language)


@pytest.mark.parametrize(
    "body",
    [{"theme": "pink"}, {"language": "de"}, {"anonymous": "yes"}, {"relay": ""}, {"last_seen": ""}, {"role": "admin"}],
)
async def test_preference_that_is_none_is_refused(one: Parley, body: dict[str, object]) -> None:
    (ann,) = await one.people("ann")
    assert await refusal(ann, "PATCH", "users/me/preferences", **body) == (400, "bad_request")


async def test_second_step_by_mail_needs_a_proved_address_and_a_fresh_proof(one: Parley) -> None:
    (ann,) = await one.people("ann")
    path = "users/me/preferences"
    assert await refusal(ann, "PATCH", path, mail_second_step=True) == (403, "email_unverified")
    await prove(one, ann)
    assert await refusal(ann, "PATCH", path, mail_second_step=True) == (200, None)
    await long_ago(one, ann)
    assert await refusal(ann, "PATCH", path, mail_second_step=False) == (403, "confirmation_needed")
    assert await refusal(ann, "PATCH", path, mail_second_step=True, theme="dark") == (200, None), "it is as it was"
    assert [act.action for act in await one.database.find(ACTS, {"subject": ann.id}, by="id")] == [
        "mail_second_step.changed"
    ]


# What one is called.


async def test_new_username_is_one_s_own_and_the_old_one_anybody_s(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    old = ann.account.username
    assert await update(ann, username="anna") == (200, None)
    assert (await me(ann))["username"] == "anna"
    assert await update(bob, username=old.upper()) == (200, None)
    account = await Account.log_in(one.site.rest, "ANNA".lower())
    assert account.id == ann.id
    room = await ann.create()
    renamed = Person(one.site, account)
    assert (await renamed.say(room))["author"] == {"id": ann.id, "username": "anna"}


async def test_username_of_another_is_taken_whatever_the_case(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    assert await update(ann, username=bob.account.username.upper()) == (409, "username_taken")
    assert await update(ann, username=ann.account.username.upper()) == (200, None), "one's own in other letters is not"


async def test_username_that_two_want_at_once_goes_to_one(one: Parley, two: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    codes = await asyncio.gather(update(ann, username="wanted"), update(bob.at(two.site), username="Wanted"))
    assert sorted(codes) == [(200, None), (409, "username_taken")]


async def test_username_is_changed_twice_in_thirty_days(one: Parley) -> None:
    (ann,) = await one.people("ann")
    for name in ("first-name", "second-name"):
        assert await update(ann, username=name) == (200, None)
    answer = await ask(ann, "PATCH", "users/me", username="third-name")
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 29 * 86_400 < int(answer.headers["retry-after"]) <= 30 * 86_400
    assert await update(ann, username="second-name", name="Ann") == (200, None), "what one is called is no change"
    month_ago = (now_ms() - RENAMES_MS, now_ms())
    await one.database.update(USERS, ann.id, {"renamed_at": month_ago})
    assert await update(ann, username="third-name") == (200, None)


async def test_username_needs_a_fresh_proof_and_the_rest_none(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await long_ago(one, ann)
    assert await update(ann, username="another") == (403, "confirmation_needed")
    assert await update(ann, name="Another") == (200, None)


async def test_person_is_told_of_another_username_by_mail(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    email = await prove(posting, ann)
    assert await update(ann, username="anna") == (200, None)
    await postbox.letter_to(email, about="changed")


async def test_availability_is_told_to_anybody_and_folds_case(one: Parley) -> None:
    (ann,) = await one.people("ann")
    rest = one.site.rest
    for name, free in ((ann.account.username.upper(), False), ("nobody-yet", True)):
        answer = await rest.request("GET", f"/api/users/available?username={name}")
        assert answer.json == {"username": name, "available": free}
    assert (await rest.request("GET", "/api/users/available?username=a")).code == "bad_request"
    assert (await rest.request("GET", "/api/users/available")).code == "bad_request"


async def test_asking_for_names_is_limited_by_address(tmp_path: Any) -> None:
    async with running(tmp_path, limits=True) as parley:
        codes = [
            (await parley.site.rest.request("GET", f"/api/users/available?username=name{number}")).code
            for number in range(25)
        ]
    assert codes[:20] == [None] * 20
    assert "rate_limited" in codes


async def test_profile_stands_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        ann, bob = await parley.people("ann", "bob")
        assert await update(ann, **FULL, username="renamed") == (200, None)
        assert await update(bob, username="RENAMED") == (409, "username_taken")
        assert {field: (await me(ann))[field] for field in FULL} == FULL
