"""Change the password, knowing the present one."""

from services.accounts.logins import families as logins
from services.accounts.logins.needs import CONFIRMED, is_more_than_mail
from services.accounts.password.fitness import require_fit
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import require_user
from services.accounts.secrets.passwords import GivenPassword, Password
from services.errors import BadCredentials, Conflict, Unauthenticated, WeakPassword
from services.ids import now_ms
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import PROOF_ACCOUNT
from services.operations.operation import Operation
from store.database import Update
from store.errors import Mismatch
from store.tables import LOGINS, USERS, User

CHANGED = "the password was changed"
"""Why a session ended."""


class ChangePassword(Input):
    """The new password, and the present one where there was no proof lately."""

    password: Password
    current: GivenPassword | None = None


async def _change(context: Context, given: ChangePassword) -> None:
    """Set or change the password; all other sessions end."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    await _require_proof(context, user, given.current)
    require_fit(given.password, user.username, user.name, user.email)
    hashed = await application.passwords.hash(given.password)
    mailed = user.password_mailed and not await is_more_than_mail(context)
    changes = {"password": hashed, "password_changed_at": now_ms(), "password_mailed": mailed}
    others = await logins.ending(application, user.id, CHANGED, but=caller.login)
    try:
        await application.database.together(
            [
                logins.lives(context),
                Update(USERS, user.id, changes, {"password": user.password}),
                act(context, "password.changed", user.id),
                *notice(user, "password"),
                *others.writes,
            ]
        )
    except Mismatch as error:
        if error.table == LOGINS.name:
            raise Unauthenticated from error
        raise Conflict("the password was changed at the same moment") from error
    application.jobs.wake()
    others.tell(application)
    await logins.revoke(application, user.id, CHANGED, but=caller.login)
    context.status = 204


async def _require_proof(context: Context, user: User, current: str | None) -> None:
    if current is None:
        await CONFIRMED.check(context)
        return
    application = context.application
    key = await logins.bucket_of(application, user.id, context.address)
    await application.limits.take_exactly(PROOF_ACCOUNT, key)
    if not await application.passwords.matches(current, user.password):
        raise BadCredentials


CHANGE = Operation(
    name="auth.password",
    method="PUT",
    path="/api/auth/password",
    socket=False,
    scope="account",
    statuses=(204,),
    input=ChangePassword,
    run=_change,
    raises=(BadCredentials, *CONFIRMED.raises, WeakPassword, Conflict),
    own_limits=(PROOF_ACCOUNT,),
)
