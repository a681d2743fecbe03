"""GitHub: OAuth 2 with PKCE, which knows no ID token; who it is is asked of its interface.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps; an installation of one's own has
its interface under ``/api/v3``.
"""

from collections.abc import Mapping
from typing import Any

from services.accounts.signin.openid import taken
from services.accounts.signin.proof import TOKEN_LENGTH, Asked, Proof, down, proved_address, read_json, text
from services.accounts.signin.providers import GITHUB, Provider
from services.errors import IdentityUnproved
from store.web import Said, Unanswered, Web


class GitHub:
    """GitHub, or an installation of it."""

    def __init__(self, provider: Provider, web: Web) -> None:
        self._provider = provider
        self._web = web
        self._doors = f"{provider.issuer.rstrip('/')}/login/oauth"
        self._api = "https://api.github.com" if provider.issuer == GITHUB else f"{provider.issuer.rstrip('/')}/api/v3"

    async def address(self, state: str, nonce: str, challenge: str, redirect_uri: str) -> tuple[str, dict[str, str]]:
        """Return where a browser begins, and the query that it takes along. A nonce has no place there."""
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": "user:email",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._doors}/authorize", query

    async def answers_for(self, iss: str | None) -> bool:
        """Tell whether a return may be this provider's; it names itself by the root of its doors, or not at all."""
        return iss is None or iss in (self._provider.issuer, self._doors)

    async def prove(self, asked: Asked) -> Proof:
        """Trade a code for what it proves. The token that comes with it is used now, and kept nowhere.

        Raises:
            SignInRefused: If the code is not taken.
            IdentityUnproved: If what is given for it proves nothing.
            ProviderUnavailable: If there is no answer.
        """
        secret = {"client_id": self._provider.client_id, "client_secret": self._provider.client_secret or ""}
        form = {"code": asked.code, "redirect_uri": asked.redirect_uri, "code_verifier": asked.verifier}
        headers = {"Accept": "application/json"}
        try:
            said = await self._web.post(f"{self._doors}/access_token", self._provider.bounds, headers, secret | form)
        except Unanswered as error:
            raise down(error) from error
        token = taken(self._provider, said).get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or len(token) > TOKEN_LENGTH:
            raise IdentityUnproved
        person = await self._read("user", token)
        subject = person.get("id") if isinstance(person, dict) else None
        # A number for ever: the name can be changed, and then be somebody else's.
        if not isinstance(subject, int) or isinstance(subject, bool):
            raise IdentityUnproved
        name = text(person, "login")
        email = _primary(await self._read("user/emails", token))
        return Proof(self._provider.issuer, str(subject), name or str(subject), email, name)

    async def _read(self, what: str, token: str) -> Any:
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {token}"}
        try:
            said: Said = await self._web.get(f"{self._api}/{what}", self._provider.bounds, headers)
        except Unanswered as error:
            raise down(error) from error
        if said.status in (401, 403, 404):
            return None  # it may not be read with this token
        if said.status != 200:
            raise down()
        return read_json(said)


def _primary(addresses: Any) -> str | None:
    """Return the address that GitHub has checked and writes to; None where there is none, or it may not be read."""
    for address in addresses if isinstance(addresses, list) else ():
        if isinstance(address, Mapping) and address.get("primary") is True:
            return proved_address(address.get("email"), address.get("verified"))
    return None
