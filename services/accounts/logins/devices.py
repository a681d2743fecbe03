"""The devices that somebody logged in with before."""

import hashlib
import re
from typing import TYPE_CHECKING

from services.mail.letter import letter
from store.database import Insert, Put, Write
from store.tables import DEVICES, JOBS, Device, Login, User

if TYPE_CHECKING:
    from services.application import Application


async def noticed(application: "Application", user: User, login: Login) -> list[Write]:
    """Return the writes that remember a device, and have its person told of it where it is not their first.

    A device is known by what its program tells of itself, without the numbers of its version. Whoever copies that goes
    unnoticed: it is a notice, and no lock.
    """
    told = re.sub("[0-9.]+", "", login.agent)
    id_ = f"{user.id}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"
    if await application.database.get(DEVICES, id_) is not None:
        return []
    writes: list[Write] = [Put(DEVICES, Device(id=id_, user=user.id, created_at=login.created_at))]
    if user.email_verified and await application.database.find(DEVICES, {"user": user.id}, limit=1):
        facts = {"name": user.name, "agent": login.agent, "address": login.address}
        writes.append(Insert(JOBS, letter("new_device", user.email, user.preferences.language, **facts)))
    return writes
