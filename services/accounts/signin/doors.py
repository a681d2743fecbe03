"""Sign in with an account elsewhere: go there, come back, and make an account where there is none."""

from typing import Annotated

import msgspec

from services.accounts.doors import Entering
from services.accounts.logins.entering import enter
from services.accounts.logins.families import Tokens
from services.accounts.people.acts import act
from services.accounts.people.making import Username, new_user, require_free, rows_of
from services.accounts.people.person import Me
from services.accounts.secrets import tickets
from services.accounts.signin.flow import ProviderName, Return, come_back, leave, require_same_browser
from services.accounts.signin.naming import suggest
from services.accounts.signin.proof import Proof
from services.content.rules import require_decent
from services.errors import (
    AccountBanned,
    BadCredentials,
    ContentRefused,
    CrossSite,
    IdentityUnproved,
    LinkFirst,
    OtherBrowser,
    ProviderNotFound,
    ProviderUnavailable,
    SecondFactor,
    SignInRefused,
    TicketOver,
    UsernameTaken,
    WrongIssuer,
)
from services.ids import now_ms
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import LOGIN_ADDRESS, REGISTER_ADDRESS, SIGN_IN_ADDRESS
from services.operations.operation import Operation, by_address
from store.database import Database, Insert, Update, Write
from store.errors import Duplicate, Mismatch
from store.tables import ADDRESSES, IDENTITIES, TICKETS, USERS, Address, Identity, Ticket

STATE = "sign_in"
"""Kind of the ticket that goes to a provider and comes back."""
NEWCOMER = "newcomer"
"""Kind of the ticket of somebody who is proved, and has no account."""
NEWCOMER_S = 600.0
"""Time to choose a username in."""

# One slash, and then nothing that could lead elsewhere: no second one, no backslash, nothing that is encoded.
Place = Annotated[str, msgspec.Meta(max_length=200, pattern="^/(?!/)([A-Za-z0-9_.~?#=&:-]|/(?!/))*(?![^/])$")]


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that people can sign in with."""

    name: str
    label: str


class ProviderList(msgspec.Struct, frozen=True, kw_only=True):
    """The providers that people can sign in with."""

    items: list[ProviderView]


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go."""

    url: str


class BeginSignIn(Entering, kw_only=True):
    """Where to sign in, and how the log-in is to be kept."""

    provider: ProviderName
    back: Place = "/"
    """What the page shows afterwards: a place of our own."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in; or, for somebody who has no account here yet, what to make one with."""

    back: str
    user: Me | msgspec.UnsetType = msgspec.UNSET
    access_token: str | msgspec.UnsetType = msgspec.UNSET
    token_type: str | msgspec.UnsetType = msgspec.UNSET
    expires_in: int | msgspec.UnsetType = msgspec.UNSET
    refresh_token: str | msgspec.UnsetType | None = msgspec.UNSET
    ticket: str | msgspec.UnsetType = msgspec.UNSET
    """Of somebody new: ``auth.providers.account`` takes it, with a username."""
    suggestion: str | msgspec.UnsetType = msgspec.UNSET
    """A username that is free."""


class NewAccount(Input, kw_only=True):
    """A new account for somebody whom a provider has proved."""

    provider: ProviderName
    ticket: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    username: Username


async def _providers(context: Context, _given: Empty) -> ProviderList:
    """List the providers that people can sign in with."""
    known = context.application.sign_ins.providers
    return ProviderList(items=[ProviderView(name=one.name, label=one.label) for one in known])


async def _begin(context: Context, given: BeginSignIn) -> Elsewhere:
    """Begin a sign-in: the browser goes to ``url``, and comes back to our page. That alone may ask for it."""
    data = {"remember": given.remember, "cookie": given.cookie, "back": given.back}
    return Elsewhere(url=await leave(context, STATE, given.provider, data))


async def _finish(context: Context, given: Return) -> SignedIn:
    """Finish a sign-in with what the provider sent the browser back with.

    Whoever has no account here yet gets a ticket to make one with.
    """
    database = context.application.database
    proof, ticket = await come_back(context, STATE, given)
    identity = await database.get(IDENTITIES, proof.id)
    if identity is not None:
        tokens = await _enter(context, identity, ticket, proof.label)
        return SignedIn(back=ticket.data["back"], **{name: getattr(tokens, name) for name in Tokens.__struct_fields__})
    await _require_unclaimed(database, proof.email)
    data = {**ticket.data, "proof": proof._asdict()}
    token, newcomer = tickets.issue(NEWCOMER, NEWCOMER_S, bound=ticket.bound, data=data)
    await database.insert(TICKETS, newcomer)
    return SignedIn(back=ticket.data["back"], ticket=token, suggestion=await suggest(database, proof.wish))


