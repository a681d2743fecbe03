"""What a node knows of an OpenID provider: its addresses and its keys, asked for when needed, and not too often."""

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt
import msgspec

from services.accounts.signin.proof import BEGIN_AGAIN_S, down, read_json
from services.accounts.signin.providers import Provider
from services.errors import ProviderUnavailable
from services.loop.shared import Same
from store.web import Unanswered, Web

log = logging.getLogger(__name__)

KEPT_S = 3600.0
"""How long addresses and keys are kept: a key that a provider takes back is believed for so long at most."""
UNKNOWN_KEY_S = 60.0
"""Pause between two looks for a key that is not known: anybody may come with an invented name of one."""
KEYS_LIMIT = 100
"""Keys of a provider that are looked at."""
WEAKEST_RSA_BITS = 2048
"""NIST SP 800-131A: shorter keys are not to be relied on."""

_KINDS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
ALGORITHMS = tuple(_KINDS)
"""Signatures that are taken: those of public keys, and no other, whatever a token says of itself."""


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Of a provider's document of discovery, what is made use of."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Kept(NamedTuple):
    until: float
    value: Any


class Known:
    """One provider's addresses and keys. A look that failed is not repeated for ``BEGIN_AGAIN_S``."""

    def __init__(self, provider: Provider, web: Web, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._web = web
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._failed_until: dict[str, float] = {}
        self._sought_at = -UNKNOWN_KEY_S
        self._reads: Same[Any] = Same()
        self._seeks: Same[list[Any]] = Same()

    async def addresses(self) -> Addresses:
        """Return the provider's addresses, all of hosts that the operator permits.

        Raises:
            ProviderUnavailable: If it does not tell them.
        """
        url = self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found: Addresses = await self._known(url, self._read_addresses)
        return found

    async def key(self, name: str | None, algorithm: str) -> Any:
        """Return the public key of this name that is for this algorithm; None where there is none.

        Raises:
            ProviderUnavailable: If the provider does not tell its keys.
        """
        url = (await self.addresses()).jwks_uri
        keys: list[Any] = await self._known(url, _read_keys)
        chosen = _choose(keys, name, algorithm)
        due = self._clock() - self._sought_at >= UNKNOWN_KEY_S
        if chosen is None and (due or len(self._seeks)):  # all who come while somebody looks wait for what is found
            self._sought_at = self._clock() if due else self._sought_at
            keys = await self._seeks.read(url, lambda: self._ask(url, _read_keys))
            chosen = _choose(keys, name, algorithm)
        return chosen

    async def _known(self, url: str, read: Callable[[Any], Any]) -> Any:
        kept = self._kept.get(url)
        if kept is not None and kept.until > self._clock():
            return kept.value
        if self._failed_until.get(url, 0.0) > self._clock():
            raise down()
        return await self._ask(url, read)

    async def _ask(self, url: str, read: Callable[[Any], Any]) -> Any:
        try:
            value = await self._reads.read(url, lambda: self._fetch(url, read))
        except ProviderUnavailable:
            self._failed_until[url] = self._clock() + BEGIN_AGAIN_S
            log.warning("a provider of sign-ins tells nothing of itself", extra={"provider": self._provider.name})
            raise
        self._kept[url] = _Kept(self._clock() + KEPT_S, value)
        return value

    async def _fetch(self, url: str, read: Callable[[Any], Any]) -> Any:
        try:
            said = await self._web.get(url, self._provider.bounds, {"Accept": "application/json"})
        except Unanswered as error:
            raise down(error) from error
        if said.status != 200:
            raise down()
        return read(read_json(said))

    def _read_addresses(self, document: Any) -> Addresses:
        try:
            found = msgspec.convert(document, Addresses)
        except msgspec.ValidationError as error:
            raise down() from error
        places = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
        places += [found.userinfo_endpoint] if found.userinfo_endpoint is not None else []
        if found.issuer != self._provider.issuer or not all(map(self._provider.bounds.permit, places)):
            log.error("a provider's document names another issuer or host", extra={"provider": self._provider.name})
            raise down()
        return found


def _read_keys(document: Any) -> list[Any]:
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise down()
    return keys[:KEYS_LIMIT]


def _choose(keys: list[Any], name: str | None, algorithm: str) -> Any:
    """Return the one key that a token can mean: by its name, or the only one of its kind where it names none."""
    fitting = [key for key in keys if _fits(key, algorithm)]
    if name is not None:
        fitting = [key for key in fitting if key.get("kid") == name]
    if len(fitting) != 1:
        return None
    try:
        made = jwt.PyJWK.from_dict(fitting[0], algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return None if algorithm in ("RS256", "PS256") and made.key_size < WEAKEST_RSA_BITS else made


def _fits(key: Any, algorithm: str) -> bool:
    kind, curve = _KINDS[algorithm]
    if not isinstance(key, dict) or key.get("kty") != kind or "d" in key or (curve and key.get("crv") != curve):
        return False
    return bool(key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm)
