"""Backup codes: ten that stand in for a second factor, each once."""

import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.person import require_user
from services.accounts.second.changing import change
from services.accounts.second.proofs import backup_id
from services.accounts.secrets.held import keys_of
from services.errors import Conflict
from services.operations.context import Context
from services.operations.inputs import Empty
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user
from store.database import FIND_LIMIT, Delete, Insert, Write
from store.tables import BACKUPS, Backup

if TYPE_CHECKING:
    from services.application import Application

COUNT: Final = 10
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""What codes are made of: nothing that looks like something else on paper."""
LENGTH: Final = 10
"""Of 31 letters ten are 49 bits: with five tries, and one more each six minutes, nobody guesses one of ten."""


class BackupCodes(msgspec.Struct, frozen=True):
    """The codes, which are shown this once."""

    backup_codes: list[str]


def _new() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


async def without(application: "Application", user: str) -> tuple[Write, ...]:
    """Return the writes that take all backup codes of somebody away."""
    found = await application.database.find(BACKUPS, {"user": user}, limit=FIND_LIMIT)
    return tuple(Delete(BACKUPS, backup.id) for backup in found)


async def anew(application: "Application", user: str) -> tuple[BackupCodes, tuple[Write, ...]]:
    """Return ten codes, and the writes that put them in the place of all others."""
    codes = [_new() for _ in range(COUNT)]
    made = tuple(Insert(BACKUPS, Backup(id=backup_id(application, user, code), user=user)) for code in codes)
    return BackupCodes(codes), (*await without(application, user), *made)


async def _make(context: Context, _given: Empty) -> BackupCodes:
    """Make ten backup codes; those of before are good no more, and all other sessions end."""
    application = context.application
    user = await require_user(application.database, context.caller.user)
    if user.totp is None and not await keys_of(application.database, user.id):
        raise Conflict("there is no second factor that a backup code could stand in for")
    codes, writes = await anew(application, user.id)
    await change(context, user, "second_factor", "backup.made", *writes)
    return codes


MAKE = Operation(
    name="auth.backup",
    method="POST",
    path="/api/auth/backup-codes",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=Empty,
    output=BackupCodes,
    run=_make,
    raises=(Conflict,),
    limits=((CHANGE_USER, by_user),),
)
