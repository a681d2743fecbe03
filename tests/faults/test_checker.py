"""The checker finds nothing in a good run, and each fault that is planted into it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from tests.faults.checker import KINDS, check, told
from tests.faults.good_run import ROOM, YOUNG, good_run
from tests.faults.history import (
    End,
    Fail,
    Final,
    Greeted,
    Heard,
    History,
    Invoke,
    Line,
    Ok,
    Opened,
    Page,
    Record,
    Seen,
    Told,
    Unknown,
    read,
)

R = TypeVar("R", bound=Record)
replace = msgspec.structs.replace


def find(lines: list[Line], kind: type[R], **fields: Any) -> R:
    """Return the first record of a kind with these fields."""
    for line in lines:
        if isinstance(line, kind) and all(getattr(line, name) == value for name, value in fields.items()):
            return line
    raise AssertionError(f"no {kind.__name__} with {fields}")


def of(lines: list[Line], device: str, text: str) -> Heard:
    """Return the event with which a device heard a text."""
    for line in lines:
        if isinstance(line, Heard) and line.device == device and line.item is not None and line.item.text == text:
            return line
    raise AssertionError(f"{device} never heard {text!r}")


def put(lines: list[Line], old: Record, new: Record | None) -> None:
    """Replace a record, or take it out."""
    at = next(number for number, line in enumerate(lines) if line is old)
    lines[at : at + 1] = [] if new is None else [new]  # type: ignore[list-item]


def swap(lines: list[Line], one: Record, other: Record) -> None:
    """Let two records change places, each keeping the other's time."""
    at, to = (next(number for number, line in enumerate(lines) if line is which) for which in (one, other))
    lines[at], lines[to] = replace(lines[to], at=lines[at].at), replace(lines[at], at=lines[to].at)


def finals(lines: list[Line], change: Callable[[list[Seen]], None], *, room: str = ROOM, node: str = "") -> None:
    """Change the final state of a room, on one node or on all."""
    for line in list(lines):
        if isinstance(line, Final) and line.room == room and node in ("", line.node):
            items = list(line.items)
            change(items)
            put(lines, line, replace(line, items=tuple(items)))


def at_cid(items: list[Seen], cid: str) -> int:
    return next(number for number, item in enumerate(items) if item.cid == cid)


# What is planted


def lost_send(lines: list[Line]) -> None:
    finals(lines, lambda items: items.pop(at_cid(items, "five")))  # type: ignore[arg-type]


def lost_edit(lines: list[Line]) -> None:
    def back(items: list[Seen]) -> None:
        at = at_cid(items, "one")
        items[at] = replace(items[at], text="text of one")

    finals(lines, back)


def lost_rev(lines: list[Line]) -> None:
    answer = find(lines, Ok, item="id-two", rev=8)
    put(lines, answer, replace(answer, rev=99))


def lost_reaction(lines: list[Line]) -> None:
    def bare(items: list[Seen]) -> None:
        at = at_cid(items, "one")
        items[at] = replace(items[at], marks=())

    finals(lines, bare)


def second_copy(lines: list[Line]) -> None:
    def doubled(items: list[Seen]) -> None:
        items.append(replace(items[at_cid(items, "five")], id="again", seq=90, rev=90))

    finals(lines, doubled)


def one_item_for_two(lines: list[Line]) -> None:
    answer, other = find(lines, Ok, item="id-five"), find(lines, Ok, item="id-four")
    put(lines, answer, replace(answer, item=other.item))


def never_sent(lines: list[Line]) -> None:
    finals(lines, lambda items: items.append(Seen("ghost", 91, 91, "boo", "a", "ghost")))


def never_written(lines: list[Line]) -> None:
    def forged(items: list[Seen]) -> None:
        at = at_cid(items, "five")
        items[at] = replace(items[at], text="forged")

    finals(lines, forged)


def refused_and_kept(lines: list[Line]) -> None:
    answer = find(lines, Ok, item="id-five")
    put(lines, answer, Fail(at=answer.at, op=answer.op, code="forbidden"))


def seen_and_not_there(lines: list[Line]) -> None:
    heard = of(lines, "a", "text of five")
    assert heard.item is not None
    put(lines, heard, replace(heard, item=replace(heard.item, id="ghost")))


def heard_out_of_order(lines: list[Line]) -> None:
    swap(lines, of(lines, "a", "text of one"), of(lines, "a", "text of two"))


def kept_out_of_order(lines: list[Line]) -> None:
    def crossed(items: list[Seen]) -> None:
        at, to = at_cid(items, "four"), at_cid(items, "five")
        items[at], items[to] = replace(items[at], seq=items[to].seq), replace(items[to], seq=items[at].seq)

    four, five = find(lines, Ok, item="id-four"), find(lines, Ok, item="id-five")
    put(lines, four, replace(four, seq=five.seq))
    put(lines, five, replace(five, seq=four.seq))
    finals(lines, crossed)


def crossed_in_flight(lines: list[Line]) -> None:
    """Let one session send two messages before either is answered, and the later one come first."""
    first, last = find(lines, Ok, item="id-one"), find(lines, Ok, item="id-two")
    begin = find(lines, Invoke, cid="one")
    second = find(lines, Invoke, cid="two")
    put(lines, second, None)
    put(lines, begin, None)
    lines[3:3] = [replace(second, at=0.0), replace(begin, at=0.0)]
    assert first.seq < last.seq


def missed_by_a_listener(lines: list[Line]) -> None:
    put(lines, of(lines, "a", "text of four"), None)


