"""Come back where a second factor was lost: by a code that comes by mail, and one proof more.

The proof beside the mail is the recovery code that the person made up, or a backup code. It is never the password: who
reads somebody's mail can set that anew, so that mail and password are one proof. It takes every second factor away, and
all sessions and API tokens end: it may have been somebody else who got hold of them. It logs nobody in.
"""

from typing import Annotated

import msgspec

from services.accounts.logins import families as logins
from services.accounts.logins.families import by_place
from services.accounts.logins.needs import CONFIRMED
from services.accounts.password.fitness import require_fit
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import require_user
from services.accounts.second.backups import without
from services.accounts.second.changing import change, changed
from services.accounts.second.mailed.codes import AskCode, Ticketed, ask, owner_of
from services.accounts.second.proofs import (
    Proof,
    TicketToken,
    TypedCode,
    prove_backup,
    prove_mail,
    prove_recovery,
    refused,
)
from services.accounts.secrets import tickets
from services.accounts.secrets.held import keys_of
from services.accounts.secrets.passwords import PASSWORD_LENGTH
from services.errors import Conflict, Flaw, Invalid, NotFound, TicketOver, WeakPassword, WrongCode
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import (
    CHANGE_USER,
    LOGIN_ADDRESS,
    MAIL_ACCOUNT,
    MAIL_ACCOUNT_DAY,
    MAIL_ADDRESS,
    PROOF_ACCOUNT,
)
from services.operations.operation import Operation, by_address, by_user
from store.database import Delete
from store.errors import Mismatch
from store.tables import PASSKEYS, User

RECOVERED = "the account was recovered"
"""Why a session ended."""

RecoveryCode = Annotated[str, msgspec.Meta(min_length=8, max_length=PASSWORD_LENGTH)]


class Recover(Input, kw_only=True):
    """The code that came by mail, and one proof more."""

    ticket: TicketToken
    code: TypedCode
    recovery_code: Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_LENGTH)] | None = None
    backup: TypedCode | None = None


class NewRecoveryCode(Input):
    """A code that its person made up, and keeps elsewhere than the password."""

    recovery_code: RecoveryCode


async def _ask(context: Context, given: AskCode) -> Ticketed:
    """Have a code to recover an account sent to whoever logs in so, if anybody does."""
    return await ask(context, "recover", given.login)


async def _finish(context: Context, given: Recover) -> None:
    """Take all second factors away; all sessions and API tokens end, and nobody is logged in by it."""
    application = context.application
    if (given.recovery_code is None) == (given.backup is None):
        raise Invalid(flaws=(Flaw("", "has to have one of recovery_code and backup"),))
    ticket = await tickets.look(application.database, "recover", given.ticket)
    by_mail = await prove_mail(context, ticket, given.code)
    user = await owner_of(context, ticket)
    proof = await _prove(context, user, given)
    keys = await keys_of(application.database, user.id)
    # Ended with it, not after it: the proofs are used up, and their person could not ask for it again.
    ended = await logins.ending(application, user.id, RECOVERED)
    writes = [
        *by_mail.writes,
        *proof.writes,
        changed(user, totp=None),
        *(Delete(PASSKEYS, key.id) for key in keys),
        *await without(application, user.id),
        *ended.writes,
        act(context, "recovered", user.id, by=proof.method, passkeys=len(keys)),
        *notice(user, "second_factor"),
    ]
    try:
        await application.database.together(writes)
    except Mismatch as error:
        raise refused(error) from error
    application.jobs.wake()
    ended.tell(application)
    await logins.revoke(application, user.id, RECOVERED)
    await logins.revoke_tokens(application, user.id, RECOVERED)
    context.status = 204


async def _prove(context: Context, user: User, given: Recover) -> Proof:
    if given.recovery_code is not None:
        return await prove_recovery(context, user, given.recovery_code)
    assert given.backup is not None
    return await prove_backup(context, user, given.backup)


async def _set(context: Context, given: NewRecoveryCode) -> None:
    """Set my recovery code, or another; all other sessions end."""
    application = context.application
    user = await require_user(application.database, context.caller.user)
    require_fit(given.recovery_code, user.username, user.name, user.email, pointer="/recovery_code")
    if user.password is not None and await application.passwords.matches(given.recovery_code, user.password):
        raise WeakPassword(flaws=(Flaw("/recovery_code", "is the password, which may be lost with it"),))
    hashed = await application.passwords.hash(given.recovery_code)
    await change(context, user, "recovery_code", "recovery_code.set", fields={"recovery": hashed})
    context.status = 204


async def _remove(context: Context, _given: Empty) -> None:
    """Take my recovery code away; all other sessions end."""
    user = await require_user(context.application.database, context.caller.user)
    if user.recovery is None:
        raise NotFound("there is no recovery code")
    await change(context, user, "recovery_code", "recovery_code.removed", fields={"recovery": None})
    context.status = 204


ASK = Operation(
    name="auth.recover",
    method="POST",
    path="/api/auth/recover",
    socket=False,
    public=True,
    statuses=(202,),
    input=AskCode,
    output=Ticketed,
    run=_ask,
    limits=((MAIL_ADDRESS, by_address), (MAIL_ACCOUNT, by_place), (MAIL_ACCOUNT_DAY, by_place)),
)
FINISH = Operation(
    name="auth.recover.finish",
    method="POST",
    path="/api/auth/recover/finish",
    socket=False,
    public=True,
    statuses=(204,),
    input=Recover,
    run=_finish,
    raises=(TicketOver, WrongCode),
    limits=((LOGIN_ADDRESS, by_address),),
    own_limits=(PROOF_ACCOUNT,),
)
SET = Operation(
    name="auth.recovery",
    method="PUT",
    path="/api/auth/recovery-code",
    socket=False,
    scope="account",
    statuses=(204,),
    needs=(CONFIRMED,),
    input=NewRecoveryCode,
    run=_set,
    raises=(WeakPassword, Conflict),
    limits=((CHANGE_USER, by_user),),
)
REMOVE = Operation(
    name="auth.recovery.remove",
    method="DELETE",
    path="/api/auth/recovery-code",
    socket=False,
    scope="account",
    statuses=(204,),
    needs=(CONFIRMED,),
    input=Empty,
    run=_remove,
    raises=(NotFound, Conflict),
    limits=((CHANGE_USER, by_user),),
)
