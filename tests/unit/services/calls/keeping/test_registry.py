"""What a node knows of calls, in whatever order it hears of them."""

import msgspec

from services.calls.keeping.registry import Registry
from services.calls.machine.begin import begin
from services.calls.machine.ending import end
from services.calls.machine.terms import Moment, Who
from store.tables import Call


def call(id_: str, user: str = "ada") -> Call:
    return begin(id_, "room", "audio", Who(user, user, user), Moment(1000, "here"), direct=False, ring=[])


def later(before: Call) -> Call:
    return msgspec.structs.replace(before, version=before.version + 1)


def over(before: Call) -> Call:
    return end(before, "completed", Moment(2000, "here"))


def test_late_word_of_the_call_before_hides_no_call_of_a_room() -> None:
    registry, first, second = Registry(), call("first"), call("second", "bob")
    for heard in (first, second, later(first)):
        assert registry.put(heard)
    assert registry.of_room("room") is second
    registry.put(over(later(first)))
    assert registry.of_room("room") is second


def test_end_of_a_call_that_was_heard_of_too_late_shows_the_one_that_goes_on() -> None:
    registry, first, second = Registry(), call("first"), call("second", "bob")
    for heard in (second, first, over(first)):
        assert registry.put(heard)
    assert registry.of_room("room") is second


def test_nothing_is_known_of_a_call_that_is_over() -> None:
    registry, one = Registry(), call("one")
    registry.put(one)
    registry.put(over(one))
    assert (len(registry), registry.of_room("room"), registry.of_user("ada"), registry.all()) == (0, None, [], [])
    assert not registry.put(later(one))
    assert registry.knows("one", 1)
