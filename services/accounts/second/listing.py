"""What somebody has to prove with who they are."""

import msgspec

from services.accounts.people.person import require_user
from services.accounts.secrets.held import backups_of, keys_of
from services.accounts.signin.linking import IdentityView, view
from services.operations.context import Context
from services.operations.inputs import Empty
from services.operations.operation import Operation
from store.tables import IDENTITIES


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """What is set up."""

    password: bool
    totp: bool
    backup_codes: int
    recovery_code: bool
    passkeys: int
    mail_second_step: bool
    identities: list[IdentityView]


async def _list(context: Context, _given: Empty) -> Proofs:
    """Tell what I can prove with who I am."""
    database = context.application.database
    user = await require_user(database, context.caller.user)
    identities = await database.find(IDENTITIES, {"user": user.id}, limit=100)
    return Proofs(
        password=user.password is not None,
        totp=user.totp is not None,
        backup_codes=len(await backups_of(database, user.id)),
        recovery_code=user.recovery is not None,
        passkeys=len(await keys_of(database, user.id)),
        mail_second_step=user.preferences.mail_second_step,
        identities=[view(identity) for identity in identities],
    )


LIST = Operation(
    name="auth.proofs",
    method="GET",
    path="/api/auth/proofs",
    socket=False,
    scope="account",
    input=Empty,
    output=Proofs,
    run=_list,
)
