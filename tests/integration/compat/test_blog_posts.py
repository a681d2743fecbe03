"""The older blog's posts, by the routes and bodies of its gateway."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store.tables import USERS
from tests.application import Parley, running
from tests.forum import make_topic, posted
from tests.integration.compat.blog import Blog, service_of


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def service(parley: Parley) -> Blog:
    (admin,) = await parley.people("gatekeeper")
    return await service_of(parley, admin)


@pytest.fixture
async def ann(service: Blog) -> Any:
    return await service.user("ann-lee")


async def test_service_posts_for_somebody_and_reads_it(service: Blog, ann: Any) -> None:
    made = await service.post(ann, "First", "all of it")
    assert made == {
        "id": made["id"],
        "author": ann,
        "title": "First",
        "content": "all of it",
        "date_posted": made["date_posted"],
        "likes": 0,
        "comments": [],
    }
    for path in (f"/posts/{made['id']}", f"/posts/{made['id']}/"):
        assert (await service.ask("GET", path)).json == {"status": "success", "data": made}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_post_is_changed_by_put_and_by_post(service: Blog, ann: Any, method: str) -> None:
    made = await service.post(ann)
    changed = await service.ask(method, f"/posts/{made['id']}", {"title": "Other", "content": "words"})
    assert (changed.status, changed.json["data"]) == (200, made | {"title": "Other", "content": "words"})


async def test_post_that_is_deleted_is_none_any_more(service: Blog, ann: Any) -> None:
    made = await service.post(ann)
    assert (await service.ask("DELETE", f"/posts/{made['id']}")).status == 204
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/likes"), ("POST", "/comments")):
        body = {"title": "t", "content": "c", "text": "t", "user_id": ann["id"]} if method in {"PUT", "POST"} else None
        answer = await service.ask(method, f"/posts/{made['id']}{path}", body)
        assert answer.status == 404, (method, path)
    listed = await service.ask("GET", "/posts")
    assert listed.json["pagination_meta"] == {"page": 1, "pages": 0, "total": 0}


async def test_like_counts_once_a_person(service: Blog, ann: Any) -> None:
    made = await service.post(ann)
    bob, cid = await service.user("bob-ray"), await service.user("cid-ray")
    likes = f"/posts/{made['id']}/likes"
    for who in (bob, bob):
        liked = await service.ask("POST", likes, {"user_id": who["id"]})
        assert (liked.status, liked.json["data"]["likes"]) == (201, 1)
    await service.ask("POST", likes, {"user_id": cid["id"]})
    async with asyncio.timeout(10):
        while (await service.ask("GET", f"/posts/{made['id']}")).json["data"]["likes"] != 2:  # noqa: ASYNC110 - added up by another
            await asyncio.sleep(0.05)
    assert (await service.ask("POST", likes)).status == 400


async def test_comment_stands_under_its_post(service: Blog, ann: Any) -> None:
    made, bob = await service.post(ann), await service.user("bob-ray")
    body = {"user_id": bob["id"], "text": "well said"}
    commented = await service.ask("POST", f"/posts/{made['id']}/comments", body)
    assert commented.status == 201
    (comment,) = commented.json["data"]["comments"]
    assert comment == {
        "id": comment["id"],
        "author_name": "bob-ray",
        "text": "well said",
        "date_posted": comment["date_posted"],
        "post_author_email": "ann-lee@example.org",
    }


async def test_service_asks_for_nobody_who_is_banned(parley: Parley, service: Blog, ann: Any) -> None:
    made, bob = await service.post(ann), await service.user("bob-ray")
    (row,) = await parley.database.find(USERS, {"name_key": "bob-ray"})
    await parley.database.update(USERS, row.id, {"banned_at": 1})
    asked = {
        "/posts": {"user_id": bob["id"], "title": "title", "content": "content"},
        f"/posts/{made['id']}/comments": {"user_id": bob["id"], "text": "text"},
        f"/posts/{made['id']}/likes": {"user_id": bob["id"]},
        f"/user-follow/{bob['id']}/ann-lee": None,
    }
    for path, body in asked.items():
        answer = await service.ask("POST", path, body)
        assert (answer.status, answer.json["code"]) == (403, "forbidden")


async def test_posts_come_by_pages_of_ten_the_latest_first(service: Blog, ann: Any) -> None:
    made = [await service.post(ann, f"number {number}") for number in range(23)]
    ids = [post["id"] for post in made][::-1]
    for page, wanted in ((1, ids[:10]), (2, ids[10:20]), (3, ids[20:])):
        answer = await service.ask("GET", f"/posts?author=ann-lee&page={page}&per_page=50")
        assert answer.json["pagination_meta"] == {"page": page, "pages": 3, "total": 23}
        assert [post["id"] for post in answer.json["data"]["posts"]] == wanted
        assert answer.json["data"]["user_data"] == ann
    assert (await service.ask("GET", "/posts?page=4")).status == 404
    small = await service.ask("GET", "/posts?page=6&per_page=4")
    assert [post["id"] for post in small.json["data"]["posts"]] == ids[20:]
    for wrong in ("page=0", "page=one", "per_page=0"):
        assert (await service.ask("GET", f"/posts?{wrong}")).status == 400


async def test_feed_has_ones_own_posts_and_those_of_whom_one_follows(service: Blog, ann: Any) -> None:
    bob, cid = await service.user("bob-ray"), await service.user("cid-ray")
    await service.ask("POST", f"/user-follow/{ann['id']}/bob-ray")
    own, followed = await service.post(ann), await service.post(bob)
    await service.post(cid)
    async with asyncio.timeout(10):
        while True:
            feed = (await service.ask("GET", "/posts?user=ann-lee")).json
            if feed["pagination_meta"]["total"] == 2:
                break
            await asyncio.sleep(0.05)
    assert [post["id"] for post in feed["data"]["posts"]] == [followed["id"], own["id"]]
    assert feed["data"]["user_data"]["id"] == ann["id"]


async def test_posts_in_topics_are_none_of_the_blogs(parley: Parley, service: Blog, ann: Any) -> None:
    made = await service.post(ann)
    (person,) = await parley.people("in-topics")
    topic = await make_topic(parley, person)
    await posted(person, topic)
    listed = await service.ask("GET", "/posts")
    assert [post["id"] for post in listed.json["data"]["posts"]] == [made["id"]]


async def test_person_posts_for_oneself_alone(parley: Parley, service: Blog, ann: Any) -> None:
    (bob,) = await parley.people("bob")
    mine = Blog(parley.site.rest, bob.account.token)
    of_ann = await service.post(ann)
    made = await mine.ask("POST", "/posts", {"title": "mine", "content": "of mine"})
    assert (made.status, made.json["data"]["author"]["username"]) == (201, bob.account.username)
    body = {"title": "t", "content": "c", "user_id": ann["id"]}
    assert (await mine.ask("POST", "/posts", body)).status == 403
    for method in ("PUT", "DELETE"):
        sent = {"title": "t"} if method == "PUT" else None
        assert (await mine.ask(method, f"/posts/{of_ann['id']}", sent)).status == 403
    assert (await mine.ask("GET", "/posts?user=ann-lee")).status == 403
    assert (await mine.ask("POST", f"/posts/{of_ann['id']}/likes")).status == 201
