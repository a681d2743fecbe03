"""The form of API tokens."""

import pytest

from services.accounts.logins import api_tokens
from services.accounts.secrets.tickets import digest


def test_made_token_is_known_by_its_form() -> None:
    made = api_tokens.make()
    assert api_tokens.FORM.fullmatch(made.text)
    assert api_tokens.id_of(made.text) == made.id
    assert made.digest == digest(made.text)


def test_no_two_tokens_are_alike() -> None:
    assert len({api_tokens.make().text for _ in range(100)}) == 100


def test_id_does_not_tell_the_secret() -> None:
    made = api_tokens.make()
    assert made.text[23:66] not in made.id


@pytest.mark.parametrize("place", [0, 8, 30, 60, 67, -1])
def test_token_with_a_character_changed_is_none(place: int) -> None:
    text = api_tokens.make().text
    changed = [*text]
    changed[place] = "1" if changed[place] != "1" else "2"
    assert api_tokens.id_of("".join(changed)) is None


@pytest.mark.parametrize("text", ["", "parley_", "parley_" + "0" * 67, "x" * 10_000])
def test_what_only_looks_like_a_token_is_none(text: str) -> None:
    assert api_tokens.id_of(text) is None
