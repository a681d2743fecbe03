"""What lists tell of posts in places that one may not look into: nothing, not by their length nor by where they end."""

import json
from typing import Any

import pytest

from tests.application import Parley
from tests.client.checks import Json
from tests.forum import fed, make_topic, posted
from tests.people import Person

LISTS: tuple[tuple[str, Json], ...] = (
    ("post.written", {"user": "$ann"}),
    ("post.written", {"user": "$ann", "order": "old"}),
    ("post.written", {"user": "$ann", "on": "page"}),
    ("post.recent", {}),
    ("feed.list", {}),
)


async def pages(person: Person, op: str, given: Json, secret: list[str]) -> list[Any]:
    """Return all that a list answers to somebody who turns its pages, and tries cursors around each secret id."""
    answers = []
    for limit in (1, 2, 5, 100):
        page = await person.do(op, limit=limit, **given)
        answers.append(page)
        while page["next"] is not None:
            page = await person.do(op, limit=limit, cursor=page["next"], **given)
            answers.append(page)
    tried = [cursor for id_ in secret for cursor in (id_, id_[:-1], id_ + "0", id_[:12], id_[:9])]
    return answers + [await person.do(op, limit=2, cursor=cursor, **given) for cursor in tried]


@pytest.mark.parametrize(("op", "d"), LISTS)
async def test_list_is_the_same_for_strangers_whatever_is_said_where_they_may_not_look(
    one: Parley, op: str, d: Json
) -> None:
    ann, bob = await one.people("ann", "bob")
    given = d | ({"user": ann.id} if "user" in d else {})
    await bob.do("follow.put", user=ann.id)
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    secret = []
    # Secret ones alone, between others, and a few of them in a row, which fill pages.
    for where in (shut, shut, opened, shut, "", opened, shut, shut, shut, "", shut, shut):
        item = await posted(ann, where)
        if where == shut:
            secret.append(item["id"])
    await fed(one)
    answers = await pages(bob, op, given, secret)
    assert [id_ for id_ in secret if id_ in json.dumps(answers)] == []
    for id_ in secret:
        await ann.do("post.delete", post=id_)
    await fed(one)
    assert await pages(bob, op, given, secret) == answers


async def test_whoever_wrote_in_secret_alone_wrote_nothing(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    shut = await make_topic(one, ann, open=False)
    for _ in range(3):
        await posted(ann, shut)
    await fed(one)
    assert await bob.do("post.written", user=ann.id, limit=1) == {"items": [], "next": None}
