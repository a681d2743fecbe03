"""An authenticator in software: it makes passkeys (ES256) and signs with them, as a browser would hand it on.

What a browser or an authenticator would never do it does when told to: another origin, no user verification, a counter
that goes back. ``Lies`` are what it may be told.
"""

import base64
import dataclasses
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.client.checks import Json

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_AAGUID = bytes(16)


def encode(value: bytes) -> str:
    """Return bytes in base64url, as WebAuthn has them in JSON."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of a text in base64url."""
    return base64.urlsafe_b64decode(text + "==")


@dataclass(frozen=True, kw_only=True)
class Lies:
    """What is otherwise than it should be; None is as it should be."""

    origin: str | None = None
    rp_id: str | None = None
    challenge: str | None = None
    type: str | None = None
    """``webauthn.create`` where something is signed, or the other way round."""
    cross_origin: bool = False
    present: bool = True
    verified: bool = True
    signs: int | None = None
    handle: str | None = None
    format: str = "none"
    algorithm: int = -7


HONEST = Lies()


@dataclass
class Key:
    """A passkey on the authenticator."""

    id: bytes
    private: ec.EllipticCurvePrivateKey
    rp_id: str
    handle: str
    """Whose it is, as the server named them; in base64url."""
    signs: int = 0

    @property
    def name(self) -> str:
        """Its id on the wire."""
        return encode(self.id)

    def cose(self, algorithm: int) -> bytes:
        """Return the public key (RFC 9053, 7.1.1)."""
        numbers = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: algorithm, -1: 1, -2: x, -3: y})


@dataclass
class Authenticator:
    """Something that holds passkeys, and the browser around it, which shows a page of ``origin``."""

    origin: str
    counts: bool = True
    """Whether it counts what it signs; those that share their keys among devices do not."""
    keys: list[Key] = field(default_factory=list)

    def create(self, options: Json, lies: Lies = HONEST) -> Json:
        """Make a passkey, as ``navigator.credentials.create`` does."""
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"]
        held = {key.name for key in self.keys}
        assert not held & {one["id"] for one in options["excludeCredentials"]}, "InvalidStateError"
        private = ec.generate_private_key(ec.SECP256R1())
        key = Key(secrets.token_bytes(32), private, options["rp"]["id"], options["user"]["id"])
        self.keys.append(key)
        return self.attest(key, options, lies)

    def attest(self, key: Key, options: Json, lies: Lies = HONEST) -> Json:
        """Tell of a passkey as of one that was just made."""
        client = self._client_data("webauthn.create", options["challenge"], lies)
        attested = _AAGUID + struct.pack(">H", len(key.id)) + key.id + key.cose(lies.algorithm)
        data = self._data(key, lies, _ATTESTED) + attested
        statement = cbor2.dumps({"fmt": lies.format, "attStmt": {}, "authData": data})
        response: Json = {"clientDataJSON": encode(client), "attestationObject": encode(statement)}
        # What browsers tell besides, and nobody believes.
        response |= {"transports": ["internal", "hybrid"], "publicKeyAlgorithm": -7, "authenticatorData": encode(data)}
        return self._credential(key, response)

    def get(self, options: Json, lies: Lies = HONEST, *, key: Key | None = None) -> Json:
        """Sign a challenge with a passkey, as ``navigator.credentials.get`` does."""
        assert options["userVerification"] == "required"
        key = key or self._chosen(options)
        client = self._client_data("webauthn.get", options["challenge"], lies)
        key.signs += self.counts
        data = self._data(key, lies, 0)
        signature = key.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response: Json = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            "userHandle": lies.handle if lies.handle is not None else key.handle,
        }
        return self._credential(key, response)

    def _chosen(self, options: Json) -> Key:
        allowed = {one["id"] for one in options.get("allowCredentials", [])}
        found = [key for key in self.keys if key.rp_id == options["rpId"] and (not allowed or key.name in allowed)]
        assert found, "NotAllowedError"
        return found[-1]

    def _client_data(self, kind: str, challenge: str, lies: Lies) -> bytes:
        said: dict[str, Any] = {
            "type": lies.type or kind,
            "challenge": lies.challenge or challenge,
            "origin": lies.origin or self.origin,
            "crossOrigin": lies.cross_origin,
        }
        return json.dumps(said).encode()

    def _data(self, key: Key, lies: Lies, flags: int) -> bytes:
        flags |= _PRESENT * lies.present | _VERIFIED * lies.verified
        place = hashlib.sha256((lies.rp_id or key.rp_id).encode()).digest()
        return place + struct.pack(">BI", flags, key.signs if lies.signs is None else lies.signs)

    def _credential(self, key: Key, response: Json) -> Json:
        return {
            "id": key.name,
            "rawId": key.name,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }


def forged(credential: Json, **response: str) -> Json:
    """Return what a browser said with parts of it replaced."""
    return credential | {"response": credential["response"] | response}


def copied(key: Key) -> Key:
    """Return a second one of a passkey, which counts for itself."""
    return dataclasses.replace(key)
