"""The ways into an account: whoever takes one away leaves another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.errors import LastWayIn
from store.database import FIND_LIMIT, Update, Write
from store.tables import IDENTITIES, PASSKEYS, USERS, User

if TYPE_CHECKING:
    from services.application import Application


@dataclass(frozen=True, slots=True)
class Ways:
    """What somebody may begin a log-in with. A second factor is none: it comes after one of these."""

    password: bool
    passkeys: int
    identities: int
    """Those alone whose provider is still in the settings."""
    mail: bool
    """Whether codes go to an address that is proved."""

    @property
    def count(self) -> int:
        """How many there are."""
        return self.password + self.passkeys + self.identities + self.mail


async def ways_in(application: "Application", user: User) -> Ways:
    """Return the ways into an account, as they are now."""
    database = application.database
    keys = await database.find(PASSKEYS, {"user": user.id}, limit=FIND_LIMIT)
    identities = await database.find(IDENTITIES, {"user": user.id}, limit=FIND_LIMIT)
    usable = sum(application.sign_ins.knows(identity.issuer) for identity in identities)
    return Ways(user.password is not None, len(keys), usable, user.email_verified)


async def leave_another(application: "Application", user: User) -> Write:
    """Make sure that an account has two ways in at least, and return a write for what takes one of them away.

    The write belongs into that transaction. It is refused (``Mismatch``) where another way was taken away meanwhile:
    then look at the account again.

    Raises:
        LastWayIn: If it has one alone.
    """
    if (await ways_in(application, user)).count < 2:
        raise LastWayIn
    return Update(USERS, user.id, {"ways_lost": user.ways_lost + 1}, {"ways_lost": user.ways_lost})
