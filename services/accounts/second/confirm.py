"""Prove again who one is: what concerns the account itself is asked for only by those who did so lately."""

from typing import NoReturn

import msgspec

from services.accounts.people.person import require_user
from services.accounts.second.mailed.codes import LIFE_S, PAUSE_S, send_now
from services.accounts.second.passkeys import ceremony
from services.accounts.second.passkeys.ceremony import Ceremony
from services.accounts.second.passkeys.credential import Used
from services.accounts.second.passkeys.proving import prove_passkey
from services.accounts.second.proofs import (
    Proof,
    TicketToken,
    TypedCode,
    prove_backup,
    prove_mail,
    prove_password,
    prove_totp,
    refused,
)
from services.accounts.secrets import tickets
from services.accounts.secrets.held import confirming, keys_of
from services.accounts.secrets.passwords import GivenPassword
from services.errors import (
    BadCredentials,
    BadPasskey,
    ConfirmationNeeded,
    Conflict,
    Flaw,
    Invalid,
    TicketOver,
    WrongCode,
)
from services.ids import now_ms
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import CHANGE_USER, CODE_ACCOUNT, MAIL_ADDRESS, PROOF_ACCOUNT
from services.operations.operation import Operation, by_address, by_user
from store.database import Insert, Update
from store.errors import Mismatch
from store.tables import LOGINS, TICKETS, Ticket, User

BY_MAIL = "confirm_mail"
BY_PASSKEY = "confirm_passkey"


class Confirm(Input, kw_only=True):
    """One proof: a password, a backup code, a passkey with its ticket, or a code.

    A code with a ticket is the one that came by mail, one without is of the authenticator app.
    """

    password: GivenPassword | None = None
    code: TypedCode | None = None
    backup: TypedCode | None = None
    ticket: TicketToken | None = None
    credential: Used | None = None


class SentTo(msgspec.Struct, frozen=True):
    """A code was sent; it goes with the ticket."""

    ticket: str
    retry_after: int


async def _confirm(context: Context, given: Confirm) -> None:
    """Prove again who I am; for five minutes I may change what concerns my account."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    proof = await _prove(context, user, given)
    if proof.method not in await confirming(application.database, user):
        await _refuse(context, user)
    confirmed = Update(LOGINS, caller.login, {"confirmed_at": now_ms()}, {"live": True})
    try:
        await application.database.together([*proof.writes, confirmed])
    except Mismatch as error:
        raise refused(error) from error
    context.status = 204


async def _prove(context: Context, user: User, given: Confirm) -> Proof:
    match given:
        case Confirm(password=str(password), code=None, backup=None, ticket=None, credential=None):
            return await prove_password(context, user, password)
        case Confirm(password=None, code=None, backup=str(backup), ticket=None, credential=None):
            return await prove_backup(context, user, backup)
        case Confirm(password=None, code=str(code), backup=None, ticket=None, credential=None):
            return await prove_totp(context, user, code)
        case Confirm(password=None, code=str(code), backup=None, ticket=str(token), credential=None):
            return await prove_mail(context, await _ticket(context, BY_MAIL, token), code)
        case Confirm(password=None, code=None, backup=None, ticket=str(token), credential=Used() as used):
            ticket = await _ticket(context, BY_PASSKEY, token)
            return (await prove_passkey(context, token, ticket, used, user.id)).proof
    raise Invalid(flaws=(Flaw("", "has to be one proof"),))


async def _ticket(context: Context, kind: str, token: str) -> Ticket:
    """Return a ticket that this session asked for."""
    ticket = await tickets.look(context.application.database, kind, token)
    if ticket.user != context.caller.user or ticket.bound != context.caller.login:
        raise TicketOver
    return ticket


async def _refuse(context: Context, user: User) -> NoReturn:
    raise ConfirmationNeeded(more={"methods": await confirming(context.application.database, user)})


async def _mail(context: Context, _given: Empty) -> SentTo:
    """Send a code to confirm with, where there is no better proof."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    if "mail" not in await confirming(application.database, user):
        await _refuse(context, user)
    token, ticket = tickets.issue(BY_MAIL, LIFE_S, user=user.id, bound=caller.login)
    await send_now(context, user, lambda code: Insert(TICKETS, msgspec.structs.replace(ticket, code=code)))
    context.status = 202
    return SentTo(token, PAUSE_S)


async def _passkey(context: Context, _given: Empty) -> Ceremony:
    """Tell a browser what to ask a passkey to confirm with."""
    application, caller = context.application, context.caller
    keys = await keys_of(application.database, caller.user)
    if not keys:
        raise Conflict("there is no passkey")
    token, ticket = tickets.issue(BY_PASSKEY, ceremony.LIFE_S, user=caller.user, bound=caller.login)
    await application.database.insert(TICKETS, ticket)
    return ceremony.to_use(application, token, keys)


CONFIRM = Operation(
    name="auth.confirm",
    method="POST",
    path="/api/auth/confirm",
    socket=False,
    scope="account",
    statuses=(204,),
    input=Confirm,
    run=_confirm,
    raises=(BadCredentials, WrongCode, BadPasskey, TicketOver, ConfirmationNeeded),
    own_limits=(PROOF_ACCOUNT,),
)
MAIL = Operation(
    name="auth.confirm.mail",
    method="POST",
    path="/api/auth/confirm/mail",
    socket=False,
    scope="account",
    statuses=(202,),
    input=Empty,
    output=SentTo,
    run=_mail,
    raises=(ConfirmationNeeded,),
    limits=((MAIL_ADDRESS, by_address),),
    own_limits=(CODE_ACCOUNT,),
)
PASSKEY = Operation(
    name="auth.confirm.passkey",
    method="POST",
    path="/api/auth/confirm/passkey",
    socket=False,
    scope="account",
    input=Empty,
    output=Ceremony,
    run=_passkey,
    raises=(Conflict, BadPasskey),
    limits=((CHANGE_USER, by_user),),
)
