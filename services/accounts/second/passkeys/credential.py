"""What a browser answers where a passkey is made or used, as its own ``toJSON`` has it.

A browser may add to it what we do not know: here alone unknown fields are ignored.
"""

import base64
import binascii
from typing import Annotated, Literal

import msgspec

from services.errors import BadPasskey
from services.operations.inputs import Input

CredentialId = Annotated[str, msgspec.Meta(min_length=1, max_length=1364)]
"""In base64url; 1,023 bytes are the most that there may be (WebAuthn 2, 4)."""
Some = Annotated[str, msgspec.Meta(max_length=16_384)]
"""Bytes in base64url, more than any authenticator sends."""


class Assertion(
    Input,
    kw_only=True,
    forbid_unknown_fields=False,
    rename={
        "client_data": "clientDataJSON",
        "authenticator_data": "authenticatorData",
        "user_handle": "userHandle",
    },
):
    """What an authenticator has signed."""

    client_data: Some
    authenticator_data: Some
    signature: Some
    user_handle: Some | None = None


class Used(Input, kw_only=True, forbid_unknown_fields=False, rename={"raw_id": "rawId"}):
    """A passkey that was used."""

    id: CredentialId
    raw_id: CredentialId
    type: Literal["public-key"]
    response: Assertion


class Attestation(
    Input,
    kw_only=True,
    forbid_unknown_fields=False,
    rename={"client_data": "clientDataJSON", "attestation_object": "attestationObject"},
):
    """What an authenticator tells of a passkey that it made."""

    client_data: Some
    attestation_object: Some
    transports: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=16)] = ()


class Created(Input, kw_only=True, forbid_unknown_fields=False, rename={"raw_id": "rawId"}):
    """A passkey that was made."""

    id: CredentialId
    raw_id: CredentialId
    type: Literal["public-key"]
    response: Attestation


def encoded(value: bytes) -> str:
    """Return bytes in base64url, without the padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes of a text in base64url, in the one way in which they are written.

    Raises:
        BadPasskey: If it is none.
    """
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPasskey from error
    if encoded(value) != text:
        raise BadPasskey
    return value
