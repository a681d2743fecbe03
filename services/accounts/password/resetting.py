"""Reset a forgotten password by mail.

What differs between somebody and nobody happens in a job: the answer, and the time it takes, are the same. A reset
never logs in and skips no second factor; it works once, for half an hour, and no more once the password is another.
"""

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from services.accounts.logins import families as logins
from services.accounts.password.fitness import require_fit
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import by_login
from services.accounts.secrets import tickets
from services.accounts.secrets.held import keys_of
from services.accounts.secrets.passwords import Password
from services.errors import TicketOver, WeakPassword
from services.ids import now_ms
from services.jobs.job import job
from services.mail.letter import letter
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import LOGIN_ADDRESS, MAIL_ACCOUNT, MAIL_ACCOUNT_DAY, MAIL_ADDRESS
from services.operations.operation import Operation, by_address
from store.database import Insert, Update
from store.errors import Mismatch
from store.tables import JOBS, TICKETS, USERS, Ticket, User

if TYPE_CHECKING:
    from services.application import Application

JOB = "reset"
KIND = "reset"
RESET = "the password was reset"
"""Why a session ended."""
LIFE_S = 1800.0
"""Time for a reset, in seconds: half an hour."""
NO_PASSWORD = "-"  # noqa: S105 - what a reset is bound to where there is none


class AskReset(Input):
    """Whose password: username or proved e-mail address."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]


class Reset(Input):
    """The token of the letter, and the new password."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    password: Password


def reset_later(context: Context, login: str) -> Insert:
    """Return the write that has a letter sent to whoever logs in so, if anybody does."""
    return Insert(JOBS, job(JOB, {"login": login, "address": context.address}))


async def _ask(context: Context, given: AskReset) -> None:
    """Have a letter sent to whoever logs in so, if anybody does."""
    await context.application.database.together([reset_later(context, given.login)])
    context.application.jobs.wake()
    context.status = 202


async def send_reset(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: send the letter, to somebody who has proved where their mail goes."""
    database = application.database
    user = await by_login(database, work["login"])
    if user is None or not user.email_verified or user.deleted_at is not None:
        return
    key = await logins.bucket_of(application, user.id, work["address"])
    if not await application.limits.allow(key, MAIL_ACCOUNT, MAIL_ACCOUNT_DAY):
        return
    present = {"email": user.email}
    token, ticket = tickets.issue(KIND, LIFE_S, user=user.id, bound=user.password or NO_PASSWORD, data=present)
    told = letter("reset", user.email, user.preferences.language, application.sealer, name=user.name, token=token)
    await database.together([Insert(TICKETS, ticket), Insert(JOBS, told)])
    application.jobs.wake()


async def _finish(context: Context, given: Reset) -> None:
    """Set the password by a letter's token; all sessions and API tokens end, and nobody is logged in by it."""
    application = context.application
    ticket = await tickets.look(application.database, KIND, given.token)
    user = await application.database.get(USERS, ticket.user)
    if user is None or (user.password or NO_PASSWORD) != ticket.bound or user.email != ticket.data.get("email"):
        raise TicketOver
    require_fit(given.password, user.username, user.name, user.email)
    await _set(context, ticket, user, await application.passwords.hash(given.password))
    application.jobs.wake()
    await logins.revoke(application, user.id, RESET)
    await logins.revoke_tokens(application, user.id, RESET)
    context.status = 204


async def _set(context: Context, ticket: Ticket, user: User, hashed: str) -> None:
    mailed = bool(await keys_of(context.application.database, user.id))
    changes = {"password": hashed, "password_changed_at": now_ms(), "password_mailed": mailed}
    # Nor may there be a passkey by now, or another address, that was not there a moment ago.
    present = {"password": user.password, "proofs_changed": user.proofs_changed, "email": user.email}
    change = Update(USERS, user.id, changes, present)
    done = act(context, "password.reset", user.id)
    # Ended with it, not after it: the letter is used up, and its person could not ask for it again.
    ended = await logins.ending(context.application, user.id, RESET)
    try:
        await tickets.spend(
            context.application.database, ticket, change, done, *notice(user, "password"), *ended.writes
        )
    except Mismatch as error:
        raise TicketOver from error
    ended.tell(context.application)


ASK = Operation(
    name="auth.password.reset",
    method="POST",
    path="/api/auth/password/reset",
    socket=False,
    public=True,
    statuses=(202,),
    input=AskReset,
    run=_ask,
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, logins.by_place), (MAIL_ACCOUNT_DAY, logins.by_place)),
)
FINISH = Operation(
    name="auth.password.reset.finish",
    method="POST",
    path="/api/auth/password/reset/finish",
    socket=False,
    public=True,
    statuses=(204,),
    input=Reset,
    run=_finish,
    raises=(TicketOver, WeakPassword),
    limits=((LOGIN_ADDRESS, by_address),),
)
