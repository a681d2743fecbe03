"""What lets somebody in is as random as it is said to be, and what is kept of it is not it."""

import base64
import re
from collections.abc import Callable

import pytest

from services.accounts.logins import api_tokens
from services.accounts.logins import families as logins
from services.accounts.secrets import tickets
from services.ids import now_ms
from store.tables import Login

RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")
LOGIN = Login(id="login", user="user", live=True, created_at=0, expires_at=now_ms() + 86_400_000)


def refresh_token() -> tuple[str, object]:
    return logins._fresh(LOGIN, now_ms())


def ticket() -> tuple[str, object]:
    return tickets.issue("reset", 60)


def api_token() -> tuple[str, object]:
    made = api_tokens.make()
    return made.text, (made.id, made.digest)


def random_part(token: str) -> bytes:
    found = RANDOM.search(token[len(api_tokens.PREFIX) + 16 :] if token.startswith(api_tokens.PREFIX) else token)
    assert found is not None
    return base64.urlsafe_b64decode(found[0] + "=")


@pytest.mark.parametrize("make", [refresh_token, ticket, api_token])
def test_tokens_have_256_random_bits(make: Callable[[], tuple[str, object]]) -> None:
    numbers = [int.from_bytes(random_part(make()[0])) for _ in range(200)]
    ones, zeros = 0, 0
    for number in numbers:
        ones |= number
        zeros |= ~number
    every_bit = 2**256 - 1
    assert ones == every_bit
    assert zeros & every_bit == every_bit


@pytest.mark.parametrize("make", [refresh_token, ticket, api_token])
def test_what_is_kept_of_a_token_is_not_the_token(make: Callable[[], tuple[str, object]]) -> None:
    token, kept = make()
    assert RANDOM.search(token)
    assert token not in repr(kept)
    assert not {part for part in RANDOM.findall(token) if part in repr(kept)}


def test_codes_have_six_digits_each_of_which_may_be_any() -> None:
    codes = [tickets.new_code() for _ in range(1000)]
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert [set(digits) for digits in zip(*codes, strict=True)] == [set("0123456789")] * 6
