"""The heartbeat: asked after silence, gone after more of it, and neither while there are signs of life."""

import pytest

from ws.sessions import heartbeat as heartbeat_module
from ws.sessions.heartbeat import QUIET_S, SILENCE_S, Heartbeat
from ws.wheel import Wheel


class Patient:
    """A heartbeat on a wheel, and a clock that both go by."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wheel = Wheel(self.monotonic)
        self.said: list[tuple[str, int]] = []
        """What it did, and after how many seconds."""
        self._began = self.now

    def begin(self) -> Heartbeat:
        """Begin to listen."""
        return Heartbeat(self.wheel, lambda: self._say("ask"), lambda: self._say("dead"))

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time pass, a tick at a time."""
        for _ in range(int(seconds)):
            self.now += 1
            self.wheel.turn(self.now)

    def _say(self, what: str) -> None:
        self.said.append((what, round(self.now - self._began)))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Patient:
    patient = Patient()
    monkeypatch.setattr(heartbeat_module, "time", patient)
    return patient


def test_silence_is_asked_about_and_then_death(patient: Patient) -> None:
    beat = patient.begin()
    patient.pass_(QUIET_S + SILENCE_S + 60)
    assert [what for what, _ in patient.said] == ["ask", "dead"]
    asked, dead = (at for _, at in patient.said)
    assert QUIET_S <= asked <= QUIET_S + 2
    assert SILENCE_S <= dead - asked <= SILENCE_S + 2
    beat.stop()


def test_answer_puts_off_the_next_question(patient: Patient) -> None:
    beat = patient.begin()
    patient.pass_(QUIET_S + 5)
    beat.heard()
    patient.pass_(QUIET_S - 1)
    assert [what for what, _ in patient.said] == ["ask"]
    patient.pass_(4)
    assert [what for what, _ in patient.said] == ["ask", "ask"]


def test_one_who_speaks_is_never_asked(patient: Patient) -> None:
    beat = patient.begin()
    for _ in range(40):
        patient.pass_(QUIET_S - 1)
        beat.heard()
    assert patient.said == []
    assert len(patient.wheel) == 1


def test_sound_before_the_question_is_no_answer(patient: Patient) -> None:
    beat = patient.begin()
    patient.pass_(3)
    beat.heard()
    patient.pass_(QUIET_S + SILENCE_S + 5)
    assert [what for what, _ in patient.said] == ["ask", "dead"]


@pytest.mark.parametrize("seconds", [0, QUIET_S + 2])
def test_stopped_heartbeat_does_nothing(patient: Patient, seconds: float) -> None:
    beat = patient.begin()
    patient.pass_(seconds)
    said = list(patient.said)
    beat.stop()
    patient.pass_(200)
    assert patient.said == said
    assert len(patient.wheel) == 0
