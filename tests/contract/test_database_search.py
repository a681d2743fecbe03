"""Text search: whole words, folded, the last one as a prefix."""

from typing import Any

import pytest

from store.database import FIND_LIMIT, Database
from store.errors import Undeclared
from store.words import WORD_LENGTH
from tests.contract.tables import TEXTS, THINGS, Text


async def ids(database: Database, text: str, **how: Any) -> list[str]:
    """Return the ids that a search finds."""
    return [found.id for found in await database.search(TEXTS, text, **how)]


@pytest.fixture
async def shelf(database: Database) -> Database:
    """A database with some texts."""
    texts = [
        ("1", "Zażółć gęślą jaźń", None),
        ("2", "The quick brown Fox", "jumps over the LAZY dog"),
        ("3", "foxes and dogs", "some_name some-name x1"),
        ("4", "Straße Ærø Đorđe İstanbul ﬁne", "日本語 テキスト"),
        ("5", "", "empty title, full body"),
        ("6", "rock'n'roll \"quoted\" (AND OR NOT NEAR)*^:-", "C++ a.b.c 3.14"),
        ("7", "ΑΒΓ Привет мир", "naïve café"),
        ("8", "x" * (WORD_LENGTH + 20), None),
    ]
    await database.batch(TEXTS, [Text(id=id_, title=title, body=body) for id_, title, body in texts])
    return database


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zazolc", ["1"]),
        ("ZAŻÓŁĆ", ["1"]),
        ("Zażółć gęślą jaźń", ["1"]),
        ("jazn zazolc", ["1"]),
        ("zaz gesla", []),
        ("gesla zaz", ["1"]),
        ("fox", ["3", "2"]),
        ("foxe", ["3"]),
        ("fox dog", ["2"]),
        ("dog fox", ["2"]),
        ("dog foxes", []),
        ("quick lazy", ["2"]),
        ("quick quick", ["2"]),
        ("cat", []),
        ("some_name", ["3"]),
        ("some name", ["3"]),
        ("some_", ["3"]),
        ("name", ["3"]),
        ("x1", ["3"]),
        ("strasse", ["4"]),
        ("aero", ["4"]),
        ("dorde", ["4"]),
        ("istanbul", ["4"]),
        ("fine", ["4"]),
        ("日本", ["4"]),
        ("テキスト", ["4"]),
        ("full", ["5"]),
        ("title body", ["5"]),
        ("AND OR NOT NEAR", ["6"]),
        ("quoted", ["6"]),
        ('"quoted"', ["6"]),
        ("rock*", ["6"]),
        ("title:full", ["5"]),
        ("c a b", ["6"]),
        ("3 14", ["6"]),
        ("αβγ", ["7"]),
        ("привет МИР", ["7"]),
        ("naive cafe", ["7"]),
        ("x" * WORD_LENGTH, ["8"]),
        ("x" * (WORD_LENGTH + 5), ["8"]),
        ("xxx", ["8"]),
        ("", []),
        ("   ", []),
        ("!?.,*\"'", []),
        ("\x00", []),
    ],
)
async def test_search_finds_all_words_folded_and_the_last_as_a_prefix(
    shelf: Database, text: str, found: list[str]
) -> None:
    assert await ids(shelf, text) == found


async def test_search_goes_from_the_newest_id_and_continues_below_one(database: Database) -> None:
    names = [f"{number:03}" for number in range(120)]
    for start in (60, 0):
        await database.batch(TEXTS, [Text(id=name, title=f"word w{name}") for name in names[start : start + 60]])
    assert await ids(database, "word") == names[:69:-1]
    pages: list[str] = []
    while page := await ids(database, "word", after=pages[-1] if pages else None, limit=50):
        pages += page
    assert pages == names[::-1]
    assert await ids(database, "word", limit=FIND_LIMIT) == names[::-1]
    assert await ids(database, "word", limit=0) == []


async def test_search_is_narrowed_by_fields_with_and_without_an_index(database: Database) -> None:
    await database.batch(
        TEXTS,
        [Text(id=str(number), title="same", shelf="ab"[number % 2], reads=number % 3) for number in range(9)],
    )
    assert await ids(database, "same", equal={"shelf": "b"}) == ["7", "5", "3", "1"]
    assert await ids(database, "same", equal={"reads": 0}) == ["6", "3", "0"]
    assert await ids(database, "same", equal={"reads": 0, "shelf": "a", "body": None}, after="6") == ["0"]
    assert await ids(database, "same", equal={"id": "4"}) == ["4"]
    assert await ids(database, "same", equal={"title": "other"}) == []


async def test_search_sees_what_was_changed_and_not_what_it_was(database: Database) -> None:
    await database.insert(TEXTS, Text(id="1", title="first", body="body"))
    await database.update(TEXTS, "1", {"title": "second"})
    assert await ids(database, "first") == []
    assert await ids(database, "second body") == ["1"]
    await database.update(TEXTS, "1", {"body": None})
    assert await ids(database, "body") == []
    await database.update(TEXTS, "1", {"reads": 4})
    await database.increment(TEXTS, "1", "reads", 4)
    assert await ids(database, "second") == ["1"]
    assert await database.delete(TEXTS, "1")
    assert await ids(database, "second") == []


@pytest.mark.parametrize("how", [{"equal": {"nothing": 1}}, {"limit": FIND_LIMIT + 1}])
async def test_search_refuses_what_is_not_declared(database: Database, how: dict[str, Any]) -> None:
    with pytest.raises(Undeclared):
        await database.search(TEXTS, "word", **how)


async def test_search_refuses_a_table_without_words(database: Database) -> None:
    with pytest.raises(Undeclared):
        await database.search(THINGS, "word")


async def test_search_refuses_what_is_no_scalar(database: Database) -> None:
    with pytest.raises(TypeError):
        await database.search(TEXTS, "word", equal={"shelf": {"$ne": ""}})  # type: ignore[dict-item]
