"""Passwords: any length, every byte counts; a bounded pool; nobody's password takes as long as somebody's."""

import asyncio
import threading
from collections.abc import Iterator

import bcrypt
import pytest

from services.accounts.secrets.passwords import HASHERS, WAITING_LIMIT, Passwords
from services.errors import Unavailable


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(b"pepper", 4)
    yield made
    made.close()


@pytest.mark.parametrize("length", [1, 8, 71, 72, 73, 100, 1024])
async def test_password_of_any_length_matches_itself_alone(passwords: Passwords, length: int) -> None:
    password = "p" * length
    hashed = await passwords.hash(password)
    assert await passwords.matches(password, hashed)
    for other in (password + "p", password[:-1], password[:-1] + "q", "q" + password[1:]):
        assert not await passwords.matches(other, hashed), other


async def test_bytes_behind_the_72nd_count(passwords: Passwords) -> None:
    hashed = await passwords.hash("x" * 72 + "right")
    assert not await passwords.matches("x" * 72 + "wrong", hashed)
    assert not await passwords.matches("x" * 72, hashed)


async def test_zero_byte_ends_nothing(passwords: Passwords) -> None:
    hashed = await passwords.hash("before\0after")
    assert await passwords.matches("before\0after", hashed)
    assert not await passwords.matches("before\0other", hashed)
    assert not await passwords.matches("before", hashed)


async def test_letters_are_compared_as_they_are(passwords: Passwords) -> None:
    hashed = await passwords.hash("pässwört")
    assert not await passwords.matches("pa\u0308sswo\u0308rt", hashed)


async def test_hash_is_salted_and_has_the_cost(passwords: Passwords) -> None:
    first, second = await passwords.hash("same"), await passwords.hash("same")
    assert first != second
    assert first.startswith("$2b$04$")


async def test_hash_is_worth_nothing_without_the_pepper(passwords: Passwords) -> None:
    hashed = await passwords.hash("password")
    other = Passwords(b"another", 4)
    assert not await other.matches("password", hashed)
    other.close()
    assert not bcrypt.checkpw(b"password", hashed.encode())


async def test_nobodys_password_is_hashed_too(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    check = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        asked.append(hashed)
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    await passwords.matches("guess", await passwords.hash("right"))
    assert not await passwords.matches("guess", None)
    assert not await passwords.matches("guess", None)
    assert len(asked) == 3
    assert asked[0] != asked[1] == asked[2]
    assert asked[1].startswith(b"$2b$04$"), "as much work as for a real one"


class Slow:
    """A bcrypt that waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self.threads: set[str] = set()
        monkeypatch.setattr(bcrypt, "hashpw", self._hash)

    def _hash(self, _password: bytes, _salt: bytes) -> bytes:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(30)
        return b"hash"


async def test_full_pool_is_unavailable_at_once(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    waiting = [asyncio.ensure_future(passwords.hash("x")) for _ in range(HASHERS + WAITING_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await passwords.hash("x")
    assert refused.value.retry_after
    slow.go.set()
    assert await asyncio.gather(*waiting) == ["hash"] * (HASHERS + WAITING_LIMIT)
    assert await passwords.hash("x") == "hash"
    assert len(slow.threads) <= HASHERS
    assert threading.current_thread().name not in slow.threads


async def test_as_many_may_wait_again_when_all_are_done(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more and no fewer, however often the pool was full."""
    slow = Slow(monkeypatch)
    for _ in range(2):
        waiting = [asyncio.ensure_future(passwords.hash("x")) for _ in range(HASHERS + WAITING_LIMIT)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            async with asyncio.timeout(5):
                await passwords.hash("x")
        assert refused.value.retry_after == 2.0
        slow.go.set()
        assert await asyncio.gather(*waiting) == ["hash"] * (HASHERS + WAITING_LIMIT)
        slow.go.clear()


async def test_hash_is_weak_that_took_less_work_than_one_takes_now(passwords: Passwords) -> None:
    costlier = Passwords(b"pepper", 5)
    hashes = [await passwords.hash("x"), await costlier.hash("x")]
    assert [costlier.is_weak(hashed) for hashed in hashes] == [True, False]
    assert [passwords.is_weak(hashed) for hashed in hashes] == [False, False]
    costlier.close()


async def test_work_that_nobody_waits_for_counts_until_it_is_done(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    waiting = [asyncio.ensure_future(passwords.hash("x")) for _ in range(HASHERS + WAITING_LIMIT)]
    await asyncio.sleep(0)
    for future in waiting:
        future.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    with pytest.raises(Unavailable):
        await passwords.hash("x")
    slow.go.set()


async def test_failing_work_makes_room_again(passwords: Passwords) -> None:
    for _ in range(HASHERS + WAITING_LIMIT + 5):
        with pytest.raises(ValueError, match="salt"):
            await passwords.matches("x", "no hash")
