"""Roles in the whole installation, and how the first admin comes to theirs."""

from typing import Annotated, Literal

import msgspec

from services.accounts.logins import families as logins
from services.accounts.logins.families import TRUSTED_MS
from services.accounts.logins.needs import ADMIN, CONFIRMED, LATELY
from services.accounts.moderation.ranks import among_admins, require_other_admin
from services.accounts.people.acts import SERVER, act
from services.accounts.people.person import require_user
from services.accounts.secrets import tickets
from services.errors import Conflict, Forbidden, LastAdmin, TicketOver, Unauthenticated, UserNotFound
from services.ids import new_id, now_ms
from services.operations.context import Context
from services.operations.inputs import Input, UserId
from services.operations.limits import ADMIN_USER, DELETION_USER
from services.operations.operation import Operation, by_user
from services.streams.append import View
from store.database import Database, Insert, Update, Write
from store.tables import ACTS, LOGINS, TICKETS, USERS, Act, User

CLAIM = "admin"
"""Kind of the ticket that makes somebody an admin."""
CLAIM_S = 3600.0
"""How long it is good for, in seconds: time to make an account first."""

CHANGED = "the role was changed"
"""Why a session ended."""

Role = Literal["user", "moderator", "admin"]


class GiveRole(Input):
    """Who somebody is to be in the whole installation."""

    user: UserId
    role: Role


class Claim(Input):
    """What the server printed for whoever runs it."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


async def _give(context: Context, given: GiveRole) -> None:
    """Give somebody a role; their sessions end where it is another, and they log in anew with what it asks for."""
    application, caller = context.application, context.caller
    before = await require_user(application.database, given.user)
    # Ended with it, not after it: given once more it is the same role, and nothing would end them.
    ended = await logins.ending(application, before.id, CHANGED)

    async def decide(view: View) -> list[Write]:
        actor, subject = await view.get(USERS, caller.user), await view.get(USERS, given.user)
        if subject is None or subject.deleted_at is not None:
            raise UserNotFound
        # An admin who was demoted a moment ago gives nothing any more.
        if actor is None or actor.role != "admin":
            raise Forbidden("nobody gives more than they have")
        if subject.role == given.role:
            return []
        if subject.role == "admin":
            await require_other_admin(view, application.database, subject.id)
        changed = Update(USERS, subject.id, {"role": given.role}, {"role": subject.role})
        done = act(context, "role.given", subject.id, before=subject.role, after=given.role)
        return [changed, done, *ended.writes]

    await among_admins(context, decide)
    if before.role != given.role:
        ended.tell(application)
        await logins.revoke(application, before.id, CHANGED)
        application.live.changed(before.id)
    context.status = 204


async def _claim(context: Context, given: Claim) -> None:
    """Become an admin by the token that ``server.py admin`` printed; it is good once, for an hour."""
    application, caller = context.application, context.caller
    ticket = await tickets.look(application.database, CLAIM, given.token)

    async def decide(view: View) -> list[Write]:
        held = await view.get(TICKETS, ticket.id)
        if held is None or held.used_at is not None:
            raise TicketOver
        user: User = await require_user(application.database, caller.user)
        changed = Update(USERS, user.id, {"role": "admin"}, {"role": user.role, "deleted_at": None})
        login = await view.get(LOGINS, caller.login)
        if login is None:
            raise Unauthenticated
        # Their other sessions end; this one lives no longer than one that an admin begins.
        ends = Update(LOGINS, login.id, {"expires_at": min(login.expires_at, now_ms() + TRUSTED_MS)})
        return [tickets.spent(ticket), changed, ends, act(context, "admin.claimed", user.id, before=user.role)]

    await among_admins(context, decide)
    await logins.revoke(application, caller.user, CHANGED, but=caller.login)
    context.status = 204


async def offer(database: Database) -> str:
    """Return a token that makes whoever claims it an admin, once; those offered before are good no more.

    Raises:
        StoreError: If it cannot be kept.
    """
    token, ticket = tickets.issue(CLAIM, CLAIM_S)
    writes: list[Write] = [Insert(TICKETS, ticket)]
    equal = {"kind": CLAIM, "user": ticket.user}
    earlier = await database.find(TICKETS, equal, by="created_at", falling=True, limit=100)
    writes += [tickets.spent(one) for one in earlier if one.used_at is None]
    line = Act(id=new_id(), created_at=now_ms(), actor=SERVER, action="admin.offered")
    await database.together([*writes, Insert(ACTS, line)])
    return token


GIVE = Operation(
    name="admin.role",
    ordered=True,
    method="PUT",
    path="/api/admin/users/{user}/role",
    socket=False,
    scope="account",
    needs=(ADMIN, LATELY),
    input=GiveRole,
    run=_give,
    statuses=(204,),
    raises=(UserNotFound, Forbidden, LastAdmin, Conflict),
    limits=((ADMIN_USER, by_user),),
)
CLAIM_IT = Operation(
    name="admin.claim",
    ordered=True,
    method="POST",
    path="/api/admin/claim",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=Claim,
    run=_claim,
    statuses=(204,),
    raises=(TicketOver, UserNotFound),
    limits=((DELETION_USER, by_user),),
)
