"""Deleting one's account: with a code by mail and another proof, and for good.

What makes it impossible to come in and to be found is done at once. The rest (rooms, names on what was said) is done
by a job that may be cut off and begun again at any place (``services/rooms/apart/parting.py``).
"""

from typing import Any, Final

import msgspec

from services.accounts.logins.needs import CONFIRMED_MS, VERIFIED
from services.accounts.moderation.ending import end_again, end_all
from services.accounts.moderation.ranks import among_admins, require_other_admin
from services.accounts.people.acts import act
from services.accounts.people.person import require_user
from services.accounts.second.proofs import (
    TicketToken,
    TypedCode,
    prove_mail,
    prove_password,
    prove_totp,
)
from services.accounts.secrets import tickets
from services.accounts.secrets.held import confirming
from services.accounts.secrets.passwords import GivenPassword
from services.errors import (
    BadCredentials,
    ConfirmationNeeded,
    Conflict,
    LastAdmin,
    TicketOver,
    UserNotFound,
    WrongCode,
)
from services.ids import now_ms
from services.jobs.job import job
from services.mail.letter import letter
from services.operations.context import Context, Cookie
from services.operations.inputs import Empty, Input
from services.operations.limits import MAIL_ACCOUNT, MAIL_ACCOUNT_DAY, MAIL_ADDRESS, PROOF_ACCOUNT
from services.operations.operation import Operation, by_address, by_user
from services.streams.append import View
from store.database import Delete, Insert, Scalar, Update, Write
from store.errors import Mismatch
from store.tables import ADDRESSES, JOBS, LOGINS, TICKETS, USERS, Login, Preferences, User

KIND: Final = "deletion"
LIFE_S: Final = 600.0
"""Time for the code, in seconds: ten minutes."""
ERASE: Final = "erase"
"""Kind of the job that does the rest."""
UNTIE: Final = "untie"
"""Kind of the job that ends what there was between the account and other people, and takes its name off its posts."""
UNTIE_S: Final = 12.0
"""When that begins: nothing that was begun before the account was deleted is under way by then."""
DELETED: Final = "the account was deleted"
"""Why its sessions end."""


class DeleteMe(Input):
    """The code that came by mail, and a second proof: the password, or a code of the authenticator app.

    Left out, it has to have been given by ``POST /api/auth/confirm`` in the last five minutes (a passkey, say).
    """

    ticket: TicketToken
    code: TypedCode
    password: GivenPassword | None = None
    totp: TypedCode | None = None


class DeletionTicket(msgspec.Struct, frozen=True):
    """What the deletion goes on with, once the code has come."""

    ticket: str


async def _ask(context: Context, _given: Empty) -> DeletionTicket:
    """Have a code sent by mail that one's account can be deleted with; nothing is deleted yet."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    code = tickets.new_code()
    hashed = tickets.hashed(application.sealer, code)
    token, ticket = tickets.issue(KIND, LIFE_S, user=user.id, bound=caller.login, code=hashed)
    told = letter("code", user.email, user.preferences.language, application.sealer, name=user.name, code=code)
    await application.database.together([Insert(TICKETS, ticket), Insert(JOBS, told)])
    application.jobs.wake()
    context.status = 202
    return DeletionTicket(token)


async def _delete(context: Context, given: DeleteMe) -> None:
    """Delete one's account, for good: the last admin stays."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    ticket = await tickets.look(application.database, KIND, given.ticket)
    if ticket.user != user.id or ticket.bound != caller.login:
        raise TicketOver
    proved = (await prove_mail(context, ticket, given.code)).writes
    proved += await _second(context, user, given)
    writes = [*proved, *_blanked(context, user)]

    async def decide(view: View) -> list[Write]:
        held, now = await view.get(TICKETS, ticket.id), await view.get(USERS, user.id)
        if held is None or held.used_at is not None or now is None or now.deleted_at is not None:
            raise TicketOver
        if now.role == "admin":
            await require_other_admin(view, application.database, user.id)
        return writes

    if user.role == "admin":
        await among_admins(context, decide)
    else:
        try:
            await application.database.together(writes)
        except Mismatch as error:
            raise TicketOver if error.table == TICKETS.name else Conflict from error
    application.jobs.wake()
    await end_all(application, user.id, DELETED)
    application.live.changed(user.id)
    context.status = 204
    context.set_cookie = Cookie("", 0)


