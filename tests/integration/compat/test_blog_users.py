"""The older blog's users, by the routes and bodies of its gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.tables import USERS
from tests.application import Parley, running
from tests.integration.compat.blog import PASSWORD, Blog, service_of


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def service(parley: Parley) -> Blog:
    (admin,) = await parley.people("gatekeeper")
    return await service_of(parley, admin)


async def test_service_makes_a_user_and_finds_them_by_name_address_and_number(service: Blog) -> None:
    made = await service.user("ann-lee")
    assert made == {
        "id": made["id"],
        "username": "ann-lee",
        "email": "ann-lee@example.org",
        "from_oauth": False,
        "image_filename": "default.jpg",
        "following_count": 0,
        "follower_count": 0,
    }
    assert isinstance(made["id"], int)
    for path in ("?username=ann-lee", "?email=ann-lee@example.org", f"/{made['id']}", f"/{made['id']}/"):
        answer = await service.ask("GET", f"/users{path}")
        assert (answer.status, answer.json) == (200, {"data": made, "status": "success"}), path


async def test_nobody_is_found_who_is_not_there(service: Blog) -> None:
    for path in ("?username=nobody", "?email=nobody@example.org", "/999"):
        answer = await service.ask("GET", f"/users{path}")
        assert answer.status == 404, path
        assert answer.json["message"]
    assert (await service.ask("GET", "/users")).status == 400
    assert (await service.ask("GET", "/users/seventeen")).status == 400


@pytest.mark.parametrize("change", [{"username": "Ann-Lee"}, {"email": "ANN-lee@example.org"}])
async def test_name_and_address_are_taken_once(service: Blog, change: dict[str, str]) -> None:
    await service.user("ann-lee")
    body = {"username": "other", "email": "other@example.org", "password": PASSWORD} | change
    answer = await service.ask("POST", "/users", body)
    assert answer.status == 400
    assert "taken" in answer.json["message"]


@pytest.mark.parametrize("change", [{"username": "a b"}, {"email": "nowhere"}])
async def test_name_and_address_that_are_none_are_refused(service: Blog, change: dict[str, str]) -> None:
    made = await service.user("ann-lee")
    body = {"username": "other", "email": "other@example.org", "password": PASSWORD} | change
    for method, path in (("POST", "/users"), ("PUT", f"/users/{made['id']}")):
        answer = await service.ask(method, path, body)
        assert (answer.status, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/user-auth", "/user-auth/"])
async def test_password_is_proved_by_a_get_with_a_body(service: Blog, path: str) -> None:
    made = await service.user("ann-lee")
    asked = f"{path}?email=ann-lee@example.org"
    assert (await service.ask("GET", asked, {"password": PASSWORD})).json["data"] == made
    assert (await service.ask("GET", asked, {"password": "another"})).status == 401
    assert (await service.ask("GET", f"{path}?email=no@example.org", {"password": PASSWORD})).status == 404


async def test_user_of_a_provider_has_no_password_that_could_be_guessed(service: Blog) -> None:
    made = await service.user("google-1", password="Google-User-1google-1@example.org", from_oauth=True)
    assert made["from_oauth"] is True
    body = {"password": "Google-User-1google-1@example.org"}
    assert (await service.ask("GET", "/user-auth?email=google-1@example.org", body)).status == 401


async def test_service_changes_name_address_and_picture(service: Blog) -> None:
    made = await service.user("ann-lee")
    await service.user("taken")
    change = {"username": "ann-2", "email": "ann2@example.org", "image_filename": "a1b2.png"}
    changed = await service.ask("PUT", f"/users/{made['id']}", change)
    assert (changed.status, changed.json["data"]) == (200, made | change)
    assert (await service.ask("GET", "/users?email=ann2@example.org")).json["data"]["id"] == made["id"]
    for taken in ({"username": "taken"}, {"email": "taken@example.org"}):
        assert (await service.ask("PUT", f"/users/{made['id']}", taken)).status == 400
    assert (await service.ask("PUT", "/users/999", change)).status == 404


async def test_people_follow_by_number_and_name(service: Blog) -> None:
    ann, bob = await service.user("ann-lee"), await service.user("bob-ray")
    path = f"/user-follow/{ann['id']}/bob-ray"
    for _ in range(2):  # again it changes nothing
        followed = await service.ask("POST", path)
        assert (followed.status, followed.json["data"]) == (201, bob | {"follower_count": 1})
    assert (await service.ask("GET", f"/users/{ann['id']}")).json["data"]["following_count"] == 1
    assert (await service.ask("DELETE", path)).status == 204
    assert (await service.ask("GET", f"/users/{bob['id']}")).json["data"]["follower_count"] == 0
    assert (await service.ask("POST", f"/user-follow/{ann['id']}/ann-lee")).status == 400
    assert (await service.ask("POST", f"/user-follow/{ann['id']}/nobody")).status == 404
    assert (await service.ask("POST", "/user-follow/999/bob-ray")).status == 404


async def test_person_asks_for_oneself_alone(parley: Parley, service: Blog) -> None:
    made = await service.user("ann-lee")
    (bob,) = await parley.people("bob-ray")
    mine = Blog(parley.site.rest, bob.account.token)
    seen = (await mine.ask("GET", f"/users/{made['id']}")).json["data"]
    assert seen == made | {"email": None}
    assert (await mine.ask("GET", "/users?email=ann-lee@example.org")).status == 404
    body = {"username": "more", "email": "more@example.org", "password": PASSWORD}
    assert (await mine.ask("POST", "/users", body)).status == 403
    assert (await mine.ask("GET", "/user-auth?email=ann-lee@example.org", {"password": PASSWORD})).status == 403
    assert (await mine.ask("POST", f"/user-follow/{made['id']}/{bob.account.username}")).status == 403
    number = (await mine.ask("GET", f"/users?username={bob.account.username}")).json["data"]["id"]
    assert (await mine.ask("POST", f"/user-follow/{number}/ann-lee")).status == 201


async def test_nobody_asks_without_a_token(service: Blog) -> None:
    for token in ("", "parley_not-a-token"):
        answer = await Blog(service.rest, token).ask("GET", "/users/1")
        assert (answer.status, set(answer.json)) == (401, {"message", "code"})


async def test_token_of_a_service_is_made_by_admins_alone_and_good_while_they_are(parley: Parley) -> None:
    (admin,) = await parley.people("admin")
    body = {"name": "gateway", "scopes": ["service"], "days": 7}
    assert (await admin.account.request("POST", "/api/auth/tokens", body)).status == 403
    service = await service_of(parley, admin)
    assert (await service.ask("GET", "/users?username=nobody")).status == 404
    refused = await service.rest.request("GET", "/api/users/me", token=service.token)
    assert refused.status == 403
    await parley.database.update(USERS, admin.id, {"role": "user"})
    assert (await service.ask("GET", "/users?username=nobody")).status == 403
