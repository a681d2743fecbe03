"""The providers of this installation, as operations ask for them."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from services.accounts.signin.github import GitHub
from services.accounts.signin.openid import OpenId
from services.accounts.signin.proof import Asked, Proof
from services.accounts.signin.providers import Provider
from services.errors import ProviderNotFound
from store.web import Web


class Road(Protocol):
    """How people go to a provider and come back from it."""

    async def address(self, state: str, nonce: str, challenge: str, redirect_uri: str) -> tuple[str, dict[str, str]]:
        """Return where a browser begins, and the query that it takes along."""

    async def answers_for(self, iss: str | None) -> bool:
        """Tell whether a return may be this provider's."""

    async def prove(self, asked: Asked) -> Proof:
        """Trade a code for what it proves."""


class SignIn(NamedTuple):
    """A provider, and the way there and back."""

    provider: Provider
    road: Road


class SignIns:
    """The providers of this installation."""

    def __init__(self, providers: Sequence[Provider], web: Web, clock: Callable[[], float] = time.monotonic) -> None:
        self._found = {provider.name: SignIn(provider, _road(provider, web, clock)) for provider in providers}
        self._issuers = frozenset(provider.issuer for provider in providers)

    @property
    def providers(self) -> list[Provider]:
        """All of them, in the order of the operator's file."""
        return [found.provider for found in self._found.values()]

    def require(self, name: str) -> SignIn:
        """Return the provider of a name.

        Raises:
            ProviderNotFound: If there is none.
        """
        found = self._found.get(name)
        if found is None:
            raise ProviderNotFound
        return found

    def knows(self, issuer: str) -> bool:
        """Tell whether people can sign in with what this issuer vouches for."""
        return issuer in self._issuers


def _road(provider: Provider, web: Web, clock: Callable[[], float]) -> Road:
    return GitHub(provider, web) if provider.kind == "github" else OpenId(provider, web, clock)
