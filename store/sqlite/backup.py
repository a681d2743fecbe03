"""Backup and restore of the embedded database: one file, written while servers run."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from store.errors import Unavailable, WrongStore
from store.sqlite.file import check, connect, new_epoch
from store.tables import SCHEMA_VERSION

LOG_SUFFIXES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database. Left beside another one, it would be taken for that one's."""


async def backup(source: Path, target: Path) -> None:
    """Copy the database file ``source`` to the new file ``target``, as it is at one moment; servers may be using it.

    Raises:
        WrongStore: If there is no database of ours, or ``target`` exists.
        Unavailable: If it cannot be read or written now.
    """
    await asyncio.to_thread(_backup, source, target)


async def restore(source: Path, target: Path, *, force: bool = False) -> str:
    """Make the database file ``target`` from the backup ``source`` and return its epoch, a new one.

    With the new epoch every client fetches its rooms anew: what they saw after the backup is no more.

    Raises:
        WrongStore: If ``source`` is no sound backup that this program opens, or ``target`` exists and ``force`` is not
            given, or is in use.
        Unavailable: If it cannot be read or written now.
    """
    return await asyncio.to_thread(_restore, source, target, force=force)


def _backup(source: Path, target: Path) -> None:
    if target.exists():
        raise WrongStore(f"{target} exists: name a new file")
    _copy(source, target, lambda connection: None)


def _restore(source: Path, target: Path, *, force: bool) -> str:
    if source.exists() and target.exists() and source.samefile(target):
        raise WrongStore(f"{source} is the database itself")
    if target.exists() and not force:
        raise WrongStore(f"{target} exists: it is only overwritten where you force it")
    epoch = new_epoch()

    def renew(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE _meta SET value=? WHERE key='epoch'", (epoch,))
        if target.exists():
            _set_aside(target)

    _copy(source, target, renew)
    return epoch


def _copy(source: Path, target: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
    """Copy a database to a file beside ``target``, finish it, and put it in its place when it is whole and synced."""
    try:
        with contextlib.closing(_open_source(source)) as read, _part(target) as part:
            with contextlib.closing(connect(part, writing=True)) as write:
                read.backup(write)
                # Without a log beside it: one file is all there is.
                write.execute("PRAGMA journal_mode=DELETE").fetchall()
                _check_sound(write, source)
                finish(write)
            part.replace(target)
            _sync(target.parent)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            raise WrongStore(f"{source} is not a sound database: {error}") from error
        raise Unavailable(f"{source} was not copied: {error}") from error
    except OSError as error:
        raise Unavailable(f"{target} was not written: {error.strerror}") from error


@contextlib.contextmanager
def _part(target: Path) -> Iterator[Path]:
    """Give an empty file beside ``target``, for the owner alone; it is gone in the end, unless it was moved."""
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield part
    finally:
        for path in (part, *_logs(part)):
            path.unlink(missing_ok=True)


def _open_source(source: Path) -> sqlite3.Connection:
    if not source.is_file():
        raise WrongStore(f"there is no database at {source}")
    connection = connect(source, writing=False)
    try:
        if not check(connection, source, SCHEMA_VERSION):
            raise WrongStore(f"{source} is empty")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_sound(connection: sqlite3.Connection, source: Path) -> None:
    found = [str(row[0], "utf-8", "replace") for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise WrongStore(f"{source} is not a sound database: {'; '.join(found)}")


def _set_aside(target: Path) -> None:
    """Make sure that nobody uses the database that is to be overwritten, and take its log away.

    Raises:
        WrongStore: If somebody does.
    """
    try:
        with contextlib.closing(connect(target, writing=True)) as connection:
            # Only the last connection may do so. It brings what is in the log into the file.
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise WrongStore(f"{target} is in use: stop the servers first") from error
        # Broken, which is why it is overwritten.
    for path in _logs(target):
        path.unlink(missing_ok=True)


def _logs(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in LOG_SUFFIXES]


def _sync(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
