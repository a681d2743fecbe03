"""How somebody proves who they are: one function for each kind of proof, wherever it is asked for.

Each makes sure of the proof and returns what has to be written for it to count. Whoever asks for a proof writes that in
the transaction of what the proof is for: so a proof is used once, and never for nothing.
"""

import hmac
import logging
import re
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import pyotp

from services.accounts.logins.families import bucket_of
from services.accounts.secrets import tickets
from services.errors import BadCredentials, BadPasskey, ServiceError, TicketOver, Unauthenticated, WrongCode
from services.ids import now_ms
from services.operations.context import Context
from services.operations.limits import PROOF_ACCOUNT
from store.database import Update, Write
from store.errors import Mismatch
from store.tables import BACKUPS, LOGINS, PASSKEYS, TICKETS, USERS, Ticket, User

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

STEP_S = 30
"""Seconds of a step of an authenticator app (RFC 6238, 5.2)."""
STEPS_AROUND = 1
"""Steps before and after the present one whose codes are taken: clocks differ, and typing takes its time."""

TypedCode = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A code as somebody typed it: spaces and hyphens in it, and the case of its letters, do not matter."""
TicketToken = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Proof(NamedTuple):
    """What was proved, and the writes without which it does not count."""

    method: str
    """By the names of ``Login.methods``."""
    writes: tuple[Write, ...] = ()


def normal(code: str) -> str:
    """Return a typed code as it was made."""
    return re.sub(r"[\s-]", "", code).lower()


def refused(error: Mismatch) -> ServiceError:
    """Return what is told where a proof was good, and was used by another request before it could be written."""
    if error.table == TICKETS.name:
        return TicketOver()
    if error.table == LOGINS.name:
        return Unauthenticated()
    return BadPasskey() if error.table == PASSKEYS.name else WrongCode()


def sealed_for(user: str) -> str:
    """Return the purpose that a secret of an authenticator app is sealed for: it opens for one person alone."""
    return f"totp {user}"


def backup_id(application: "Application", user: str, code: str) -> str:
    """Return the id of the record that a backup code of somebody has."""
    return f"{user}:{application.sealer.digest(normal(code), f'backup {user}')}"


def matching_step(secret: str, code: str, above: int) -> int | None:
    """Return the step above ``above`` of which this is the code; None where there is none about now."""
    app, now = pyotp.TOTP(secret, interval=STEP_S), now_ms() // 1000 // STEP_S
    typed = normal(code).encode()
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), typed) and step > above:
            found = step
    return found


async def take_try(context: Context, user: str) -> None:
    """Count a try of a proof against an account, before it is judged.

    Raises:
        TooMany: If there were too many.
    """
    application = context.application
    await application.limits.take_exactly(PROOF_ACCOUNT, await bucket_of(application, user, context.address))


async def prove_password(context: Context, user: User, password: str) -> Proof:
    """Prove by the password.

    Raises:
        BadCredentials: If it is another, or there is none.
        TooMany: If there were too many tries.
    """
    await take_try(context, user.id)
    if not await context.application.passwords.matches(password, user.password):
        raise BadCredentials("this is not your password")
    return Proof("password")


async def prove_totp(context: Context, user: User, code: str) -> Proof:
    """Prove by a code of the authenticator app; no code is good after it, or a later one, was used.

    Raises:
        WrongCode: If it is not right now, was used, or there is no app.
        TooMany: If there were too many tries.
    """
    await take_try(context, user.id)
    if user.totp is None:
        raise WrongCode
    try:
        secret = context.application.sealer.open(user.totp, sealed_for(user.id))
    except ValueError as error:
        log.exception("the secret of an authenticator app cannot be opened", extra={"user": user.id})
        raise WrongCode from error
    step = matching_step(secret, code, user.totp_step)
    if step is None:
        raise WrongCode
    return Proof(
        "totp",
        (Update(USERS, user.id, {"totp_step": step}, {"totp": user.totp, "totp_step": user.totp_step}),),
    )


async def prove_backup(context: Context, user: User, code: str) -> Proof:
    """Prove by a backup code, which is used up.

    Raises:
        WrongCode: If it is none of theirs, or was used.
        TooMany: If there were too many tries.
    """
    await take_try(context, user.id)
    backup = await context.application.database.get(BACKUPS, backup_id(context.application, user.id, code))
    if backup is None or backup.user != user.id or backup.used_at is not None:
        raise WrongCode
    return Proof("backup", (Update(BACKUPS, backup.id, {"used_at": now_ms()}, {"used_at": None}),))


async def prove_recovery(context: Context, user: User, code: str) -> Proof:
    """Prove by the recovery code that its person made up, which is used up.

    Raises:
        WrongCode: If it is another, or there is none.
        TooMany: If there were too many tries.
    """
    await take_try(context, user.id)
    if not await context.application.passwords.matches(code, user.recovery):
        raise WrongCode
    return Proof("recovery", (Update(USERS, user.id, {"recovery": None}, {"recovery": user.recovery}),))


async def prove_mail(context: Context, ticket: Ticket, code: str) -> Proof:
    """Prove by the code that was sent for a ticket, which is used up: its end is the first write.

    Raises:
        WrongCode: If it is another, or none was sent.
        TicketOver: If there were too many tries.
    """
    application = context.application
    await tickets.check_code(application.database, application.sealer, ticket, normal(code))
    return Proof("mail", (tickets.spent(ticket),))