def missed_at_the_end(lines: list[Line]) -> None:
    last = [line for line in lines if isinstance(line, Heard) and line.device == "b"][-1]
    put(lines, last, None)


def hole_after_coming_back(lines: list[Line]) -> None:
    heard = [line for line in lines if isinstance(line, Heard) and line.device == "b" and line.session == 2]
    put(lines, heard[0], None)


def hole_in_pages(lines: list[Line]) -> None:
    page = find(lines, Page)
    put(lines, page, replace(page, items=page.items[1:]))


def twice_after_coming_back(lines: list[Line]) -> None:
    opened = find(lines, Opened, device="b", session=2)
    put(lines, opened, replace(opened, cursors={ROOM: opened.cursors[ROOM] + 1}))


def nodes_with_two_minds(lines: list[Line]) -> None:
    finals(lines, lambda items: items.pop(at_cid(items, "five")), node="n2")  # type: ignore[arg-type]


def another_state(lines: list[Line]) -> None:
    heard = of(lines, "c", "text of five")
    assert heard.item is not None
    put(lines, heard, replace(heard, item=replace(heard.item, text="text of four")))


def stale_page(lines: list[Line]) -> None:
    page = find(lines, Page)
    put(lines, page, replace(page, head=page.head - 1, items=page.items[:-1]))


def heard_after_the_removal(lines: list[Line]) -> None:
    """Let c hear, before it is told that it left, what was said after its removal."""
    left = find(lines, Told, device="c", what="left")
    said = of(lines, "a", "text of four")
    put(lines, said, None)
    at = next(number for number, line in enumerate(lines) if line is left)
    lines[at:at] = [said, replace(said, device="c")]


def heard_after_being_told(lines: list[Line]) -> None:
    said = of(lines, "a", "text of four")
    at = next(number for number, line in enumerate(lines) if line is said)
    lines.insert(at, replace(said, device="c"))


def paged_after_the_removal(lines: list[Line]) -> None:
    page = find(lines, Page)
    said = of(lines, "a", "text of four")
    at = next(number for number, line in enumerate(lines) if line is said)
    lines.insert(at + 1, replace(page, device="c", asked=said.at, at=said.at, items=(), head=9))


def seen_from_before_the_join(lines: list[Line]) -> None:
    fresh = of(lines, "y", "text of fresh")
    assert fresh.item is not None
    old = Seen("id-old", 2, 4, "old, changed", "x", "old")
    at = next(number for number, line in enumerate(lines) if line is fresh)
    lines.insert(at, replace(fresh, rev=4, item=old))


def room_not_known_at_the_end(lines: list[Line]) -> None:
    at = next(number for number, line in enumerate(lines) if isinstance(line, End) and line.device == "y")
    lines[at] = replace(lines[at], rooms=())


def answered_and_never_sent(lines: list[Line]) -> None:
    lines.insert(5, Ok(at=0.0, op=4711))


PLANTED: dict[Callable[[list[Line]], None], str] = {
    lost_send: "lost",
    lost_edit: "lost",
    lost_rev: "lost",
    lost_reaction: "lost",
    second_copy: "duplicate",
    one_item_for_two: "duplicate",
    never_sent: "phantom",
    never_written: "phantom",
    refused_and_kept: "phantom",
    seen_and_not_there: "phantom",
    heard_out_of_order: "order",
    kept_out_of_order: "order",
    crossed_in_flight: "order",
    missed_by_a_listener: "gap",
    missed_at_the_end: "gap",
    hole_after_coming_back: "resume hole",
    hole_in_pages: "resume hole",
    twice_after_coming_back: "resume duplicate",
    nodes_with_two_minds: "nodes differ",
    another_state: "states differ",
    stale_page: "stale read",
    heard_after_the_removal: "leak",
    heard_after_being_told: "leak",
    paged_after_the_removal: "leak",
    seen_from_before_the_join: "before the join",
    room_not_known_at_the_end: "shut out",
    answered_and_never_sent: "history",
}


def test_good_run_has_no_fault() -> None:
    verdicts = check(good_run())
    assert verdicts == [], told(verdicts)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.replace("_", " "))
def test_planted_fault_is_found(plant: Callable[[list[Line]], None]) -> None:
    lines = good_run()
    plant(lines)
    assert PLANTED[plant] in {verdict.kind for verdict in check(lines)}


def test_every_kind_of_verdict_is_planted() -> None:
    assert set(PLANTED.values()) == KINDS


def test_run_without_a_final_state_is_no_good_run() -> None:
    lines = [line for line in good_run() if not isinstance(line, Final)]
    assert "history" in {verdict.kind for verdict in check(lines)}


def test_unknown_edit_may_be_the_last_state() -> None:
    lines = good_run()
    call = Invoke(
        at=0.5, op=900, name="message.edit", user="a", device="a", session=1, node="n1", room=ROOM, item="id-five",
        text="perhaps",
    )  # fmt: skip
    lines += [call, Unknown(at=0.6, op=900, why="closed 1006")]

    def changed(items: list[Seen]) -> None:
        at = at_cid(items, "five")
        items[at] = replace(items[at], text="perhaps")

    finals(lines, changed)
    assert not {verdict.kind for verdict in check(lines)} & {"lost", "phantom"}


def test_new_member_of_a_young_room_need_not_have_what_is_older() -> None:
    lines = good_run()
    hello = find(lines, Greeted, device="y")
    assert hello.rooms[YOUNG][0] == "new"
    assert check(lines) == []


def test_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    lines = good_run()
    with History(tmp_path / "history.jsonl") as history:
        for line in lines:
            history.write(line)
    assert list(read(tmp_path / "history.jsonl")) == lines
