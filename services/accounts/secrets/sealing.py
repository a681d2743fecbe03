"""Secrets as the store keeps them: sealed where they have to be read again, else as keyed hashes."""

import base64
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""Of AES-GCM (NIST SP 800-38D, 8.2): made at random, for far fewer than 2^32 secrets under one key."""


class Sealer:
    """Seals and hashes with keys that are kept outside the database."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        self._cipher = AESGCM(hmac.digest(key, b"seal", "sha256"))
        self._hash_key = hmac.digest(key, b"hash", "sha256")

    def seal(self, text: str, purpose: str) -> str:
        """Return a text that only ``open`` with the same purpose reads."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, purpose: str) -> str:
        """Return what was sealed for this purpose.

        Raises:
            ValueError: If it was sealed with another key or for another purpose, or was changed since.
        """
        try:
            whole = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], purpose.encode()).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key or for another purpose") from error

    def digest(self, text: str, purpose: str) -> str:
        """Return the keyed hash of a short secret: without the key a table of all codes says nothing of it."""
        return hmac.digest(self._hash_key, f"{purpose}\n{text}".encode(), "sha256").hex()
