"""Tickets: 256 bits that are good once, for one thing, and not for long; some with a code that comes by mail."""

import hashlib
import hmac
import secrets
from typing import Any

from services.accounts.secrets.sealing import Sealer
from services.errors import TicketOver, WrongCode
from services.ids import now_ms
from store.database import Database, Update, Write
from store.errors import Mismatch
from store.tables import TICKETS, Ticket

CODE_DIGITS = 6
TRIES = 5
"""Wrong codes that a ticket takes: of a million codes somebody who guesses finds one in 200,000 tickets."""


def digest(token: str) -> str:
    """Return what the store keeps of a token that is random enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """Return a code for people to type."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def issue(
    kind: str,
    life_s: float,
    *,
    user: str = "",
    bound: str | None = None,
    code: str | None = None,
    data: dict[str, Any] | None = None,
) -> tuple[str, Ticket]:
    """Return a token for its holder and the record to be inserted. ``code`` is hashed already (``hashed``)."""
    token, now = secrets.token_urlsafe(32), now_ms()
    ends = now + int(life_s * 1000)
    held = Ticket(
        id=digest(token), kind=kind, user=user, bound=bound, code=code, data=data or {}, created_at=now, expires_at=ends
    )
    return token, held


def hashed(sealer: Sealer, code: str) -> str:
    """Return what a ticket keeps of a code."""
    return sealer.digest(code, "ticket")


async def look(database: Database, kind: str, token: str) -> Ticket:
    """Return a ticket that is still good.

    Raises:
        TicketOver: If it was used, is too old, is for something else, or was never given.
    """
    ticket = await database.get(TICKETS, digest(token))
    if ticket is None or ticket.kind != kind:
        raise TicketOver
    return require_good(ticket)


def require_good(ticket: Ticket) -> Ticket:
    """Return a ticket that is still good.

    Raises:
        TicketOver: If it was used or is too old.
    """
    if ticket.used_at is not None or ticket.expires_at <= now_ms():
        raise TicketOver
    return ticket


async def count_try(database: Database, ticket: Ticket) -> None:
    """Count a try of what a ticket asks for, before it is judged.

    Raises:
        TicketOver: If there were as many tries as there may be, or another one is made at this moment.
    """
    if ticket.tries >= TRIES:
        raise TicketOver
    try:
        await database.update(TICKETS, ticket.id, {"tries": ticket.tries + 1}, {"tries": ticket.tries, "used_at": None})
    except Mismatch as error:
        raise TicketOver from error


async def check_code(database: Database, sealer: Sealer, ticket: Ticket, code: str) -> None:
    """Make sure that this is the ticket's code; the try is counted before it is judged.

    Raises:
        WrongCode: If it is another.
        TicketOver: If there were as many tries as there may be, or another one is made at this moment.
    """
    await count_try(database, ticket)
    if ticket.code is None or not hmac.compare_digest(ticket.code, hashed(sealer, code)):
        raise WrongCode


def spent(ticket: Ticket) -> Write:
    """Return the write that uses a ticket up; it is refused (``Mismatch``) where another was faster."""
    return Update(TICKETS, ticket.id, {"used_at": now_ms()}, {"used_at": None})


async def spend(database: Database, ticket: Ticket, *also: Write) -> None:
    """Use a ticket up; ``also`` is written in the same transaction, or nothing is.

    Raises:
        TicketOver: If another was faster.
        Mismatch: If one of the other writes is refused.
    """
    try:
        await database.together([spent(ticket), *also])
    except Mismatch as error:
        if error.position == 0:
            raise TicketOver from error
        raise
