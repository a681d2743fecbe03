"""OpenID Connect: the authorization code flow with PKCE, and what an ID token has to prove.

OpenID Connect Core 1.0 (3.1), RFC 7636, RFC 9207 and RFC 9700 are held to where they are strictest.
"""

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import jwt

from services.accounts.signin.known import ALGORITHMS, Addresses, Known
from services.accounts.signin.proof import TOKEN_LENGTH, Asked, Proof, down, proved_address, read_json, subject_of, text
from services.accounts.signin.providers import Provider
from services.errors import IdentityUnproved, ProviderUnavailable, SignInRefused
from services.logs import security
from store.web import Said, Unanswered, Web

LEEWAY_S = 60
"""How far a provider's clock may be apart from ours."""

_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class OpenId:
    """One OpenID provider."""

    def __init__(self, provider: Provider, web: Web, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._web = web
        self._known = Known(provider, web, clock)

    async def address(self, state: str, nonce: str, challenge: str, redirect_uri: str) -> tuple[str, dict[str, str]]:
        """Return where a browser begins, and the query that it takes along.

        Raises:
            ProviderUnavailable: If the provider does not tell.
        """
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return (await self._known.addresses()).authorization_endpoint, query

    async def answers_for(self, iss: str | None) -> bool:
        """Tell whether a return may be this provider's: by the issuer that it names, or that it need not name.

        Raises:
            ProviderUnavailable: If the provider does not tell whether it has to.
        """
        if iss is not None:
            return iss == self._provider.issuer
        return not (await self._known.addresses()).authorization_response_iss_parameter_supported

    async def prove(self, asked: Asked) -> Proof:
        """Trade a code for what it proves. The provider's tokens are kept nowhere.

        Raises:
            SignInRefused: If the provider does not take the code.
            IdentityUnproved: If what it gives for it proves nothing.
            ProviderUnavailable: If it does not answer.
        """
        addresses = await self._known.addresses()
        tokens = await self._trade(addresses, asked)
        claims = await self._claims(tokens.get("id_token"), asked)
        subject = subject_of(claims["sub"])
        if "email" not in claims and addresses.userinfo_endpoint is not None:
            claims = await self._more(addresses.userinfo_endpoint, tokens.get("access_token"), subject) | claims
        return Proof(
            issuer=self._provider.issuer,
            subject=subject,
            label=text(claims, "email", "preferred_username", "name") or subject[:100],
            email=proved_address(claims.get("email"), claims.get("email_verified")),
            wish=text(claims, "preferred_username", "given_name", "name"),
        )

    async def _trade(self, addresses: Addresses, asked: Asked) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": asked.code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        headers = {"Accept": "application/json"}
        secret = self._provider.client_secret
        if secret is not None and "client_secret_basic" in addresses.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(self._provider.client_id, secret)
        else:
            form |= {"client_id": self._provider.client_id} | ({} if secret is None else {"client_secret": secret})
        try:
            said = await self._web.post(addresses.token_endpoint, self._provider.bounds, headers, form)
        except Unanswered as error:
            raise down(error) from error
        return taken(self._provider, said)

    async def _claims(self, token: Any, asked: Asked) -> dict[str, Any]:
        try:
            claims = await self._signed(token)
            _check(claims, self._provider, asked)
        except (jwt.PyJWTError, ValueError, IdentityUnproved) as error:
            # Why is for the operator: whoever tries to get in has no use of it that is ours.
            security.warning("an identity is not proved", extra={"provider": self._provider.name, "cause": _why(error)})
            raise IdentityUnproved from error
        return claims

    async def _signed(self, token: Any) -> dict[str, Any]:
        if not isinstance(token, str) or len(token) > TOKEN_LENGTH:
            raise IdentityUnproved("there is no ID token")
        head = jwt.get_unverified_header(token)
        algorithm, name = head.get("alg"), head.get("kid")
        if algorithm not in ALGORITHMS or not (name is None or isinstance(name, str)):
            raise IdentityUnproved("an algorithm that is not taken")
        key = await self._known.key(name, algorithm)
        if key is None:
            raise IdentityUnproved("a key that the provider does not have")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._provider.issuer,
            audience=self._provider.client_id,
            leeway=LEEWAY_S,
            options={"require": _CLAIMS},
        )
        return claims

    async def _more(self, url: str, token: Any, subject: str) -> dict[str, Any]:
        """Return what the provider tells of somebody beside the ID token; nothing where it does not answer well."""
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or len(token) > TOKEN_LENGTH:
            return {}
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        try:
            said = await self._web.get(url, self._provider.bounds, headers)
            claims = read_json(said) if said.status == 200 else {}
        except (Unanswered, ProviderUnavailable):
            return {}
        # Of somebody else it would be (OpenID Connect Core, 5.3.2).
        return claims if isinstance(claims, dict) and claims.get("sub") == subject else {}


def _check(claims: Mapping[str, Any], provider: Provider, asked: Asked) -> None:
    """Refuse what PyJWT leaves to its callers.

    Raises:
        IdentityUnproved: If the token is for others too, is not of this sign-in, or is older than it.
    """
    if claims["aud"] not in (provider.client_id, [provider.client_id]):
        raise IdentityUnproved("for others too")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise IdentityUnproved("given to another client")
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), asked.nonce.encode()):
        raise IdentityUnproved("of another sign-in")
    issued = claims["iat"]
    if not isinstance(issued, int | float) or issued * 1000 < asked.begun_at - LEEWAY_S * 1000:
        raise IdentityUnproved("older than the sign-in")


def _why(error: Exception) -> str:
    return error.reason if isinstance(error, IdentityUnproved) else str(error)[:200]


def _basic(client_id: str, secret: str) -> str:
    """Return the header of RFC 6749, 2.3.1: each part is encoded as in a form before they are put together."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def taken(provider: Provider, said: Said) -> Mapping[str, Any]:
    """Return what a provider gave for a code.

    Raises:
        SignInRefused: If it did not take the code.
        ProviderUnavailable: If it says nothing that can be understood.
    """
    if said.status not in (200, 400, 401, 403):
        raise down()
    answer = read_json(said)
    if not isinstance(answer, dict):
        raise down()
    if said.status != 200 or "error" in answer:
        why = answer.get("error")
        known = why if isinstance(why, str) and why.isascii() and why.isidentifier() else "unknown"
        # "invalid_client" and its like are the operator's to mend.
        security.warning("a provider took no code", extra={"provider": provider.name, "cause": known[:40]})
        raise SignInRefused
    return answer
