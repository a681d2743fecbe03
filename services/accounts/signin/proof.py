"""What a provider has proved of somebody, and how its answers are read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from services.accounts.people.making import Email
from services.accounts.secrets.tickets import digest
from services.errors import IdentityUnproved, ProviderUnavailable
from store.web import Said, Unanswered

LABEL_LENGTH = 100
"""Characters kept of what somebody is called at a provider."""
BEGIN_AGAIN_S = 10.0
"""When to begin again where a provider did not answer."""
TOKEN_LENGTH = 16 * 1024
"""Longest token of a provider's that is looked at."""


class Asked(NamedTuple):
    """What a sign-in was begun with, and what came back: all that an answer is held against."""

    code: str
    verifier: str
    """The secret of which the provider was told the hash (RFC 7636)."""
    nonce: str
    redirect_uri: str
    begun_at: int
    """Milliseconds since 1970."""


class Proof(NamedTuple):
    """Somebody, as a provider vouches for them. Whoever it is is told by issuer and subject alone."""

    issuer: str
    subject: str
    label: str
    """What its person knows it by, at the provider."""
    email: str | None
    """An address that the provider has checked; None where it has not, or does not say so plainly."""
    wish: str
    """A name to make a username of."""

    @property
    def id(self) -> str:
        """The key of this identity: no e-mail address is part of it."""
        return digest(f"{self.issuer}\n{self.subject}")


def down(error: Unanswered | None = None) -> ProviderUnavailable:
    """Return what is told where a provider gives no answer that can be used."""
    failure = ProviderUnavailable(retry_after=BEGIN_AGAIN_S)
    failure.__cause__ = error
    return failure


def read_json(said: Said) -> Any:
    """Return the JSON of an answer.

    Raises:
        ProviderUnavailable: If it is none.
    """
    try:
        return msgspec.json.decode(said.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise down() from error


def text(claims: Mapping[str, Any], *names: str) -> str:
    """Return the first of these claims that says something, fit to be shown; empty where none does."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, str):
            # What turns the direction of writing, or is half a character, has no place in a name.
            shown = "".join(character for character in value[:1000] if character.isprintable()).strip()
            if shown:
                return shown[:LABEL_LENGTH]
    return ""


def proved_address(address: Any, verified: Any) -> str | None:
    """Return an address where it is one, and ``verified`` is true: not a word or a number that could mean it."""
    if verified is not True or not isinstance(address, str) or not address.isprintable():
        return None
    try:
        return msgspec.convert(address, Email)
    except msgspec.ValidationError:
        return None


def subject_of(value: Any) -> str:
    """Return who it is at a provider.

    Raises:
        IdentityUnproved: If that is no text of 1 to 255 characters of ASCII (OpenID Connect Core, 2).
    """
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or not (value.isascii() and value.isprintable()):
        raise IdentityUnproved
    return value
