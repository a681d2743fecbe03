"""The audit log: what was done to accounts, by whom, when, and from where."""

from services.ids import new_id, now_ms
from services.operations.context import Context
from store.database import Insert
from store.tables import ACTS, Act

SERVER = "~"
"""Who acts where nobody in particular does."""


def act(context: Context, action: str, subject: str = "", **details: str | int | bool | None) -> Insert:
    """Return the write of a line of the audit log, to be made in the transaction of what it tells of.

    Who acts is whoever is logged in; at a door that is open to all it is the subject, who has proved that it is theirs.
    ``details`` say what was changed, and never a secret.
    """
    caller = context.principal
    written = Act(
        id=new_id(),
        created_at=now_ms(),
        actor=caller.user if caller is not None else subject or SERVER,
        login=None if caller is None else caller.login,
        action=action,
        subject=subject,
        address=context.address,
        details=details,
    )
    return Insert(ACTS, written)
