from typing import Any

import pytest
from bson import Timestamp

from store.database import Index, Record, Table
from store.errors import Undeclared
from store.mongo.shape import Shape, reading, refused_by, stamp
from tests.unit.store.mongo.mongo_kinds import NOTES, PLAINS, Note, Plain, note

NOTE = Shape(NOTES)
PLAIN = Shape(PLAINS)


def test_document_leaves_out_none_and_keeps_other_defaults() -> None:
    assert NOTE.document(note(1, title="Łódź")) == {
        "_id": "n000001",
        "stream": "s",
        "rev": 1,
        "title": "Łódź",
        "count": 0,
        "state": "new",
        "gone": False,
        "_words": ["lodz"],
        "at": Timestamp(0, 0),
    }


def test_document_of_a_record_with_stored_defaults_leaves_out_none_alone() -> None:
    assert PLAIN.document(Plain(id="p")) == {"_id": "p", "kind": "x", "size": 3}


@pytest.mark.parametrize("record", [note(1), note(2, seq=2, body="b", gone=True, slot="a")])
def test_record_is_what_the_document_was_made_of(record: Note) -> None:
    document = NOTE.document(record)
    del document["_words"], document["at"]
    assert NOTE.record(document) == record


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("rev", 1, {"rev": {"$eq": 1}}),
        ("id", "a", {"_id": {"$eq": "a"}}),
        ("seq", None, {"seq": {"$eq": None}}),
        ("gone", False, {"$or": [{"gone": {"$eq": False}}, {"gone": {"$exists": False}}]}),
        ("gone", True, {"gone": {"$eq": True}}),
        ("count", 1, {"count": {"$eq": 1}}),
        ("state", "new", {"state": {"$eq": "new"}}),
        ("title", None, {"title": {"$type": "null"}}),
    ],
)
def test_equals_finds_defaults_that_are_not_stored(field: str, value: Any, expected: Any) -> None:
    assert NOTE.equals(field, value) == expected


@pytest.mark.parametrize("value", [{"$ne": None}, ["a"], {"$regex": ".*"}, 1.5])
def test_equals_refuses_operators(value: Any) -> None:
    with pytest.raises(TypeError, match="scalars"):
        NOTE.equals("stream", value)
    with pytest.raises(TypeError, match="scalars"):
        NOTE.with_values(value, {})


def test_equals_refuses_an_unknown_field() -> None:
    with pytest.raises(Undeclared, match="colour"):
        NOTE.equals("colour", "red")


def test_changes_unset_what_becomes_none() -> None:
    assert NOTE.changes({"seq": None, "count": 2}, {}) == {"$set": {"count": 2}, "$unset": {"seq": True}}
    assert NOTE.changes({}, {}) == {}


def test_changes_of_a_text_bring_the_words_of_all_texts() -> None:
    assert NOTE.unread_words({"count": 1}) == ()
    assert NOTE.unread_words({"title": "new"}) == ("body",)
    assert NOTE.changes({"title": "new"}, {"body": "old"}) == {"$set": {"title": "new", "_words": ["new", "old"]}}


def test_a_unique_index_over_optional_fields_is_two() -> None:
    names = {model.document["name"]: model.document for model in NOTE.index_models()}
    assert list(names) == ["stream_rev", "stream_seq", "state_id", "stream_slot", "stream_slot_unique", "_words", "at"]
    assert not names["stream_slot"].get("unique")
    assert names["stream_slot_unique"]["partialFilterExpression"] == {"slot": {"$exists": True}}
    assert [model.document["name"] for model in PLAIN.index_models()] == ["kind_name"]


def test_refused_by_names_the_declared_index() -> None:
    assert refused_by({"keyPattern": {"_id": 1}}) == "id"
    assert refused_by({"keyPattern": {"kind": 1, "_id": 1}}) == "kind_id"


def test_readings_keep_the_order_of_stamps() -> None:
    stamps = [Timestamp(1, 2), Timestamp(1, 3), Timestamp(2, 1), Timestamp(4_000_000_000, 7)]
    readings = [reading(each) for each in stamps]
    assert readings == sorted(readings)
    assert [stamp(each) for each in readings] == stamps


def test_a_field_named_as_the_clock_is_refused() -> None:
    class Clocked(Record, kw_only=True):
        at: int = 0

    with pytest.raises(Undeclared, match="at"):
        Shape(Table("clocked", Clocked, clock=True))
    with pytest.raises(Undeclared, match="colour"):
        Shape(Table("clocked", Clocked, (Index(("colour",)),)))
