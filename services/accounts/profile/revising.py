"""Changing what somebody says of themselves, and telling who has to know."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from services.accounts.people.person import Me, myself, require_user
from services.errors import Conflict
from store.database import Update, Write
from store.errors import Mismatch
from store.tables import USERS, User

if TYPE_CHECKING:
    from services.application import Application

TRIES = 5
"""Changes of one person that may be made at the same moment."""

Change = Callable[[User], tuple[dict[str, Any], tuple[Write, ...]]]
"""What is to be another, given an account as it is, and what is written with it."""


class UserEvent(msgspec.Struct, tag_field="ev", tag="user", frozen=True):
    """Not kept: oneself as one is by now, for one's other sessions."""

    d: Me


async def revise(application: "Application", id_: str, change: Change) -> User:
    """Change an account, as it is at that moment, and have all nodes know; where nothing differs nothing is done.

    Raises:
        UserNotFound: If it is no more.
        Conflict: If others change it all the time.
        Duplicate: If another has what has to be unique.
    """
    for _ in range(TRIES):
        user = await require_user(application.database, id_)
        wanted, also = change(user)
        changes = {name: value for name, value in wanted.items() if value != getattr(user, name)}
        if not changes:
            return user
        changes["revised"] = user.revised + 1
        try:
            update = Update(USERS, id_, changes, {"revised": user.revised, "deleted_at": None})
            await application.database.together([update, *also])
        except Mismatch:
            continue
        revised = msgspec.structs.replace(user, **changes)
        tell_changed(application, revised)
        return revised
    raise Conflict("your account is being changed elsewhere; try again")


def tell_changed(application: "Application", user: User) -> None:
    """Have every node forget what it knew of somebody, and tell their own sessions how they are by now."""
    application.live.changed(user.id)
    application.live.tell(user.id, msgspec.json.encode(UserEvent(myself(user))))
