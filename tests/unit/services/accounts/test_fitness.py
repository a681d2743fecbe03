"""Which passwords are refused."""

import time

import pytest

from services.accounts.password.fitness import common, require_fit
from services.errors import WeakPassword


@pytest.mark.parametrize(
    "password", ["password", "PassWord", "12345678", "trustno1", "qwertyuiop", "1qaz2wsx", "iloveyou"]
)
def test_common_password_is_refused_whatever_its_case(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        require_fit(password)
    assert [flaw.pointer for flaw in refused.value.flaws] == ["/password"]


@pytest.mark.parametrize(
    "password",
    [
        "annabelle",
        "ANNABELLE1",
        "annabelle123",
        "1annabelle!",
        "annabelleparley",
        "parley12",
        "example.org",
        "belle.a99",
    ],
)
def test_password_of_little_more_than_what_is_known_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        require_fit(password, "annabelle", "belle.a99@example.org")


@pytest.mark.parametrize("password", ["aaaaaaaa", "§§§§§§§§§§", "🐙🐙🐙🐙🐙🐙🐙🐙"])
def test_password_of_one_character_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        require_fit(password)


@pytest.mark.parametrize(
    "password",
    [
        "four words nobody guesses",
        "ann is in this sentence",
        "annabelle likes 9 plums",
        " leading space",
        "пароль не слово",
        "🐙🐡🦑🐠🐟🐬🐳🐋",
    ],
)
def test_any_other_password_is_let_pass(password: str) -> None:
    require_fit(password, "ann", "annabelle", "ann@example.org")


def test_three_thousand_common_passwords_and_more_are_known() -> None:
    assert len(common()) > 3_000
    assert all(line == line.lower() and len(line) >= 8 for line in common())


def test_longest_password_is_judged_at_once() -> None:
    began = time.process_time()
    require_fit("annab" * 204 + "long", "annabelle", "anna", "nabe", "belle@example.org")
    assert time.process_time() - began < 0.1
