"""What nodes tell each other: read by those who know the key, and by no one else believed."""

import pytest

from ws.relay.envelopes import DIGEST_BYTES, Envelopes, Kind


@pytest.fixture
def envelopes() -> Envelopes:
    """Those of a node."""
    return Envelopes(b"key", "one")


def test_what_is_sealed_is_opened(envelopes: Envelopes) -> None:
    message = Envelopes(b"key", "two").seal(Kind.SIGNAL, b"body")
    assert envelopes.open(message) == (Kind.SIGNAL, "two", b"body")


@pytest.mark.parametrize("key", [b"", b"other"])
def test_another_key_is_not_believed(envelopes: Envelopes, key: bytes) -> None:
    assert envelopes.open(Envelopes(key, "two").seal(Kind.SIGNAL, b"body")) is None


@pytest.mark.parametrize("place", range(DIGEST_BYTES + 9))
def test_a_changed_byte_is_noticed(envelopes: Envelopes, place: int) -> None:
    message = bytearray(Envelopes(b"key", "two").seal(Kind.SIGNAL, b"bod"))
    message[place] ^= 1
    assert envelopes.open(bytes(message)) is None


@pytest.mark.parametrize("length", range(DIGEST_BYTES + 6))
def test_a_part_of_a_message_is_none(envelopes: Envelopes, length: int) -> None:
    assert envelopes.open(Envelopes(b"key", "two").seal(Kind.SIGNAL, b"")[:length]) is None


@pytest.mark.parametrize(("version", "kind"), [(2, 1), (1, 99)])
def test_another_version_or_kind_is_left_alone(envelopes: Envelopes, version: int, kind: int) -> None:
    said = bytes((version, kind, 1)) + b"n"
    assert envelopes.open(envelopes._digest(said) + said) is None


def test_own_messages_are_told_from_others(envelopes: Envelopes) -> None:
    assert envelopes.is_own(envelopes.seal(Kind.BATCH, b"body"))
    for name in ("two", "one1", "on"):
        assert not envelopes.is_own(Envelopes(b"key", name).seal(Kind.BATCH, b"e"))


def test_own_canaries_are_heard(envelopes: Envelopes) -> None:
    message = envelopes.seal(Kind.CANARY, b"1")
    assert not envelopes.is_own(message)
    assert envelopes.open(message) == (Kind.CANARY, "one", b"1")
