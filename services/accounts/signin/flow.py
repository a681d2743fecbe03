"""There and back: what ties a return to the browser, the provider and the sign-in that it belongs to.

The state is a ticket. The nonce and the verifier are keyed hashes of it, so that nothing of them is stored, and none of
another sign-in fits.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec

from services.accounts.secrets import tickets
from services.accounts.secrets.sealing import Sealer
from services.accounts.secrets.tickets import digest
from services.accounts.signin.proof import Asked, Proof
from services.errors import CrossSite, OtherBrowser, WrongIssuer
from services.operations.context import Context
from services.operations.inputs import Input
from store.tables import TICKETS, Ticket

STATE_S = 600.0
"""Time to come back in."""

ProviderName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Return(Input, kw_only=True):
    """What a provider has sent a browser back with, as it stood in the address."""

    provider: ProviderName
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    state: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    iss: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None


def return_address(url: str, provider: str) -> str:
    """Return the one address of ours that a provider sends people back to; ``url`` is where people reach us."""
    return f"{url}/auth/return/{provider}"


async def leave(context: Context, kind: str, provider: str, data: dict[str, Any]) -> str:
    """Return the address at a provider that a browser is to go to; the browser is tied to it.

    Raises:
        CrossSite: If it is not our own page that asks.
        ProviderNotFound: If there is no such provider.
        ProviderUnavailable: If it does not tell where to go.
    """
    if not context.from_page:
        raise CrossSite
    application = context.application
    sign_in = application.sign_ins.require(provider)
    browser = context.browser or secrets.token_urlsafe(32)
    user = "" if context.principal is None else context.principal.user
    bound = digest(browser)
    state, ticket = tickets.issue(kind, STATE_S, user=user, bound=bound, data={"provider": provider, **data})
    nonce, verifier = _secrets(application.sealer, provider, state)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    address, query = await sign_in.road.address(state, nonce, challenge, return_address(application.url, provider))
    await application.database.insert(TICKETS, ticket)
    context.set_browser = browser
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def require_same_browser(context: Context, ticket: Ticket) -> None:
    """Let pass the browser that a ticket is bound to, on our own page.

    Raises:
        OtherBrowser: If it is another.
    """
    bound = "" if context.browser is None else digest(context.browser)
    if not hmac.compare_digest(bound, ticket.bound or "-"):
        raise OtherBrowser


async def come_back(context: Context, kind: str, given: Return) -> tuple[Proof, Ticket]:
    """Return what a provider has proved, and the ticket with which its sign-in was begun; that is used up.

    Raises:
        ProviderNotFound: If there is no such provider.
        TicketOver: If the state was used, is too old, is for something else, or was never given.
        OtherBrowser: If another browser, or another session, began it.
        WrongIssuer: If another provider was asked, or another one answers.
        SignInRefused: If the provider does not take the code.
        IdentityUnproved: If what it gives for it proves nothing.
        ProviderUnavailable: If it does not answer.
    """
    application = context.application
    sign_in = application.sign_ins.require(given.provider)
    ticket = await tickets.look(application.database, kind, given.state)
    require_same_browser(context, ticket)
    caller = context.principal
    if caller is not None and (ticket.user, ticket.data.get("login")) != (caller.user, caller.login):
        raise OtherBrowser
    # From here on it is used up, whatever comes: no second code is tried with it.
    await tickets.spend(application.database, ticket)
    if ticket.data["provider"] != given.provider or not await sign_in.road.answers_for(given.iss):
        raise WrongIssuer
    nonce, verifier = _secrets(application.sealer, given.provider, given.state)
    redirect_uri = return_address(application.url, given.provider)
    asked = Asked(given.code, verifier, nonce, redirect_uri, ticket.created_at)
    return await sign_in.road.prove(asked), ticket


def _secrets(sealer: Sealer, provider: str, state: str) -> tuple[str, str]:
    """Return the nonce and the verifier of a state: 64 characters each, as both may be (RFC 7636, 4.1)."""
    return sealer.digest(f"{provider}\n{state}", "nonce"), sealer.digest(f"{provider}\n{state}", "verifier")
