"""Prove that an e-mail address is one's own, by a code sent to it; and change it so.

What differs between an address that is free and one that somebody has proved happens in a job: the answer, and the time
it takes, tell nothing of other people's accounts.
"""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from services.accounts.logins import families as logins
from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.acts import act
from services.accounts.people.making import Email
from services.accounts.people.notices import notice
from services.accounts.people.person import Me, myself, require_user
from services.accounts.secrets import tickets
from services.errors import Conflict, EmailTaken, TicketOver, Unauthenticated, WrongCode
from services.jobs.job import job
from services.mail.letter import letter
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import MAIL_ACCOUNT, MAIL_ACCOUNT_DAY, MAIL_ADDRESS, PROOF_ACCOUNT
from services.operations.operation import Operation, by_address, by_user
from store.database import Delete, Insert, Update, Write
from store.errors import Duplicate, Mismatch
from store.tables import ADDRESSES, JOBS, LOGINS, TICKETS, USERS, Address, Ticket, User

if TYPE_CHECKING:
    from services.application import Application

JOB = "prove"
KIND = "email"
CHANGED = "the e-mail address was changed"
"""Why a session ended."""
LIFE_S = 600.0
"""Life of a code by mail, in seconds: what comes by another way lasts ten minutes at most (ASVS 6.5.5)."""

Code = Annotated[str, msgspec.Meta(min_length=6, max_length=16)]


class NewEmail(Input):
    """Another address."""

    email: Email


class EmailCode(Input):
    """The code that came."""

    code: Code


def prove_later(user: User, email: str) -> Insert:
    """Return the write that has a code sent to an address, if nobody else has proved that it is theirs."""
    return Insert(JOBS, job(JOB, {"user": user.id, "email": email}))


async def send_code(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: send a code, or tell whose address it is that somebody else would have it."""
    database, email = application.database, work["email"]
    user = await database.get(USERS, work["user"])
    if user is None or user.deleted_at is not None:
        return
    # Its own bucket: whoever claims an address that is another's uses up nothing of what its owner may ask for.
    if not await application.limits.allow(f"to {email.lower()}", MAIL_ACCOUNT_DAY):
        return
    owner = await database.get(ADDRESSES, email.lower())
    if owner is not None and owner.user != user.id:
        holder = await require_user(database, owner.user)
        told = letter("claimed", holder.email, holder.preferences.language, name=holder.name)
        await database.insert(JOBS, told)
    else:
        code = tickets.new_code()
        hashed = tickets.hashed(application.sealer, code)
        _, ticket = tickets.issue(KIND, LIFE_S, user=user.id, code=hashed, data={"email": email})
        told = letter("verify", email, user.preferences.language, application.sealer, name=user.name, code=code)
        await database.together([Insert(TICKETS, ticket), Insert(JOBS, told)])
    application.jobs.wake()


async def _again(context: Context, _given: Empty) -> None:
    """Send another code to the present address."""
    user = await require_user(context.application.database, context.caller.user)
    if user.email_verified:
        raise Conflict("this address is proved")
    await _later(context, user, user.email)


async def _other(context: Context, given: NewEmail) -> None:
    """Send a code to another address; nothing changes before it is proved."""
    user = await require_user(context.application.database, context.caller.user)
    await _later(context, user, given.email)


async def _later(context: Context, user: User, email: str) -> None:
    await context.application.database.together([prove_later(user, email)])
    context.application.jobs.wake()
    context.status = 202


async def _finish(context: Context, given: EmailCode) -> Me:
    """Prove an address by its code; where it is another than the present one, it takes its place."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    ticket = await _latest(context, user)
    await tickets.check_code(application.database, application.sealer, ticket, given.code)
    email = str(ticket.data["email"])
    others = logins.Ending(CHANGED, (), ())
    if user.email_verified:
        others = await logins.ending(application, user.id, CHANGED, but=caller.login)
    changes = {"email": email, "email_verified": True}
    moved: list[Write] = [Insert(ADDRESSES, Address(id=email.lower(), user=user.id))]
    if user.email_verified:
        # Deleted first: the same address in other letters is the same record.
        moved = [Delete(ADDRESSES, user.email.lower()), *moved, *notice(user, "email")]
    try:
        await tickets.spend(
            application.database,
            ticket,
            logins.lives(context),
            *others.writes,
            *moved,
            Update(USERS, user.id, changes, {"email": user.email, "email_verified": user.email_verified}),
            act(context, "email.proved", user.id),
        )
    except Duplicate as error:
        raise EmailTaken from error
    except Mismatch as error:
        raise (Unauthenticated if error.table == LOGINS.name else Conflict) from error
    application.jobs.wake()
    others.tell(application)
    if user.email_verified:
        await logins.revoke(application, user.id, CHANGED, but=caller.login)
    return myself(msgspec.structs.replace(user, **changes))


async def _latest(context: Context, user: User) -> Ticket:
    """Return the ticket of the latest code."""
    found = await context.application.database.find(
        TICKETS, {"kind": KIND, "user": user.id}, by="created_at", falling=True, limit=1
    )
    if not found:
        raise TicketOver
    return tickets.require_good(found[0])


AGAIN = Operation(
    name="auth.email.verify",
    method="POST",
    path="/api/auth/email/verify",
    socket=False,
    scope="account",
    statuses=(202,),
    input=Empty,
    run=_again,
    raises=(Conflict,),
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, by_user), (MAIL_ACCOUNT_DAY, by_user)),
)
OTHER = Operation(
    name="auth.email",
    method="POST",
    path="/api/auth/email",
    socket=False,
    scope="account",
    statuses=(202,),
    needs=(CONFIRMED,),
    input=NewEmail,
    run=_other,
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, by_user), (MAIL_ACCOUNT_DAY, by_user)),
)
FINISH = Operation(
    name="auth.email.finish",
    method="POST",
    path="/api/auth/email/finish",
    socket=False,
    scope="account",
    input=EmailCode,
    output=Me,
    run=_finish,
    raises=(WrongCode, TicketOver, EmailTaken, Conflict),
    limits=((PROOF_ACCOUNT, by_user),),
)
