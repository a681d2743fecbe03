"""Codes by mail, for somebody or for nobody.

Whoever asks at a door that is open to all gets a ticket, whatever they typed. Whether that is anybody's account, and
where its mail goes, is found out in a job: the answer, and the time that it takes, tell nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from services.accounts.logins.families import bucket_of
from services.accounts.people.person import by_login
from services.accounts.secrets import tickets
from services.errors import TicketOver, TooMany
from services.ids import now_ms
from services.jobs.job import job
from services.mail.letter import LetterName, letter
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import CODE_ACCOUNT, MAIL_ACCOUNT, MAIL_ACCOUNT_DAY
from store.database import Insert, Update, Write
from store.errors import Mismatch
from store.tables import JOBS, TICKETS, USERS, Ticket, User

if TYPE_CHECKING:
    from services.application import Application

JOB: Final = "code"
"""The kind of the job that sends one."""
LIFE_S: Final = 600.0
"""Life of a code that proves who somebody is, in seconds: what comes by another way lasts ten minutes (ASVS 6.5.5)."""
PAUSE_S: Final = 60
"""Seconds between two codes that somebody asks for who has proved something already."""

Login = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
Kind = Literal["mail_login", "recover"]
LETTERS: Final[dict[str, LetterName]] = {"mail_login": "code", "recover": "recover"}


class AskCode(Input):
    """Who asks for a code: username or proved e-mail address."""

    login: Login


class Ticketed(msgspec.Struct, frozen=True):
    """What to go on with; a code comes by mail, if there is anybody to send it to."""

    ticket: str


async def ask(context: Context, kind: Kind, login: str) -> Ticketed:
    """Give a ticket, and have a code for it sent to whoever logs in so, if anybody does."""
    application = context.application
    token, ticket = tickets.issue(kind, LIFE_S)
    work = {"ticket": ticket.id, "kind": kind, "login": login, "address": context.address}
    await application.database.together([Insert(TICKETS, ticket), Insert(JOBS, job(JOB, work))])
    application.jobs.wake()
    context.status = 202
    return Ticketed(token)


async def send_code(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: give a ticket its code and send it, to somebody who has proved where their mail goes."""
    database = application.database
    user = await by_login(database, work["login"])
    if user is None or not user.email_verified or user.deleted_at is not None:
        return
    key = await bucket_of(application, user.id, work["address"])
    if not await application.limits.allow(key, MAIL_ACCOUNT, MAIL_ACCOUNT_DAY):
        return
    code = tickets.new_code()
    told = letter(
        LETTERS[work["kind"]],
        user.email,
        user.preferences.language,
        application.sealer,
        name=user.name,
        code=code,
    )
    given = {"user": user.id, "bound": user.email.lower(), "code": tickets.hashed(application.sealer, code)}
    try:
        await database.together([Update(TICKETS, work["ticket"], given, {"code": None}), Insert(JOBS, told)])
    except Mismatch:
        return  # done before, by whoever was not heard of again
    application.jobs.wake()


async def owner_of(context: Context, ticket: Ticket) -> User:
    """Return whom a ticket's code was sent to.

    Raises:
        TicketOver: If the account is no more, or has another address now.
    """
    user = await context.application.database.get(USERS, ticket.user)
    if user is None or user.deleted_at is not None or user.email.lower() != ticket.bound:
        raise TicketOver
    return user


async def send_now(context: Context, user: User, keep: Callable[[str], Write]) -> None:
    """Send a code to somebody who has proved something already: one in ``PAUSE_S``, whatever for, on any node.

    ``keep`` gets the hashed code, and returns the write that keeps it.

    Raises:
        TooMany: If one was sent just now; ``retry_after`` says when the next can be.
        TicketOver: If what keeps it was used at this moment.
    """
    now, application = now_ms(), context.application
    wait_ms = (user.code_sent_at or 0) + PAUSE_S * 1000 - now
    if 0 < wait_ms <= PAUSE_S * 1000:
        raise TooMany("a code was sent just now", retry_after=wait_ms / 1000)
    await application.limits.take_exactly(CODE_ACCOUNT, user.id)
    code = tickets.new_code()
    told = letter("code", user.email, user.preferences.language, application.sealer, name=user.name, code=code)
    sent = Update(USERS, user.id, {"code_sent_at": now}, {"code_sent_at": user.code_sent_at})
    try:
        await application.database.together([sent, keep(tickets.hashed(application.sealer, code)), Insert(JOBS, told)])
    except Mismatch as error:
        if error.position:
            raise TicketOver from error
        raise TooMany("a code was sent just now", retry_after=PAUSE_S) from error
    application.jobs.wake()
