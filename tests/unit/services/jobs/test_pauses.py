"""The pauses between tries of a job."""

import pytest

from services.jobs.pauses import FAILED_LIMIT, FIRST_S, LONGEST_S, pause_s


@pytest.mark.parametrize(("failed", "longest"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (10_000, 3600)])
def test_each_pause_is_twice_the_one_before_up_to_a_bound(failed: int, longest: float) -> None:
    assert pause_s(failed, lambda: 1.0) == longest
    assert pause_s(failed, lambda: 0.0) == longest / 2


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    assert len({pause_s(5) for _ in range(100)}) > 90
    assert all(FIRST_S / 2 <= pause_s(1) <= FIRST_S for _ in range(100))
    assert all(LONGEST_S / 2 <= pause_s(99) <= LONGEST_S for _ in range(100))


def test_what_is_down_for_a_day_is_waited_for() -> None:
    assert sum(pause_s(failed, lambda: 0.5) for failed in range(1, FAILED_LIMIT)) > 20 * 3600
