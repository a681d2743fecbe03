"""Secrets as the store keeps them."""

import pytest

from services.accounts.secrets.sealing import Sealer
from services.accounts.secrets.tickets import hashed

KEY, OTHER = b"k" * 32, b"o" * 32


def test_sealed_secret_is_read_again() -> None:
    assert Sealer(KEY).open(Sealer(KEY).seal("JBSWY3DP", "totp"), "totp") == "JBSWY3DP"


def test_sealed_twice_is_sealed_differently() -> None:
    assert Sealer(KEY).seal("JBSWY3DP", "totp") != Sealer(KEY).seal("JBSWY3DP", "totp")


def test_secret_of_another_purpose_is_not_read() -> None:
    with pytest.raises(ValueError, match="another key or for another purpose"):
        Sealer(KEY).open(Sealer(KEY).seal("JBSWY3DP", "totp"), "other")


def test_secret_of_another_key_is_not_read() -> None:
    with pytest.raises(ValueError, match="another key"):
        Sealer(OTHER).open(Sealer(KEY).seal("JBSWY3DP", "totp"), "totp")


def test_changed_secret_is_not_read() -> None:
    sealed = Sealer(KEY).seal("JBSWY3DP", "totp")
    changed = ("A" if sealed[20] != "A" else "B").join((sealed[:20], sealed[21:]))
    with pytest.raises(ValueError, match="another key"):
        Sealer(KEY).open(changed, "totp")


def test_hash_depends_on_key_and_purpose() -> None:
    hashes = {Sealer(KEY).digest("123456", "a"), Sealer(KEY).digest("123456", "b"), Sealer(OTHER).digest("123456", "a")}
    assert len(hashes) == 3
    assert Sealer(KEY).digest("123456", "a") in hashes


def test_what_was_kept_by_an_older_program_is_still_read() -> None:
    """These stand in stores: with other labels or hashes nobody's second factor and no code would be known again."""
    sealer = Sealer(bytes(range(32)))
    assert sealer.open("AAECAwQFBgcICQoL7uRX808P-xYVOrhMgzcbOFe0RXhk3bfS", "totp") == "a secret"
    digest = "6719391f3e303e3a9f75e10095686f7870ecfb1f985fdb67c5bd6358858de9a6"
    assert sealer.digest("123456", "ticket") == digest
    assert hashed(sealer, "123456") == digest
