"""A stream's memory: its latest changes, each item at its latest, and whether that is all there is."""

from services.streams.batch import Event
from store.tables import Effect
from tests.unit.ws.ears import Ear
from ws.hub.watched import RING_EVENTS, Watched


def event(
    rev: int, item: str = "", *, seq: int = 0, author: str = "", data: bytes = b"{}", moves: bool = False
) -> Event:
    effect = Effect("joined", "ann") if moves else None
    return Event(rev, data, item or f"i{rev}", seq or rev, author, effect, created_at=rev)


def filled(*events: Event) -> Watched:
    watched = Watched("r")
    watched.delivered = 0
    for one in events:
        watched.keep(one)
    return watched


def revs(watched: Watched, above: int) -> list[int]:
    return [kept.rev for kept in watched.since(above)]


def test_kept_change_is_the_head() -> None:
    watched = filled(event(1), event(2))
    assert (watched.head, watched.active_at) == (2, 2)


def test_item_stands_at_its_latest_change_alone() -> None:
    watched = filled(event(1, "a"), event(2, "b"), event(3, "a"), event(4, "c"), event(5, "a"))
    assert revs(watched, 0) == [2, 4, 5]
    assert revs(watched, 2) == [4, 5]
    assert revs(watched, 5) == []


def test_what_tells_nothing_is_not_told_and_hides_nothing() -> None:
    watched = filled(event(1, "a"), event(2, "a", data=b""), event(3, "b", data=b""))
    assert revs(watched, 0) == [1]
    assert watched.head == 3


def test_memory_reaches_as_far_as_it_holds_everything() -> None:
    watched = filled(*(event(rev) for rev in range(1, RING_EVENTS + 11)))
    assert len(watched.ring) == RING_EVENTS
    assert [watched.reaches(rev) for rev in (9, 10, RING_EVENTS + 10)] == [False, True, True]
    assert len(watched.since(10)) == RING_EVENTS


def test_memory_without_anything_reaches_the_head_alone() -> None:
    watched = Watched("r")
    watched.delivered = 7
    assert [watched.reaches(rev) for rev in (6, 7, 8)] == [False, True, True]


def test_unread_are_new_messages_of_others() -> None:
    watched = filled(
        event(1, author="bob"), event(2, author="ann"), event(3, author="bob"), event(4, "i1"), event(5, author="cay")
    )
    assert watched.unread("ann", 0, 0) == 3
    assert watched.unread("ann", 1, 0) == watched.unread("ann", 0, 1) == 2
    assert watched.unread("cay", 3, 0) == 0


def test_audience_moved_where_an_effect_stands_above_or_may_stand() -> None:
    watched = filled(*(event(rev, moves=rev == 3) for rev in range(1, 6)))
    assert [watched.audience_moved(rev) for rev in (0, 2, 3, 5)] == [True, True, False, False]
    late = Watched("r")
    late.delivered = 9
    late.keep(event(10))
    assert [late.audience_moved(rev) for rev in (8, 9, 10)] == [True, False, False]


def test_stream_is_idle_where_nobody_watches_in_any_way() -> None:
    watched = Watched("r")
    assert watched.idle
    ear = Ear("ann").session
    for watchers in ("sessions", "floors", "holding"):
        watched = Watched("r")
        getattr(watched, watchers)[ear] = 1
        assert not watched.idle, watchers
