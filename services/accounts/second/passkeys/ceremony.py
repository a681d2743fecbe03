"""What passkeys are asked, and what their answers have to be (WebAuthn 2, 7.1 and 7.2)."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import webauthn
from webauthn.helpers import options_to_json_dict, parse_cbor, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.accounts.second.passkeys.credential import Created, Used, decoded, encoded
from services.errors import BadPasskey
from store.tables import Passkey, User

if TYPE_CHECKING:
    from services.application import Application

LIFE_S: Final = 300.0
"""Time to use or make a passkey, in seconds: to find the phone and unlock it."""
ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""What keys may sign with; the first two are what authenticators have, the third is for Windows."""
FORMATS: Final = frozenset({"none", "packed"})
"""Statements of attestation that are read. We ask for none, and browsers take all others away: what comes in another
form comes of no browser, and is not worth the decoders."""
NAME: Final = "Parley"


class Ceremony(msgspec.Struct, frozen=True):
    """What a browser is to ask a passkey."""

    ticket: str
    options: dict[str, Any]


class Registered(NamedTuple):
    """A passkey that was made, and is good."""

    id: str
    key: str
    signs: int
    transports: tuple[str, ...]


def challenge_of(ticket: str) -> bytes:
    """Return the challenge that goes with a ticket: as single as the ticket is, and it tells nothing of it."""
    return hashlib.sha256(f"challenge\n{ticket}".encode()).digest()


def rp_id(application: "Application") -> str:
    """Return the domain that passkeys are for."""
    return urlsplit(application.url).hostname or ""


def to_use(application: "Application", ticket: str, keys: Iterable[Passkey] = ()) -> Ceremony:
    """Return what a browser is to ask; without keys any passkey of this place will do, and tells whose it is."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id(application),
        challenge=challenge_of(ticket),
        timeout=int(LIFE_S * 1000),
        allow_credentials=[_descriptor(key) for key in keys],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Ceremony(ticket, options_to_json_dict(options))


def to_make(application: "Application", ticket: str, user: User, keys: Iterable[Passkey]) -> Ceremony:
    """Return what a browser is to ask of an authenticator that has none of these keys."""
    options = webauthn.generate_registration_options(
        rp_id=rp_id(application),
        rp_name=NAME,
        user_id=user.id.encode(),
        user_name=user.username,
        user_display_name=user.name,
        challenge=challenge_of(ticket),
        timeout=int(LIFE_S * 1000),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(key) for key in keys],
        supported_pub_key_algs=ALGORITHMS,
    )
    return Ceremony(ticket, options_to_json_dict(options))


def _descriptor(key: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=decoded(key.id), transports=[AuthenticatorTransport(name) for name in key.transports]
    )


def registered(application: "Application", ticket: str, created: Created) -> Registered:
    """Return the passkey that a browser says was made for a ticket's challenge.

    Raises:
        BadPasskey: If it is not what was asked for.
    """
    response = created.response
    client_data, statement = decoded(response.client_data), decoded(response.attestation_object)
    credential = RegistrationCredential(
        id=created.id,
        raw_id=decoded(created.raw_id),
        response=AuthenticatorAttestationResponse(client_data_json=client_data, attestation_object=statement),
    )
    try:
        if parse_cbor(statement)["fmt"] not in FORMATS:
            raise BadPasskey
        _refuse_framed(client_data)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge_of(ticket),
            expected_rp_id=rp_id(application),
            expected_origin=application.url,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except BadPasskey:
        raise
    except Exception as error:
        raise BadPasskey from error
    known = {name.value for name in AuthenticatorTransport}
    transports = tuple(name for name in dict.fromkeys(response.transports) if name in known)
    if encoded(verified.credential_id) != created.id:
        raise BadPasskey
    return Registered(created.id, encoded(verified.credential_public_key), verified.sign_count, transports)


def signed(application: "Application", ticket: str, used: Used, key: Passkey) -> int:
    """Make sure that a passkey has signed a ticket's challenge; return the authenticator's counter.

    Raises:
        BadPasskey: If it has not, or for another place, or unasked by its person, or its counter went back: then there
            are two of it.
    """
    response = used.response
    client_data = decoded(response.client_data)
    credential = AuthenticationCredential(
        id=used.id,
        raw_id=decoded(used.raw_id),
        response=AuthenticatorAssertionResponse(
            client_data_json=client_data,
            authenticator_data=decoded(response.authenticator_data),
            signature=decoded(response.signature),
        ),
    )
    try:
        _refuse_framed(client_data)
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge_of(ticket),
            expected_rp_id=rp_id(application),
            expected_origin=application.url,
            credential_public_key=decoded(key.key),
            credential_current_sign_count=key.signs,
            require_user_verification=True,
        )
    except BadPasskey:
        raise
    except Exception as error:
        raise BadPasskey from error
    return verified.new_sign_count


def _refuse_framed(client_data: bytes) -> None:
    """Refuse what was asked from a frame in a page of another site: none of ours stands in one."""
    if parse_client_data_json(client_data).cross_origin:
        raise BadPasskey