async def _enter(context: Context, identity: Identity, ticket: Ticket, label: str, *also: Write) -> Tokens:
    user = await context.application.database.get(USERS, identity.user)
    if user is None:
        raise BadCredentials
    used = Update(IDENTITIES, identity.id, {"used_at": now_ms(), "label": label})
    keeping = {"remember": ticket.data["remember"], "in_cookie": ticket.data["cookie"]}
    try:
        return await enter(context, user, ("provider",), *also, used, **keeping)
    except Mismatch as error:
        # Unlinked, or another tab was faster with the same ticket.
        raise TicketOver from error


async def _require_unclaimed(database: Database, email: str | None) -> None:
    """Let pass an address that no account has proved.

    Raises:
        LinkFirst: If one has: whoever made it may be another than whom a provider knows by that address.
    """
    if email is not None and await database.get(ADDRESSES, email.lower()) is not None:
        raise LinkFirst


async def _account(context: Context, given: NewAccount) -> Tokens:
    """Make an account for somebody whom a provider has proved, and log in.

    Its e-mail address is the one that the provider has checked, where it has; else it has none.
    """
    database = context.application.database
    context.application.sign_ins.require(given.provider)
    ticket = await tickets.look(database, NEWCOMER, given.ticket)
    require_same_browser(context, ticket)
    if ticket.data["provider"] != given.provider:
        raise WrongIssuer
    proof = Proof(**ticket.data["proof"])
    try:
        return await _make(context, given.username, ticket, proof)
    except Mismatch as error:
        raise TicketOver from error
    except Duplicate as error:
        if error.table == ADDRESSES.name:
            raise LinkFirst from error
        if error.table != IDENTITIES.name:
            raise UsernameTaken from error
    # The same person was faster in another tab: what both have proved opens that account.
    return await _make(context, given.username, ticket, proof)


async def _make(context: Context, username: str, ticket: Ticket, proof: Proof) -> Tokens:
    database = context.application.database
    identity = await database.get(IDENTITIES, proof.id)
    if identity is not None:
        return await _enter(context, identity, ticket, proof.label, tickets.spent(ticket))
    await _require_unclaimed(database, proof.email)
    require_decent(context.application, username)
    await require_free(database, username)
    user = new_user(username, proof.email or "", verified=proof.email is not None)
    linked = new_identity(proof, user.id, ticket.data["provider"])
    rows = [tickets.spent(ticket), *rows_of(user), Insert(IDENTITIES, linked)]
    if proof.email is not None:
        rows.append(Insert(ADDRESSES, Address(id=proof.email.lower(), user=user.id)))
    rows.append(act(context, "account.made", user.id, provider=linked.provider))
    keeping = {"remember": ticket.data["remember"], "in_cookie": ticket.data["cookie"]}
    tokens = await enter(context, user, ("provider",), *rows, **keeping)
    context.status = 201
    return tokens


def new_identity(proof: Proof, user: str, provider: str) -> Identity:
    """Return the record that links somebody at a provider to an account."""
    return Identity(
        id=proof.id,
        user=user,
        provider=provider,
        issuer=proof.issuer,
        subject=proof.subject,
        label=proof.label,
        created_at=now_ms(),
    )


RETURNS = (
    ProviderNotFound,
    TicketOver,
    OtherBrowser,
    WrongIssuer,
    SignInRefused,
    IdentityUnproved,
    ProviderUnavailable,
)
"""What may be wrong with a return."""

PROVIDERS = Operation(
    name="auth.providers",
    method="GET",
    path="/api/auth/providers",
    socket=False,
    public=True,
    input=Empty,
    output=ProviderList,
    run=_providers,
)
BEGIN = Operation(
    name="auth.providers.begin",
    method="POST",
    path="/api/auth/providers/{provider}",
    socket=False,
    public=True,
    input=BeginSignIn,
    output=Elsewhere,
    run=_begin,
    raises=(ProviderNotFound, CrossSite, ProviderUnavailable),
    limits=((SIGN_IN_ADDRESS, by_address),),
)
FINISH = Operation(
    name="auth.providers.finish",
    method="POST",
    path="/api/auth/providers/{provider}/finish",
    socket=False,
    public=True,
    input=Return,
    output=SignedIn,
    run=_finish,
    raises=(*RETURNS, LinkFirst, SecondFactor, BadCredentials, AccountBanned, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
)
ACCOUNT = Operation(
    name="auth.providers.account",
    method="POST",
    path="/api/auth/providers/{provider}/account",
    socket=False,
    public=True,
    statuses=(200, 201),
    input=NewAccount,
    output=Tokens,
    run=_account,
    raises=(
        ProviderNotFound,
        TicketOver,
        OtherBrowser,
        WrongIssuer,
        LinkFirst,
        UsernameTaken,
        ContentRefused,
        SecondFactor,
        BadCredentials,
        AccountBanned,
        CrossSite,
    ),
    limits=((REGISTER_ADDRESS, by_address),),
)
