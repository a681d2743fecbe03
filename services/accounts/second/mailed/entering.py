"""Log in by a code that comes by mail: the first proof of those who have no password."""

from services.accounts.doors import Entering
from services.accounts.logins.entering import enter
from services.accounts.logins.families import Tokens, by_place
from services.accounts.second.mailed.codes import AskCode, Ticketed, ask, owner_of
from services.accounts.second.proofs import TicketToken, TypedCode, prove_mail, refused
from services.accounts.secrets import tickets
from services.errors import AccountBanned, BadCredentials, CrossSite, SecondFactor, TicketOver, WrongCode
from services.operations.context import Context
from services.operations.limits import LOGIN_ADDRESS, MAIL_ACCOUNT, MAIL_ACCOUNT_DAY, MAIL_ADDRESS
from services.operations.operation import Operation, by_address
from store.errors import Mismatch


class MailedCode(Entering, kw_only=True):
    """The code that came by mail, and the ticket that it was asked for with."""

    ticket: TicketToken
    code: TypedCode


async def _ask(context: Context, given: AskCode) -> Ticketed:
    """Have a code to log in with sent to whoever logs in so, if anybody does."""
    return await ask(context, "mail_login", given.login)


async def _finish(context: Context, given: MailedCode) -> Tokens:
    """Log in by a code that came by mail; who has a better proof is asked for it."""
    ticket = await tickets.look(context.application.database, "mail_login", given.ticket)
    proof = await prove_mail(context, ticket, given.code)
    user = await owner_of(context, ticket)
    try:
        return await enter(
            context, user, (proof.method,), *proof.writes, remember=given.remember, in_cookie=given.cookie
        )
    except Mismatch as error:
        raise refused(error) from error


ASK = Operation(
    name="auth.mail",
    method="POST",
    path="/api/auth/mail",
    socket=False,
    public=True,
    statuses=(202,),
    input=AskCode,
    output=Ticketed,
    run=_ask,
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, by_place), (MAIL_ACCOUNT_DAY, by_place)),
)
FINISH = Operation(
    name="auth.mail.finish",
    method="POST",
    path="/api/auth/mail/finish",
    socket=False,
    public=True,
    input=MailedCode,
    output=Tokens,
    run=_finish,
    raises=(WrongCode, TicketOver, SecondFactor, BadCredentials, AccountBanned, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
)
