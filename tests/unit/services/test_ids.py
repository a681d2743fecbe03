"""Ids and times, as they stand in records and on the wire."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import ids
from services.ids import direct_room, member_id, new_id, now_ms, rfc3339, self_stream


def test_ids_differ_and_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = now_ms()
    made = []
    for later in range(5):
        monkeypatch.setattr(ids, "now_ms", lambda later=later: now + later)
        made.append(sorted(new_id() for _ in range(100)))
    flat = [id_ for part in made for id_ in part]
    assert flat == sorted(flat)
    assert len(set(flat)) == 500
    assert all(re.fullmatch("[0-9a-z]{26,32}", id_) for id_ in flat)


def test_direct_room_is_one_whoever_asks() -> None:
    assert direct_room("a", "b") == direct_room("b", "a")
    rooms = {direct_room(*pair) for pair in (("a", "b"), ("a", "a"), ("ab", ""), ("", "ab"), ("a", "bc"), ("ab", "c"))}
    assert len(rooms) == 5
    assert all(room.startswith("d_") and len(room) <= 64 for room in rooms)


def test_streams_and_rows_are_named_for_what_they_are() -> None:
    assert self_stream("7") == "u_7"
    assert member_id("r", "7") == "r:7"


@given(st.integers(0, 253402300799999))
def test_time_is_rfc_3339_with_milliseconds(ms: int) -> None:
    text = rfc3339(ms)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    read = datetime.fromisoformat(text)
    assert round((read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000) == ms


def test_clock_is_the_wall_clock_in_milliseconds() -> None:
    before = datetime.now(UTC).timestamp()  # noqa: TID251 - what it is held against
    assert before * 1000 - 1000 <= now_ms() <= before * 1000 + 60_000
