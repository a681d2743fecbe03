import pytest

from store.database import Delete, Increment, Insert, Max, Put, Update, Write
from store.errors import Undeclared
from store.mongo.shape import Shape
from store.mongo.writes import Step, grouped, step
from tests.unit.store.mongo.mongo_kinds import NOTES, PLAINS, Plain, note

SHAPES = {table.name: Shape(table) for table in (NOTES, PLAINS)}


def steps(*writes: Write) -> list[Step]:
    return [step(SHAPES[write.table.name], write, position) for position, write in enumerate(writes)]


def positions(*writes: Write) -> list[list[int]] | None:
    groups = grouped(steps(*writes))
    return None if groups is None else [[each.position for each in group] for group in groups]


def test_inserts_and_updates_that_alternate_are_two_groups() -> None:
    writes: list[Write] = []
    for rev in range(64):
        writes += [Insert(NOTES, note(100 + rev)), Update(NOTES, f"n{rev:06}", {"count": rev})]
    assert positions(*writes) == [list(range(0, 128, 2)), list(range(1, 128, 2))]


def test_tables_have_groups_of_their_own() -> None:
    writes = (Put(PLAINS, Plain(id="a")), Insert(NOTES, note(1)), Max(PLAINS, "a", "size", 5), Delete(NOTES, "n"))
    assert positions(*writes) == [[1], [3], [0, 2]]


def test_writes_to_one_record_keep_their_order() -> None:
    assert positions(Insert(NOTES, note(1)), Update(NOTES, "n000001", {"count": 1})) == [[0], [1]]
    assert positions(Delete(NOTES, "n000001"), Insert(NOTES, note(1))) is None
    assert positions(Insert(NOTES, note(1)), Insert(NOTES, note(1))) is None


def test_some_of_the_words_need_a_read_first() -> None:
    assert positions(Update(NOTES, "a", {"title": "x", "body": "y"}), Delete(NOTES, "b")) == [[0, 1]]
    assert positions(Update(NOTES, "a", {"title": "x"}), Delete(NOTES, "b")) is None


@pytest.mark.parametrize(
    "write",
    [
        Put(NOTES, note(1)),
        Update(NOTES, "a", {"id": "b"}),
        Update(NOTES, "a", {"colour": "red"}),
        Update(NOTES, "a", {}, {"colour": "red"}),
        Increment(NOTES, "a", "colour", 1),
    ],
)
def test_what_is_not_declared_is_refused(write: Write) -> None:
    with pytest.raises(Undeclared):
        steps(write)


def test_only_numbers_are_counted() -> None:
    with pytest.raises(TypeError, match="title"):
        steps(Increment(NOTES, "a", "title", 1))
