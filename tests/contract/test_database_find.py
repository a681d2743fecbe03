"""Finding and counting: which records, in which order, and which questions are refused."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from store.database import FIND_LIMIT, Database, Scalar
from store.errors import Undeclared
from tests.contract.tables import BARE, THINGS, Thing, thing

GROUPS = ("a", "b", "")


@pytest.fixture
async def things(database: Database) -> list[Thing]:
    """Records of all kinds, put in in no order."""
    chance = random.Random(7)
    made = [
        thing(
            number,
            group=group,
            rank=chance.choice([None, None, -5, 0, 3, 3, 8, 2**40]),
            label=chance.choice(["none", "", "x", "y", "ż", "X", "x\x00"]),
            flag=chance.random() < 0.5,
            total=chance.randrange(20),
            serial=f"{group}{number}" if number % 3 else None,
        )
        for group in GROUPS
        for number in range(60)
    ]
    chance.shuffle(made)
    await database.batch(THINGS, made)
    return made


def key(value: Scalar) -> tuple[bool, Any]:
    """None comes before all values; strings are ordered by their code points."""
    return value is not None, value or 0 if isinstance(value, int | None) else value.encode()


def expected(
    things: list[Thing], equal: Mapping[str, Scalar], by: str | None, above: Any, below: Any, falling: bool
) -> list[Thing]:
    """Return what a list in memory would answer."""
    found = [one for one in things if all(getattr(one, field) == value for field, value in equal.items())]
    if above is not None:
        found = [one for one in found if getattr(one, by or "") is not None and getattr(one, by or "") > above]
    if below is not None:
        found = [one for one in found if getattr(one, by or "") is not None and getattr(one, by or "") < below]
    return sorted(found, key=lambda one: key(getattr(one, by)), reverse=falling) if by else found


QUESTIONS: list[tuple[dict[str, Scalar], str | None]] = [
    ({"group": "a"}, "number"),
    ({"group": "a"}, "rank"),
    ({"group": "a"}, "label"),
    ({"group": "a"}, "id"),
    ({"group": ""}, "number"),
    ({"group": "nobody"}, "number"),
    ({"group": "a", "label": "x"}, "rank"),
    ({"label": "none", "group": "b"}, "rank"),
    ({"flag": True}, "label"),
    ({"flag": False}, "label"),
    ({}, "total"),
    ({}, "serial"),
    ({}, "group"),
]
BOUNDS: dict[str, list[Any]] = {
    "number": [None, -1, 0, 30, 59, 60],
    "rank": [None, -6, 0, 3, 2**39],
    "label": [None, "", "X", "x", "x\x00", "y", "zz"],
    "id": [None, "a-0010", "a-0050"],
    "total": [None, 0, 5, 19],
    "serial": [None, "", "a1", "b30"],
    "group": [None, "", "a"],
}


@pytest.mark.parametrize(("equal", "by"), QUESTIONS, ids=str)
async def test_find_answers_as_a_list_in_memory_would(
    database: Database, things: list[Thing], equal: dict[str, Scalar], by: str
) -> None:
    for above in BOUNDS[by]:
        for below in BOUNDS[by][::2]:
            how: dict[str, Any] = {"by": by, "above": above, "below": below}
            for falling in (False, True):
                wanted = expected(things, equal, by, above, below, falling)
                found = await database.find(THINGS, equal, falling=falling, limit=FIND_LIMIT, **how)
                assert [getattr(one, by) for one in found] == [getattr(one, by) for one in wanted]
                assert {one.id for one in found} == {one.id for one in wanted}
                assert await database.count(THINGS, equal, limit=FIND_LIMIT, **how) == len(wanted)


@pytest.mark.parametrize(
    ("equal", "order"),
    [
        ({"group": "a"}, ("number",)),  # the first that is declared
        ({"group": "a", "number": 7}, ()),
        ({"group": "a", "rank": 3}, ()),
        ({"group": "a", "rank": None}, ()),
        ({"label": "x", "group": "a"}, ("rank",)),
        ({"flag": True}, ("label",)),
        ({"serial": None}, ()),
        ({"serial": "a4"}, ()),
        ({"rank": None, "label": "none", "group": "b"}, ()),
    ],
)
@pytest.mark.parametrize("falling", [False, True])
async def test_without_by_the_order_is_that_of_the_first_index_that_serves(
    database: Database, things: list[Thing], equal: dict[str, Scalar], order: tuple[str, ...], falling: bool
) -> None:
    wanted = expected(things, equal, None, None, None, falling=False)
    found = await database.find(THINGS, equal, falling=falling, limit=FIND_LIMIT)
    keys = [tuple(key(getattr(one, field)) for field in order) for one in found]
    assert keys == sorted(keys, reverse=falling)
    assert {one.id for one in found} == {one.id for one in wanted}
    assert await database.count(THINGS, equal, limit=FIND_LIMIT) == len(wanted)


@pytest.mark.parametrize("limit", [1, 2, 59, 60, 61])
@pytest.mark.parametrize("falling", [False, True])
async def test_a_limit_cuts_at_the_end(database: Database, things: list[Thing], limit: int, falling: bool) -> None:
    wanted = expected(things, {"group": "b"}, "number", None, None, falling)
    assert await database.find(THINGS, {"group": "b"}, by="number", falling=falling, limit=limit) == wanted[:limit]
    assert await database.count(THINGS, {"group": "b"}, limit=limit) == min(limit, 60)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_finds_nothing(database: Database, things: list[Thing], limit: int) -> None:
    assert await database.find(THINGS, {"group": "b"}, limit=limit) == []
    assert await database.count(THINGS, {"group": "b"}, limit=limit) == 0


async def test_pages_follow_each_other_without_a_hole(database: Database, things: list[Thing]) -> None:
    pages: list[Thing] = []
    while page := await database.find(
        THINGS, {"group": "a"}, by="number", above=pages[-1].number if pages else None, limit=7
    ):
        pages += page
    assert pages == expected(things, {"group": "a"}, "number", None, None, falling=False)


@pytest.mark.parametrize(
    ("match", "differ"),
    [
        ({}, {}),
        ({"flag": True}, {}),
        ({"flag": False}, {"label": "x"}),
        ({"label": "none"}, {}),
        ({}, {"label": "none"}),
        ({"rank": None}, {}),
        ({}, {"rank": None}),
        ({"serial": None, "flag": True}, {"label": ""}),
        ({}, {"rank": 3, "label": "x"}),
        ({"least": None}, {"least": 1}),
        ({"least": 1}, {}),
        ({}, {"least": None}),
        ({"total": 0}, {}),
        ({"id": "a-0005"}, {}),
        ({"group": "b"}, {}),
    ],
    ids=str,
)
async def test_count_looks_at_other_fields(
    database: Database, things: list[Thing], match: dict[str, Scalar], differ: dict[str, Scalar]
) -> None:
    wanted = sum(
        all(getattr(one, field) == value for field, value in match.items())
        and not any(getattr(one, field) == value for field, value in differ.items())
        for one in things
        if one.group == "a" and one.number > 10
    )
    question: dict[str, Any] = {"by": "number", "above": 10, "match": match, "differ": differ}
    assert await database.count(THINGS, {"group": "a"}, limit=FIND_LIMIT, **question) == wanted
    assert await database.count(THINGS, {"group": "a"}, limit=2, **question) == min(wanted, 2)


async def test_what_was_set_to_its_default_is_found_like_what_never_was(database: Database) -> None:
    await database.batch(THINGS, [thing(0), thing(1, rank=1, label="x", flag=True, serial="s", total=5, least=4)])
    changes = {"rank": None, "label": "none", "flag": False, "serial": None, "total": 0, "least": None}
    await database.update(THINGS, "g-0001", changes)
    both = [thing(0), thing(1)]
    assert await database.find(THINGS, {"group": "g", "label": "none", "rank": None}) == both
    assert await database.find(THINGS, {"serial": None}) == both
    assert await database.find(THINGS, {"flag": False}, by="label") == both
    match: dict[str, Scalar] = {"rank": None, "label": "none", "flag": False, "total": 0, "least": None}
    assert await database.count(THINGS, {"group": "g"}, match=match, limit=9) == 2
    assert await database.count(THINGS, {"group": "g"}, differ={"label": "none"}, limit=9) == 0


@pytest.mark.parametrize(
    ("equal", "how"),
    [
        ({"number": 1}, {}),
        ({"rank": 1}, {}),
        ({"label": "x"}, {}),
        ({"label": "x"}, {"by": "rank"}),
        ({"group": "g", "flag": True}, {}),
        ({"group": "g"}, {"by": "total"}),
        ({"group": "g"}, {"by": "names"}),
        ({"group": "g"}, {"by": "group"}),
        ({"group": "g", "number": 1}, {"by": "rank"}),
        ({"group": "g", "label": "x", "rank": 1}, {"by": "id"}),
        ({"nothing": 1}, {}),
        ({"names": None}, {}),
        ({}, {}),
        ({}, {"by": "number"}),
        ({}, {"by": "nothing"}),
        ({"group": "g"}, {"above": 1}),
        ({"group": "g"}, {"below": 1}),
        ({"group": "g"}, {"limit": FIND_LIMIT + 1}),
    ],
    ids=str,
)
async def test_a_question_without_an_index_is_refused(
    database: Database, equal: dict[str, Scalar], how: dict[str, Any]
) -> None:
    with pytest.raises(Undeclared):
        await database.find(THINGS, equal, **how)
    with pytest.raises(Undeclared):
        await database.count(THINGS, equal, **{"limit": 5} | how)


async def test_a_table_without_indexes_is_only_asked_by_id(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.find(BARE, {"group": "g"})
    with pytest.raises(Undeclared):
        await database.find(BARE, {"id": "g-0001"})


@pytest.mark.parametrize("how", [{"match": {"nothing": 1}}, {"differ": {"nothing": 1}}])
async def test_count_refuses_fields_that_the_record_does_not_have(database: Database, how: dict[str, Any]) -> None:
    with pytest.raises(Undeclared):
        await database.count(THINGS, {"group": "g"}, limit=1, **how)


@pytest.mark.parametrize("by", ["number", "rank", "id"])
async def test_highest_of_each_value_is_found(database: Database, things: list[Thing], by: str) -> None:
    found = await database.highest(THINGS, "group", [*GROUPS, "a", "nothing"], by)
    assert found.keys() == set(GROUPS)
    for group, one in found.items():
        of_group = [thing for thing in things if thing.group == group]
        assert one in of_group
        assert key(getattr(one, by)) == max(key(getattr(thing, by)) for thing in of_group)


async def test_highest_of_nothing_is_nothing(database: Database) -> None:
    assert await database.highest(THINGS, "group", [], "number") == {}
    assert await database.highest(THINGS, "group", ["a", "'\"; \\u0000", "[]"], "number") == {}


async def test_highest_of_as_many_as_may_be_asked_about(database: Database) -> None:
    await database.batch(THINGS, [thing(number, group=f"{number}") for number in range(FIND_LIMIT)])
    values = [f"{number}" for number in range(FIND_LIMIT)]
    found = await database.highest(THINGS, "group", values, "number")
    assert {group: one.number for group, one in found.items()} == {value: int(value) for value in values}
    with pytest.raises(Undeclared):
        await database.highest(THINGS, "group", [*values, "x"], "number")


@pytest.mark.parametrize(("field", "by"), [("group", "total"), ("number", "group"), ("nothing", "id"), ("group", "x")])
async def test_highest_without_an_index_is_refused(database: Database, field: str, by: str) -> None:
    with pytest.raises(Undeclared):
        await database.highest(THINGS, field, ["a"], by)


@pytest.mark.parametrize("value", [{"$gt": ""}, ["a"], b"a", 1.5, object()])
async def test_what_is_no_scalar_is_refused(database: Database, value: Any) -> None:
    with pytest.raises(TypeError):
        await database.find(THINGS, {"group": value})
    with pytest.raises(TypeError):
        await database.find(THINGS, {"group": "g"}, by="number", above=value)
    with pytest.raises(TypeError):
        await database.count(THINGS, {"group": "g"}, match={"label": value}, limit=1)
    with pytest.raises(TypeError):
        await database.get(THINGS, value)
