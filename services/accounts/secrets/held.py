"""What somebody has to prove with who they are, beside what stands in their account's record."""

from store.database import FIND_LIMIT, Database
from store.tables import BACKUPS, PASSKEYS, Backup, Passkey, User


async def keys_of(database: Database, user: str) -> list[Passkey]:
    """Return the passkeys of somebody, the oldest first."""
    found = await database.find(PASSKEYS, {"user": user}, limit=FIND_LIMIT)
    return sorted(found, key=lambda key: (key.created_at, key.id))


async def backups_of(database: Database, user: str) -> list[Backup]:
    """Return the backup codes of somebody that were not used."""
    found = await database.find(BACKUPS, {"user": user}, limit=FIND_LIMIT)
    return [backup for backup in found if backup.used_at is None]


async def confirming(database: Database, user: User) -> tuple[str, ...]:
    """Return the proofs by which somebody who is logged in may prove again who they are, by their names.

    A code by mail is one for those alone who have nothing better: whoever got hold of a session may well have got hold
    of the mailbox in the same browser.
    """
    keys = bool(await keys_of(database, user.id))
    offered = {
        "password": user.password is not None,
        "totp": user.totp is not None,
        "passkey": keys,
        "backup": (keys or user.totp is not None) and bool(await backups_of(database, user.id)),
    }
    found = tuple(name for name, there in offered.items() if there)
    return found or (("mail",) if user.email_verified else ())
