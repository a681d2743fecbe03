"""The second proof of a log-in."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeVar

import msgspec

from services.accounts.logins.entering import SECOND, enter, second_proofs
from services.accounts.logins.families import Tokens
from services.accounts.second.mailed.codes import PAUSE_S, send_now
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
from services.accounts.secrets.held import keys_of
from services.accounts.secrets.passwords import GivenPassword
from services.errors import (
    AccountBanned,
    BadCredentials,
    BadPasskey,
    CrossSite,
    Flaw,
    Invalid,
    TicketOver,
    WrongCode,
)
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import CODE_ACCOUNT, LOGIN_ADDRESS, MAIL_ADDRESS, PASSKEY_ADDRESS, PROOF_ACCOUNT
from services.operations.operation import Operation, by_address
from store.database import Update
from store.errors import Mismatch
from store.tables import TICKETS, USERS, Ticket, User

T = TypeVar("T")

PROVE: Final[dict[str, Callable[[Context, User, str], Awaitable[Proof]]]] = {
    "totp": prove_totp,
    "backup": prove_backup,
    "password": prove_password,
}
"""The proofs that are typed, and need nothing else."""


class WithTicket(Input):
    """The ticket of a first proof."""

    ticket: TicketToken


class SecondStep(Input, kw_only=True):
    """The ticket of a first proof, and the second: one of those that were named with it."""

    ticket: TicketToken
    method: Literal["totp", "backup", "mail", "passkey", "password"]
    code: TypedCode | None = None
    credential: Used | None = None
    password: GivenPassword | None = None


class Sent(msgspec.Struct, frozen=True):
    """A code was sent."""

    retry_after: int


async def _begun(context: Context, token: str, method: str) -> tuple[Ticket, User]:
    """Return the ticket of a first proof, and whose it was.

    Raises:
        TicketOver: If it is good no more, or the password is another now.
        Invalid: If this is no second proof of theirs.
    """
    database = context.application.database
    ticket = await tickets.look(database, SECOND, token)
    user = await database.get(USERS, ticket.user)
    if user is None or user.deleted_at is not None or user.password != ticket.bound:
        raise TicketOver
    if method not in await second_proofs(database, user, _proved(ticket)):
        raise Invalid(flaws=(Flaw("/method", "is none of the methods that would do"),))
    return ticket, user


def _proved(ticket: Ticket) -> tuple[str, ...]:
    return tuple(ticket.data["proved"])


async def _finish(context: Context, given: SecondStep) -> Tokens:
    """Give the second proof, and log in."""
    ticket, user = await _begun(context, given.ticket, given.method)
    proof = await _prove(context, ticket, user, given)
    proved = (*_proved(ticket), proof.method)
    remember, in_cookie = bool(ticket.data["remember"]), bool(ticket.data["in_cookie"])
    try:
        return await enter(context, user, proved, *proof.writes, remember=remember, in_cookie=in_cookie)
    except Mismatch as error:
        raise refused(error) from error


async def _prove(context: Context, ticket: Ticket, user: User, given: SecondStep) -> Proof:
    """Return the second proof; the end of the ticket is its first write."""
    if given.method == "mail":
        return await prove_mail(context, ticket, _required("code", given.code))
    if given.method == "passkey":
        used = _required("credential", given.credential)
        return (await prove_passkey(context, given.ticket, ticket, used, user.id)).proof
    typed = _required("password", given.password) if given.method == "password" else _required("code", given.code)
    await tickets.count_try(context.application.database, ticket)
    proof = await PROVE[given.method](context, user, typed)
    return Proof(proof.method, (tickets.spent(ticket), *proof.writes))


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise Invalid(flaws=(Flaw(f"/{name}", "is needed for this method"),))
    return value


async def _mail(context: Context, given: WithTicket) -> Sent:
    """Send a code for the second step by mail; the code of before is good no more."""
    ticket, user = await _begun(context, given.ticket, "mail")
    await send_now(context, user, lambda code: Update(TICKETS, ticket.id, {"code": code}, {"used_at": None}))
    context.status = 202
    return Sent(PAUSE_S)


async def _passkey(context: Context, given: WithTicket) -> Ceremony:
    """Tell a browser what to ask a passkey for the second step."""
    _, user = await _begun(context, given.ticket, "passkey")
    keys = await keys_of(context.application.database, user.id)
    return ceremony.to_use(context.application, given.ticket, keys)


FINISH = Operation(
    name="auth.second",
    method="POST",
    path="/api/auth/login/second",
    socket=False,
    public=True,
    input=SecondStep,
    output=Tokens,
    run=_finish,
    raises=(TicketOver, WrongCode, BadPasskey, BadCredentials, AccountBanned, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
    own_limits=(PROOF_ACCOUNT,),
)
MAIL = Operation(
    name="auth.second.mail",
    method="POST",
    path="/api/auth/login/second/mail",
    socket=False,
    public=True,
    statuses=(202,),
    input=WithTicket,
    output=Sent,
    run=_mail,
    raises=(TicketOver,),
    limits=((MAIL_ADDRESS, by_address),),
    own_limits=(CODE_ACCOUNT,),
)
PASSKEY = Operation(
    name="auth.second.passkey",
    method="POST",
    path="/api/auth/login/second/passkey",
    socket=False,
    public=True,
    input=WithTicket,
    output=Ceremony,
    run=_passkey,
    raises=(TicketOver, BadPasskey),
    limits=((PASSKEY_ADDRESS, by_address),),
)
