"""The audit log, read: nothing in it is ever changed or removed."""

from typing import Annotated, Any

import msgspec

from services.accounts.logins.needs import ADMIN
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from store.database import Scalar
from store.tables import ACTS, Act

Who = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ReadAudit(Input):
    """Which lines: of what somebody did, or of what was done to somebody; the latest first."""

    actor: Who | None = None
    subject: Who | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class ActView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit log: who did what to whom, when, and from where."""

    id: str
    created_at: str
    actor: str
    login: str | None
    action: str
    subject: str | None
    address: str
    details: dict[str, Any]


class Acts(msgspec.Struct, frozen=True):
    """Lines of the audit log; ``next`` is the cursor of those that follow."""

    items: list[ActView]
    next: str | None


def _view(act: Act) -> ActView:
    return ActView(
        id=act.id,
        created_at=rfc3339(act.created_at),
        actor=act.actor,
        login=act.login,
        action=act.action,
        subject=act.subject,
        address=act.address,
        details=act.details,
    )


async def _read(context: Context, given: ReadAudit) -> Acts:
    """Read the audit log, the latest first."""
    equal: dict[str, Scalar] = {}
    if given.actor is not None:
        equal = {"actor": given.actor}
    elif given.subject is not None:
        equal = {"subject": given.subject}
    found = await context.application.database.find(
        ACTS, equal, by="id", below=given.cursor, falling=True, limit=given.limit + 1
    )
    page = found[: given.limit]
    both = given.actor is not None and given.subject is not None
    shown = [act for act in page if not both or act.subject == given.subject]
    return Acts([_view(act) for act in shown], page[-1].id if len(found) > given.limit else None)


READ = Operation(
    name="admin.audit",
    method="GET",
    path="/api/admin/audit",
    socket=False,
    scope="account",
    needs=(ADMIN,),
    input=ReadAudit,
    output=Acts,
    run=_read,
    limits=((ADMIN_USER, by_user),),
)
