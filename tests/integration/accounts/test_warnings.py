"""Warnings: given by moderators, told at once, read and dismissed by the person."""

import pytest

from tests.application import Parley, running
from tests.client.rest import path_of
from tests.integration.conftest import Store
from tests.integration.signing_in.trusted import ask, lines, people_with, prove, refusal
from tests.people import Person
from tests.postbox import Postbox


async def warn(by: Person, person: Person, text: str = "be kind") -> str:
    answer = await ask(by, "POST", f"admin/users/{person.id}/warnings", text=text)
    assert answer.status == 201, answer
    return str(answer.json["id"])


async def test_warning_is_told_on_all_devices_and_stays_in_the_person_s_own_stream(one: Parley) -> None:
    mod, bob = await people_with(one, mod="moderator", bob="user")
    live = await bob.connect()
    await warn(mod, bob)
    event = await live.next("message")
    assert (event["room"], event["d"]["type"], event["d"]["user"]) == (bob.stream, "warned", bob.id)
    assert event["d"]["by"] is None, "who gave it is in the audit log alone"
    assert await bob.notices(bob.stream) == ["warned"]


async def test_warnings_are_listed_the_latest_first_page_by_page(one: Parley) -> None:
    mod, bob = await people_with(one, mod="moderator", bob="user")
    given = [await warn(mod, bob, f"warning {number}") for number in range(5)]
    found, cursor = [], None
    while True:
        page = (await ask(bob, "GET", path_of("users", "me", "warnings", limit=2, cursor=cursor)[1:])).json
        found += [warning["id"] for warning in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == given[::-1]
    assert (await ask(mod, "GET", "users/me/warnings")).json["items"] == []
    assert [one["id"] for one in (await ask(mod, "GET", f"admin/users/{bob.id}")).json["warnings"]] == given[::-1]


async def test_warning_is_dismissed_once_by_its_person_alone(one: Parley) -> None:
    mod, bob = await people_with(one, mod="moderator", bob="user")
    warning = await warn(mod, bob)
    path = f"users/me/warnings/{warning}/dismissal"
    assert await refusal(mod, "POST", path) == (404, "warning_not_found")
    assert (await ask(bob, "POST", path)).status == 204
    first = (await ask(bob, "GET", "users/me/warnings")).json["items"][0]["dismissed_at"]
    assert first is not None
    assert (await ask(bob, "POST", path)).status == 204
    assert (await ask(bob, "GET", "users/me/warnings")).json["items"][0]["dismissed_at"] == first
    assert await refusal(bob, "POST", "users/me/warnings/none/dismissal") == (404, "warning_not_found")


async def test_warning_is_sent_by_mail_where_the_address_is_proved(posting: Parley, postbox: Postbox) -> None:
    mod, bob = await people_with(posting, mod="moderator", bob="user")
    email = await prove(posting, bob)
    await warn(mod, bob, "be\nkind")
    assert "kind" in (await postbox.letter_to(email, about="warned")).text


async def test_moderators_warn_users_alone(one: Parley) -> None:
    ada, mod, max_, bob = await people_with(one, ada="admin", mod="moderator", max="moderator", bob="user")
    for person in (ada, max_, mod):
        path = f"admin/users/{person.id}/warnings"
        assert await refusal(mod, "POST", path, text="x") == (403, "forbidden")
    await warn(ada, mod)
    assert await refusal(bob, "POST", f"admin/users/{ada.id}/warnings", text="x") == (403, "forbidden")
    assert await refusal(mod, "POST", "admin/users/nobody/warnings", text="x") == (404, "user_not_found")
    assert await lines(ada, subject=mod.id) == ["user.warned"]


@pytest.mark.parametrize("text", ["", "x" * 1001])
async def test_warning_says_something_and_not_too_much(one: Parley, text: str) -> None:
    mod, bob = await people_with(one, mod="moderator", bob="user")
    answer = await ask(mod, "POST", f"admin/users/{bob.id}/warnings", text=text)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/text")


async def test_warning_stands_on_each_store(store: Store) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        mod, bob = await people_with(parley, mod="moderator", bob="user")
        warning = await warn(mod, bob)
        assert [one["id"] for one in (await ask(bob, "GET", "users/me/warnings")).json["items"]] == [warning]
        assert await bob.notices(bob.stream) == ["warned"]
