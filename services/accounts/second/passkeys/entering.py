"""Log in by a passkey alone: it tells whose it is, and is two proofs at once."""

from services.accounts.doors import Entering
from services.accounts.logins.entering import enter
from services.accounts.logins.families import Tokens
from services.accounts.second.passkeys import ceremony
from services.accounts.second.passkeys.ceremony import Ceremony
from services.accounts.second.passkeys.credential import Used
from services.accounts.second.passkeys.proving import prove_passkey
from services.accounts.second.proofs import TicketToken, refused
from services.accounts.secrets import tickets
from services.errors import AccountBanned, BadCredentials, BadPasskey, CrossSite, TicketOver
from services.operations.context import Context
from services.operations.inputs import Empty
from services.operations.limits import LOGIN_ADDRESS, PASSKEY_ADDRESS
from services.operations.operation import Operation, by_address
from store.errors import Mismatch
from store.tables import TICKETS

KIND = "passkey_login"


class UsePasskey(Entering, kw_only=True):
    """A passkey, used as it was asked for."""

    ticket: TicketToken
    credential: Used


async def _options(context: Context, _given: Empty) -> Ceremony:
    """Tell a browser what to ask a passkey to log in with; whose it is nobody has to say."""
    token, ticket = tickets.issue(KIND, ceremony.LIFE_S)
    await context.application.database.insert(TICKETS, ticket)
    return ceremony.to_use(context.application, token)


async def _log_in(context: Context, given: UsePasskey) -> Tokens:
    """Log in by a passkey."""
    ticket = await tickets.look(context.application.database, KIND, given.ticket)
    user, proof = await prove_passkey(context, given.ticket, ticket, given.credential)
    try:
        return await enter(
            context, user, (proof.method,), *proof.writes, remember=given.remember, in_cookie=given.cookie
        )
    except Mismatch as error:
        raise refused(error) from error


OPTIONS = Operation(
    name="auth.passkey.options",
    method="POST",
    path="/api/auth/passkey/options",
    socket=False,
    public=True,
    input=Empty,
    output=Ceremony,
    run=_options,
    limits=((PASSKEY_ADDRESS, by_address),),
)
LOG_IN = Operation(
    name="auth.passkey",
    method="POST",
    path="/api/auth/passkey",
    socket=False,
    public=True,
    input=UsePasskey,
    output=Tokens,
    run=_log_in,
    raises=(BadPasskey, TicketOver, BadCredentials, AccountBanned, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
)
