"""The log of links that fail: reasons when they change, and never a flood."""

import logging

import pytest

from store.redis.reasons import LINES, Reasons


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    return [(record.__dict__["subject"], record.__dict__.get("reason")) for record in caplog.records]


def test_a_reason_is_told_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reasons = Reasons()
    for _ in range(100):
        reasons.failed("a", "refused")
    reasons.failed("b", "refused")
    reasons.failed("a", "password")
    reasons.well("a")
    reasons.well("a")
    assert told(caplog) == [("a", "refused"), ("b", "refused"), ("a", "password"), ("a", None)]


def test_what_is_forgotten_was_never_told(caplog: pytest.LogCaptureFixture) -> None:
    reasons = Reasons()
    reasons.failed("a", "refused")
    reasons.forget("a")
    reasons.failed("a", "refused")
    assert len(caplog.records) == 2


def test_what_comes_and_goes_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reasons = Reasons()
    for number in range(1000):
        reasons.failed("a", f"reason {number}")
        reasons.well("a")
    assert len(caplog.records) == LINES
