"""A fault counts when it hit something under way, and a run without hits proves nothing."""

from tests.faults import proofs
from tests.faults.figures import Outcome, deliveries, percentile, table
from tests.faults.good_run import good_run
from tests.faults.history import Fault, Greeted, Heard, Invoke, Line, Live, Ok, Opened, Seen, Unknown
from tests.faults.timeline import Timeline


def sent(op: int, at: float, node: str = "n1") -> Invoke:
    return Invoke(
        at=at,
        op=op,
        name="message.send",
        user="a",
        device="a",
        session=1,
        node=node,
        room="room",
        cid=f"{op}",
        text="x",
    )


def fault(name: str, at: float, target: str = "n1") -> Fault:
    return Fault(at=at, until=at + 1, name=name, target=target)


def hits(*lines: Line) -> list[int]:
    return [hit.under_way for hit in proofs.kills(Timeline(lines))]


def test_kill_with_an_unanswered_call_hit() -> None:
    assert hits(sent(1, 1.0), fault("node killed", 2.0), Unknown(at=2.1, op=1, why="closed")) == [1]


def test_kill_after_the_answer_hit_nothing() -> None:
    assert hits(sent(1, 1.0), Ok(at=1.5, op=1, item="i", rev=1, seq=1), fault("node killed", 2.0)) == [0]


def test_kill_of_another_node_hit_nothing() -> None:
    assert hits(sent(1, 1.0, "n2"), fault("node killed", 2.0), Ok(at=2.5, op=1, item="i", rev=1, seq=1)) == [0]


def test_call_that_was_said_again_elsewhere_counts_where_it_was_open() -> None:
    lines = (
        sent(1, 1.0),
        fault("node killed", 2.0),
        Unknown(at=2.1, op=1, why="closed"),
        sent(1, 2.2, "n2"),
        fault("node killed", 3.0, "n1"),
        fault("node killed", 3.0, "n2"),
        Ok(at=3.5, op=1, item="i", rev=1, seq=1),
    )
    assert hits(*lines) == [1, 0, 1]


def test_faults_that_hit_nothing_fail_a_run() -> None:
    found = proofs.kills(Timeline([fault("node killed", 2.0), fault("node killed", 3.0)]))
    assert proofs.missed(found, 1) == ["only 0 of 2 faults hit something under way, not 1"]
    assert proofs.missed(found, 0) == []


def test_death_of_redis_hit_what_was_answered_around_it() -> None:
    lines: list[Line] = [
        sent(1, 1.0),
        Ok(at=1.9, op=1, item="i", rev=1, seq=1),
        fault("killed", 2.0),
        fault("killed", 9.0),
    ]
    assert [hit.under_way for hit in proofs.redis_deaths(Timeline(lines), "killed")] == [1, 0]


def test_message_without_an_answer_was_kept_if_it_was_heard_of_before_it_was_sent_again() -> None:
    assert proofs.found(Timeline(good_run())) == (1, 0)


def listening(device: str, node: str, live_at: float, heard_at: float) -> list[Line]:
    item = Seen("i", 1, 1, "x")
    return [
        Opened(at=live_at, device=device, user=device, session=1, node=node),
        Greeted(at=live_at, device=device, session=1, rooms={"room": ("new", 0)}),
        Live(at=live_at, device=device, session=1, took=0.1),
        Heard(at=heard_at, device=device, session=1, room="room", rev=1, item=item),
    ]


def test_deliveries_are_those_to_live_devices_of_other_nodes() -> None:
    lines: list[Line] = [sent(1, 1.0), Ok(at=1.1, op=1, item="i", rev=1, seq=1)]
    lines += listening("here", "n1", 0.5, 1.2)
    lines += listening("there", "n2", 0.5, 1.3)
    lines += listening("late", "n2", 1.2, 1.4)
    assert [round(late, 3) for late in deliveries(Timeline(lines))] == [0.2]


def test_percentiles() -> None:
    assert percentile([], 99) == 0
    assert percentile(range(100), 50) == 50
    assert percentile(range(100), 99) == 99
    assert percentile([7.0], 99) == 7


def test_table_tells_what_was_slow_and_what_was_wrong() -> None:
    good, bad = Outcome("kills", 1, "sqlite", {"answered": 2.0}), Outcome("kills", 2, "sqlite", {"answered": 4.0})
    bad.slow, bad.wrong = ["answers took long"], ["lost: 1"]
    told = table([good, bad])
    for part in ("seeds 1, 2", "3.000   2.000 to 4.000", "SLOW  seed 2: answers", "WRONG seed 2: lost", "1 of 2 runs"):
        assert part in told
