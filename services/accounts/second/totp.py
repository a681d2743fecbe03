"""The authenticator app (RFC 6238): it is not on before a code of it was given."""

from typing import TYPE_CHECKING, Final

import msgspec
import pyotp
import segno

from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.person import require_user
from services.accounts.second.backups import BackupCodes, anew, without
from services.accounts.second.changing import change
from services.accounts.second.proofs import TypedCode, matching_step, sealed_for, take_try
from services.accounts.secrets import tickets
from services.accounts.secrets.held import keys_of
from services.errors import Conflict, NotFound, TicketOver, WrongCode
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import CHANGE_USER, PROOF_ACCOUNT
from services.operations.operation import Operation, by_user
from store.database import Write
from store.tables import TICKETS, Ticket, User

if TYPE_CHECKING:
    from services.application import Application

KIND: Final = "totp"
LIFE_S: Final = 900.0
"""Time to set the app up, in seconds: to find the phone, and to install one."""
ISSUER: Final = "Parley"
"""Whose code it is, as the app shows it."""
SCALE: Final = 4
"""Pixels of a module of the drawn code."""


class NewTotp(msgspec.Struct, frozen=True):
    """The secret of an authenticator app, in three forms; it is shown this once."""

    secret: str
    uri: str
    qr: str


class TotpCode(Input):
    """The code that the app shows now."""

    code: TypedCode


async def _begin(context: Context, _given: Empty) -> NewTotp:
    """Make a secret for an authenticator app; it is not on before it was shown to work."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    secret = pyotp.random_base32()
    kept = {"secret": application.sealer.seal(secret, sealed_for(user.id))}
    _, ticket = tickets.issue(KIND, LIFE_S, user=user.id, bound=caller.login, data=kept)
    await application.database.insert(TICKETS, ticket)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
    return NewTotp(secret, uri, segno.make_qr(uri, error="m").svg_data_uri(scale=SCALE))


async def _finish(context: Context, given: TotpCode) -> BackupCodes:
    """Turn the authenticator app on by its first code, and make backup codes; all other sessions end."""
    application = context.application
    user = await require_user(application.database, context.caller.user)
    ticket = await _begun(context)
    await take_try(context, user.id)
    await tickets.count_try(application.database, ticket)
    sealed = str(ticket.data["secret"])
    step = matching_step(application.sealer.open(sealed, sealed_for(user.id)), given.code, 0)
    if step is None:
        raise WrongCode
    codes, writes = await anew(application, user.id)
    on = {"totp": sealed, "totp_step": step}
    await change(context, user, "second_factor", "totp.on", *writes, ticket=ticket, fields=on)
    return codes


async def _begun(context: Context) -> Ticket:
    """Return the ticket of the latest secret that this session asked for."""
    equal = {"kind": KIND, "user": context.caller.user}
    found = await context.application.database.find(TICKETS, equal, by="created_at", falling=True, limit=1)
    if not found or found[0].bound != context.caller.login:
        raise TicketOver
    return tickets.require_good(found[0])


async def _remove(context: Context, _given: Empty) -> None:
    """Turn the authenticator app off; all other sessions end. Backup codes go too, where nothing else needs them."""
    application = context.application
    user = await require_user(application.database, context.caller.user)
    if user.totp is None:
        raise NotFound("no authenticator app is on")
    await change(context, user, "second_factor", "totp.off", *await _needless(application, user), fields={"totp": None})
    context.status = 204


async def _needless(application: "Application", user: User) -> tuple[Write, ...]:
    return () if await keys_of(application.database, user.id) else await without(application, user.id)


BEGIN = Operation(
    name="auth.totp",
    method="POST",
    path="/api/auth/totp",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=Empty,
    output=NewTotp,
    run=_begin,
    limits=((CHANGE_USER, by_user),),
)
FINISH = Operation(
    name="auth.totp.finish",
    method="POST",
    path="/api/auth/totp/finish",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=TotpCode,
    output=BackupCodes,
    run=_finish,
    raises=(WrongCode, TicketOver, Conflict),
    own_limits=(PROOF_ACCOUNT,),
)
REMOVE = Operation(
    name="auth.totp.remove",
    method="DELETE",
    path="/api/auth/totp",
    socket=False,
    scope="account",
    statuses=(204,),
    needs=(CONFIRMED,),
    input=Empty,
    run=_remove,
    raises=(NotFound, Conflict),
    limits=((CHANGE_USER, by_user),),
)
