"""Make an account that has no password.

Nothing is made before the address is proved: what was begun and never finished is a ticket, which ends by itself. So
nobody's account is ever in the way of another's, and none is removed to make room.
"""

from typing import TYPE_CHECKING, Any, Final

from services.accounts.logins.entering import enter
from services.accounts.logins.families import Tokens
from services.accounts.people.making import Email, Username, new_user, require_free, rows_of
from services.accounts.people.person import require_user
from services.accounts.second.mailed.codes import LIFE_S, Ticketed
from services.accounts.second.mailed.entering import MailedCode
from services.accounts.second.proofs import prove_mail, refused
from services.accounts.secrets import tickets
from services.content.rules import require_decent
from services.errors import ContentRefused, CrossSite, EmailTaken, TicketOver, UsernameTaken, WrongCode
from services.jobs.job import job
from services.mail.letter import letter
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import (
    LOGIN_ADDRESS,
    MAIL_ACCOUNT,
    MAIL_ACCOUNT_DAY,
    MAIL_ADDRESS,
    REGISTER_ADDRESS,
)
from services.operations.operation import Operation, by_address
from store.database import Insert, Update
from store.errors import Duplicate, Mismatch
from store.tables import ADDRESSES, JOBS, TICKETS, Address

if TYPE_CHECKING:
    from services.application import Application

KIND: Final = "sign_up"
JOB: Final = "sign_up"
"""The kind of the job that sends the code."""


class SignUp(Input):
    """A new account without a password."""

    username: Username
    email: Email


async def _begin(context: Context, given: SignUp) -> Ticketed:
    """Have a code sent to an address that a new account is to have; nothing is made yet."""
    application = context.application
    require_decent(application, given.username)
    await require_free(application.database, given.username)
    token, ticket = tickets.issue(KIND, LIFE_S, data={"username": given.username, "email": given.email})
    work = {"ticket": ticket.id, "username": given.username, "email": given.email}
    await application.database.together([Insert(TICKETS, ticket), Insert(JOBS, job(JOB, work))])
    application.jobs.wake()
    context.status = 202
    return Ticketed(token)


async def send_code(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: send a code, or tell whose address it is that somebody else would have it."""
    database, email = application.database, work["email"]
    owner = await database.get(ADDRESSES, email.lower())
    if owner is not None:
        holder = await require_user(database, owner.user)
        told = letter("claimed", holder.email, holder.preferences.language, name=holder.name)
        await database.insert(JOBS, told)
        application.jobs.wake()
        return
    code = tickets.new_code()
    told = letter("sign_up", email, "en", application.sealer, name=work["username"], code=code)
    given = {"code": tickets.hashed(application.sealer, code)}
    try:
        await database.together([Update(TICKETS, work["ticket"], given, {"code": None}), Insert(JOBS, told)])
    except Mismatch:
        return  # done before, by whoever was not heard of again
    application.jobs.wake()


async def _finish(context: Context, given: MailedCode) -> Tokens:
    """Make the account by the code that came, and log in."""
    application = context.application
    ticket = await tickets.look(application.database, KIND, given.ticket)
    proof = await prove_mail(context, ticket, given.code)
    username, email = str(ticket.data["username"]), str(ticket.data["email"])
    user = new_user(username, email, verified=True)
    rows = (*proof.writes, *rows_of(user), Insert(ADDRESSES, Address(id=email.lower(), user=user.id)))
    try:
        answer = await enter(context, user, (proof.method,), *rows, remember=given.remember, in_cookie=given.cookie)
    except Mismatch as error:
        raise refused(error) from error
    except Duplicate as error:
        raise EmailTaken if error.table == ADDRESSES.name else UsernameTaken from error
    context.status = 201
    return answer


def _email(_context: Context, given: SignUp) -> str:
    return given.email.lower()


BEGIN = Operation(
    name="auth.signup",
    method="POST",
    path="/api/auth/signup",
    socket=False,
    public=True,
    statuses=(202,),
    input=SignUp,
    output=Ticketed,
    run=_begin,
    raises=(UsernameTaken, ContentRefused),
    limits=(
        (REGISTER_ADDRESS, by_address),
        (MAIL_ADDRESS, by_address),
        (MAIL_ACCOUNT, _email),
        (MAIL_ACCOUNT_DAY, _email),
    ),
)
FINISH = Operation(
    name="auth.signup.finish",
    method="POST",
    path="/api/auth/signup/finish",
    socket=False,
    public=True,
    statuses=(201,),
    input=MailedCode,
    output=Tokens,
    run=_finish,
    raises=(WrongCode, TicketOver, UsernameTaken, EmailTaken, CrossSite),
    limits=((LOGIN_ADDRESS, by_address),),
)
