"""The one secret of an installation, from which the keys for tokens, passwords and the like are derived."""

import contextlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from settings import usable_secret
from store.database import Database, Record, Table
from store.errors import Duplicate, Unknown

FILE = "secret"
SECRET_BYTES = 32


class Secret(Record, kw_only=True):
    """A secret that nodes on one database share."""

    value: str


SECRETS = Table("secrets", Secret)
SHARED = "installation"


def load_secret(data_dir: Path) -> str:
    """Return the secret in ``data_dir``, made at the first start; processes that start at once find the same.

    The file is for its owner alone: where others could read it and it is ours, they no longer can.

    Raises:
        ValueError: If it is short or looks like a sample, or others can read it and it is not ours.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / FILE
    if not path.exists():
        _make(path)
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        found = os.fstat(descriptor)
        if stat.S_IMODE(found.st_mode) & 0o077:
            if found.st_uid != os.geteuid():
                raise ValueError(f"{path} can be read by others and is not ours to change: chmod 600 it")
            os.fchmod(descriptor, 0o600)
        return check_secret(file.read().strip(), str(path))


def _make(path: Path) -> None:
    """Make the file whole or not at all, unless another process was first."""
    new = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a rename, a link does not replace what another process has made.
            path.hardlink_to(new)
        except FileExistsError:
            return
    finally:
        new.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_secret(secret: str, where: str) -> str:
    """Return the secret if it can be trusted to be one.

    Raises:
        ValueError: If not. The text says why and never what it is.
    """
    try:
        return usable_secret(secret)
    except ValueError as refusal:
        raise ValueError(f"the secret in {where} {refusal}") from None


async def shared_secret(database: Database, own: str) -> str:
    """Return the secret that all nodes on this database share: ``own``, of whichever of them was first.

    Raises:
        ValueError: If the shared one cannot be trusted.
        Unavailable: If the database cannot be reached.
    """
    found = await database.get(SECRETS, SHARED)
    if found is None:
        with contextlib.suppress(Duplicate, Unknown):
            await database.insert(SECRETS, Secret(id=SHARED, value=check_secret(own, "the data directory")))
        found = await database.get(SECRETS, SHARED)
    if found is None:
        raise Unknown("the shared secret could not be written")
    return check_secret(found.value, f"table {SECRETS.name} of the database")


def derive(secret: str, label: str) -> bytes:
    """Return the key of 32 bytes for one purpose: who learns one key learns neither another nor the secret."""
    return hmac.digest(secret.encode(), label.encode(), "sha256")