async def _second(context: Context, user: User, given: DeleteMe) -> tuple[Write, ...]:
    """Return what the second proof has to have written.

    Raises:
        ConfirmationNeeded: If there is none; ``methods`` says by which it may be.
        BadCredentials: If it is not the password.
        WrongCode: If it is no code of the app.
    """
    if given.password is not None:
        return (await prove_password(context, user, given.password)).writes
    if given.totp is not None:
        return (await prove_totp(context, user, given.totp)).writes
    login = await context.application.database.get(LOGINS, context.caller.login)
    methods = await confirming(context.application.database, user)
    if login is None or not _lately(login, methods):
        raise ConfirmationNeeded(more={"methods": methods})
    return ()


def _lately(login: Login, methods: tuple[str, ...]) -> bool:
    """Tell whether something else than a mailbox was proved lately, by those who have anything else."""
    if login.confirmed_at is not None and login.confirmed_at + CONFIRMED_MS > now_ms():
        return True
    more = bool({*login.methods} - {"mail"}) or methods in {(), ("mail",)}
    return more and login.created_at + CONFIRMED_MS > now_ms()


_NOTHING: dict[str, Any] = {
    "username": "",
    "name": "",
    "picture": None,
    "banner": None,
    "country": None,
    "links": (),
    "email": "",
    "email_verified": False,
    "password": None,
    "password_changed_at": None,
    "password_mailed": False,
    "totp": None,
    "recovery": None,
    "preferences": Preferences(),
    "role": "user",
    "renamed_at": (),
    "banned_at": None,
    "banned_until": None,
    "ban_reason": None,
}
"""What is left of an account. Its name is anybody's again: what was said under it shows no name any more."""


def _blanked(context: Context, user: User) -> list[Write]:
    expected: dict[str, Scalar] = {"revised": user.revised, "proofs_changed": user.proofs_changed, "role": user.role}
    expected["email"] = user.email  # else an address that was proved meanwhile would be nobody's for ever
    blank = _NOTHING | {"name_key": user.id, "deleted_at": now_ms()}
    blank |= {"revised": user.revised + 1, "proofs_changed": user.proofs_changed + 1}
    return [
        # Whoever changes the account at this moment is refused, or has this refused: nothing comes back.
        Update(USERS, user.id, blank, {**expected, "deleted_at": None}),
        Delete(ADDRESSES, user.email.lower()),
        act(context, "account.deleted", user.id),
        Insert(JOBS, job(ERASE, {"user": user.id, "step": "rooms", "after": ""})),
        Insert(JOBS, job(UNTIE, {"user": user.id, "step": "ties"}, after_s=UNTIE_S)),
        end_again(user.id, DELETED),
        Insert(JOBS, letter("account_deleted", user.email, user.preferences.language, name=user.name)),
    ]


ASK = Operation(
    name="users.me.deletion",
    method="POST",
    path="/api/users/me/deletion",
    socket=False,
    scope="account",
    needs=(VERIFIED,),
    input=Empty,
    output=DeletionTicket,
    run=_ask,
    statuses=(202,),
    raises=(UserNotFound,),
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, by_user), (MAIL_ACCOUNT_DAY, by_user)),
)
DELETE = Operation(
    name="users.me.delete",
    ordered=True,
    method="DELETE",
    path="/api/users/me",
    socket=False,
    scope="account",
    input=DeleteMe,
    run=_delete,
    statuses=(204,),
    raises=(TicketOver, WrongCode, BadCredentials, ConfirmationNeeded, Conflict, LastAdmin, UserNotFound),
    own_limits=(PROOF_ACCOUNT,),
)
