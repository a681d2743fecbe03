"""Lists of topics: in each order, by words and tags, page by page."""

from collections.abc import Callable
from typing import Any

import pytest

from store.tables import ROOMS
from tests.application import Parley
from tests.client.checks import Json
from tests.people import Person


async def make(person: Person, title: str, **more: Any) -> str:
    return str((await person.do("topic.create", title=title, **more))["id"])


async def names(person: Person, op: str = "topic.list", **given: Any) -> list[str]:
    """Return the names on all pages of a list."""
    found: list[str] = []
    cursor: Json = {}
    while True:
        page = await person.do(op, **given, **cursor)
        assert len(page["items"]) <= given.get("limit", 100)
        found += [item["name"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_topics_come_by_members_age_and_activity(one: Parley) -> None:
    ann, bob, cay = await one.people("ann", "bob", "cay")
    first, second, third = [await make(ann, f"topic {number}") for number in (1, 2, 3)]
    for person, topics in ((bob, (first, second)), (cay, (first,))):
        for topic in topics:
            await person.do("topic.join", topic=topic)
    await one.database.update(ROOMS, second, {"active_at": 1})
    assert await names(ann, order="members") == ["topic 1", "topic 2", "topic 3"]
    assert await names(ann, order="new") == ["topic 3", "topic 2", "topic 1"]
    assert await names(ann, order="active") == await names(ann) == ["topic 3", "topic 1", "topic 2"]
    (item,) = (await bob.do("topic.list", order="members", limit=1))["items"]
    assert (item["id"], item["member_count"], item["role"]) == (first, 3, "member")
    assert third not in [one["id"] for one in (await bob.do("topic.mine"))["items"]]


@pytest.mark.parametrize("order", ["active", "members", "new"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_pages_leave_out_none_of_those_that_stand_equal(one: Parley, order: str, limit: int) -> None:
    (ann,) = await one.people("ann")
    made = [await make(ann, f"topic {number}") for number in range(7)]
    for number, topic in enumerate(made):
        # Three that are equal, and two pairs that are.
        await one.database.update(ROOMS, topic, {"active_at": 5 + number // 3, "member_count": 5 + number // 3})
    assert await names(ann, order=order, limit=limit) == [f"topic {number}" for number in reversed(range(7))]


async def test_words_and_tags_find_the_newest_first(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await make(ann, "Sailing boats", description="about wind", tags=["sea", "wind"])
    await make(ann, "Windmills", tags=["mill", "sea"])
    await make(ann, "Seafood", tags=["food"])
    found: list[tuple[Json, list[str]]] = [
        ({"q": "wind"}, ["Windmills", "Sailing boats"]),
        ({"q": "boat"}, ["Sailing boats"]),
        ({"q": "food"}, ["Seafood"]),
        ({"tags": "sea"}, ["Windmills", "Sailing boats"]),
        ({"tags": "sea,wind"}, ["Sailing boats"]),
        ({"tags": "win"}, []),
        ({"tags": "sea", "q": "mil"}, ["Windmills"]),
        ({"tags": "about"}, []),
    ]
    for given, expected in found:
        assert await names(ann, **given) == expected, given
        assert await names(ann, **given, limit=1) == expected, given


async def test_order_of_what_is_searched_is_its_own(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("topic.list", q="wind", order="members") == "bad_request"


@pytest.mark.parametrize("cursor", ["nonsense", "1.", ".a", "-1.a", "99999999999999999999.a"])
async def test_cursor_that_no_list_gave_is_refused(one: Parley, cursor: str) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("topic.list", cursor=cursor) == "bad_request"
    assert await ann.refused("topic.mine", cursor=cursor) == "bad_request"


async def test_hidden_topics_are_left_out_for_who_hides_them(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make(ann, "Sailing")
    await bob.do("stance.set", target=topic, hide=True)
    assert (await names(bob), await names(bob, q="sailing")) == ([], [])
    assert await names(ann) == ["Sailing"]


async def test_ones_own_topics_have_the_invite_only_ones_among_them(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    for title, is_open in (("one", True), ("two", False), ("three", True)):
        await make(ann, title, open=is_open)
    await ann.create("no topic")
    assert await names(ann, "topic.mine", limit=1) == await names(ann, "topic.mine") == ["three", "two", "one"]
    assert await names(bob, "topic.mine") == []


async def asked(parley: Parley, work: Callable[[], Any]) -> int:
    """Return how many questions an operation asks of the store."""
    before = parley.store.count("get", "get_many", "find", "highest", "count", "search", "gather")
    await work()
    return parley.store.count("get", "get_many", "find", "highest", "count", "search", "gather") - before


@pytest.mark.parametrize("given", [{"order": "active"}, {"order": "members"}, {"order": "new"}, {"q": "topic"}])
async def test_page_of_a_list_asks_three_questions_at_most(one: Parley, given: Json) -> None:
    (ann,) = await one.people("ann")
    for number in range(6):
        await make(ann, f"topic {number}")
    page = await ann.do("topic.list", **given, limit=2)
    assert await asked(one, lambda: ann.do("topic.list", **given, limit=2, cursor=page["next"])) <= 3
