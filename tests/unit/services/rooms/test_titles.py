"""How topics stand before all others: titles that are one, tags that are found by themselves."""

import pytest

from services.rooms.titles import label, standing, tagged, title_key
from store.tables import Room
from store.words import words


@pytest.mark.parametrize("title", ["sailing boats", "SAILING  Boats", " Sailing\tboats ", "\uff53ailing boats"])
def test_titles_that_people_take_for_one_are_one(title: str) -> None:
    assert title_key(title) == title_key("Sailing boats")


def test_tags_are_words_of_their_own_beside_what_people_type() -> None:
    tags, labels = tagged(["sea", "big_sea", "sea"])
    assert tags == ("sea", "big_sea")
    assert words(labels) == ["sea", "big_sea", label("sea"), label("big_sea")]
    assert not label("big_sea").startswith(label("big"))


@pytest.mark.parametrize(
    ("kind", "is_open", "deleted", "listed"),
    [
        ("topic", True, False, "topic"),
        ("topic", False, False, None),
        ("topic", True, True, None),
        ("private", True, False, None),
    ],
)
def test_open_topics_alone_stand_in_the_list(kind: str, is_open: bool, deleted: bool, listed: str | None) -> None:
    room = Room(id="r", kind=kind, open=is_open, deleted=deleted, tags=("sea",), created_at=1)
    assert standing(room).listed == listed
    assert standing(standing(room)) == standing(room)
