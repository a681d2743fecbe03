"""How the proofs of an account change: in one transaction, written down, told by mail; and all other sessions end."""

from typing import Any

from services.accounts.logins import families as logins
from services.accounts.people.acts import act
from services.accounts.people.notices import What, notice
from services.accounts.second.proofs import refused
from services.accounts.secrets import tickets
from services.errors import Conflict
from services.operations.context import Context
from store.database import Update, Write
from store.errors import Mismatch
from store.tables import LOGINS, TICKETS, USERS, Ticket, User

ENDED = "the proofs of who it is were changed"
"""Why a session ended."""


def changed(user: User, **fields: Any) -> Write:
    """Return the write of a change of somebody's proofs; it is refused where another change was faster."""
    changes = {**fields, "proofs_changed": user.proofs_changed + 1}
    return Update(USERS, user.id, changes, {"proofs_changed": user.proofs_changed})


async def change(
    context: Context,
    user: User,
    what: What,
    action: str,
    *writes: Write,
    ticket: Ticket | None = None,
    fields: dict[str, Any] | None = None,
) -> None:
    """Change the proofs of whoever asks: ``fields`` of the account, and ``writes``; ``ticket`` is used up by it.

    Raises:
        Conflict: If another change was made at the same moment.
        TicketOver: If the ticket was used at the same moment.
        Unauthenticated: If the session ended at the same moment.
        Duplicate: If one of the writes is refused.
    """
    application = context.application
    first = (logins.lives(context),) if ticket is None else (tickets.spent(ticket), logins.lives(context))
    others = await logins.ending(application, user.id, ENDED, but=context.caller.login)
    told = (*others.writes, act(context, action, user.id), *notice(user, what))
    try:
        await application.database.together([*first, changed(user, **fields or {}), *writes, *told])
    except Mismatch as error:
        if error.table in (TICKETS.name, LOGINS.name):
            raise refused(error) from error
        raise Conflict("something else of your account was changed at the same moment") from error
    application.jobs.wake()
    others.tell(application)
    await logins.revoke(application, user.id, ENDED, but=context.caller.login)
