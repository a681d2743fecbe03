"""The database file: opening it, what it says of itself, and bringing its tables to what is declared."""

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from store.errors import Unavailable, WrongStore
from store.sqlite.shape import Shape

PRODUCT = "parley"
BUSY_TIMEOUT_S = 4.0
"""How long a write waits for another process that writes to the same file: callers give up after 5 seconds."""

PAUSE_S = 0.01
"""Between two tries of what SQLite itself does not wait for."""

STATEMENTS = 512
"""Statements that a connection keeps prepared."""

CACHE_KIB = 32_768
"""Memory in which a connection keeps pages."""

CHECKPOINT_PAGES = 4_000
"""Pages in the log (of 4 KiB) at which they go into the file. Fewer cost more time, more a longer log and start."""

LOG_LIMIT = 64 * 2**20
"""Bytes to which the log is cut after it was longer."""

Meta = Mapping[str, Any]
T = TypeVar("T")


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """Return a connection to a file that exists, which gives text as bytes; one that is not for writing cannot."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
    )
    connection.text_factory = bytes
    connection.execute("PRAGMA synchronous=FULL")
    # What undoes a refused job within a commit is kept in memory: in a file it took half of all that was written.
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={LOG_LIMIT}")
    if not writing:
        connection.execute("PRAGMA query_only=ON")
    return connection


def prepare(path: Path, shapes: Iterable[Shape[Any]], version: int) -> Meta:
    """Make the database or check that it is ours, make what is missing, and return what it says of itself.

    Several processes may do so at once: what the first one makes is everybody's.

    Raises:
        WrongStore: If there is something else, or a database of another product or a newer version.
        Unavailable: If it cannot be opened now.
    """
    _make_file(path)
    try:
        connection = connect(path, writing=True)
        try:
            return _prepare(connection, path, shapes, version)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise WrongStore(f"{path} is not a SQLite database: move it away, or name another place") from error
        raise Unavailable(f"cannot open {path}: {error}") from error


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It holds what people said to each other: for nobody but the user that the server runs as.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except (FileExistsError, NotADirectoryError) as error:
        raise WrongStore(f"{error.filename} is a file where a folder should be: name another place") from error
    except IsADirectoryError as error:
        raise WrongStore(f"{path} is a folder where the database file should be: name another place") from error
    except PermissionError as error:
        raise WrongStore(f"cannot write to {path}: {error.strerror}; give the server's user the right to") from error
    except OSError as error:
        raise WrongStore(f"cannot write to {path}: {error.strerror}") from error


def _prepare(connection: sqlite3.Connection, path: Path, shapes: Iterable[Shape[Any]], version: int) -> Meta:
    _patiently(lambda: check(connection, path, version))
    _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchall())
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS _meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID")
    first = {"product": PRODUCT, "version": version, "epoch": new_epoch()}
    connection.executemany("INSERT OR IGNORE INTO _meta VALUES (?,?)", first.items())
    meta = check(connection, path, version)
    for shape in shapes:
        _align(connection, shape)
    connection.execute("COMMIT")
    return meta


def new_epoch() -> str:
    """Return a new name for what cursors refer to."""
    return secrets.token_hex(8)


def check(connection: sqlite3.Connection, path: Path, version: int) -> Meta:
    """Return what a database says of itself if this program may open it; nothing if it is empty.

    Raises:
        WrongStore: If it may not.
    """
    tables = {str(name, "utf-8") for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    if not tables:
        return {}
    meta: dict[str, Any] = {}
    if "_meta" in tables:
        found = connection.execute("SELECT key,value FROM _meta").fetchall()
        meta = {str(key, "utf-8"): str(value, "utf-8") if isinstance(value, bytes) else value for key, value in found}
    if meta.get("product") != PRODUCT:
        what = f"is of {meta['product']}" if "product" in meta else f"holds {', '.join(sorted(tables)[:3])}"
        raise WrongStore(f"{path} is not a database of Parley (it {what}): name another place")
    if meta["version"] > version:
        raise WrongStore(
            f"{path} is of version {meta['version']} and this program knows {version}: start a newer program, "
            "or restore a backup that this one wrote"
        )
    return meta


def _align(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    """Make what is missing of a table: itself, columns, indexes, words; drop what is declared otherwise now."""
    # Name to whether SQLite makes the column from the documents, as it does with those that were added later.
    present = {str(row[1], "utf-8"): bool(row[6]) for row in connection.execute(f'PRAGMA table_xinfo("{shape.name}")')}
    if not present:
        connection.execute(shape.table_sql())
    else:
        for field in shape.indexed:
            if field not in present:
                connection.execute(shape.column_sql(field))
                present[field] = True
        shape.derive([field for field, derived in present.items() if derived])
    _align_indexes(connection, shape)
    _align_words(connection, shape)


def _align_indexes(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    found = connection.execute(
        "SELECT name,sql FROM sqlite_schema WHERE type='index' AND tbl_name=? AND sql IS NOT NULL", (shape.name,)
    ).fetchall()
    present = {str(name, "utf-8"): str(sql, "utf-8") for name, sql in found}
    wanted = shape.index_sqls()
    for name, sql in present.items():
        # What is not declared may be of a newer program that uses the file too; but it must not refuse records.
        if sql != wanted.get(name) and (name in wanted or sql.startswith("CREATE UNIQUE")):
            connection.execute(f'DROP INDEX "{name}"')
    for name, sql in wanted.items():
        if present.get(name) == sql:
            continue
        try:
            connection.execute(sql)
        except sqlite3.IntegrityError as error:
            raise WrongStore(f"{shape.name} holds records that its unique index {name} refuses: {error}") from error


def _align_words(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    """Make the table of words, and again where it was made of other fields, or written past by a program without it."""
    key, fields = f"words:{shape.name}", ",".join(shape.table.words)
    made = connection.execute("SELECT value FROM _meta WHERE key=?", (key,)).fetchall()
    if not fields:
        connection.execute("DELETE FROM _meta WHERE key=?", (key,))
    elif not made or str(made[0][0], "utf-8") != fields:
        connection.execute(f'DROP TABLE IF EXISTS "{shape.words_table}"')
        connection.execute(shape.words_sql())
        for at, document in connection.execute(shape.stamped_sql):
            if tokens := shape.tokens(shape.decode(document)):
                connection.execute(shape.keep_words_sql, (at, tokens))
        connection.execute("INSERT OR REPLACE INTO _meta VALUES (?,?)", (key, fields))


def _patiently(do: Callable[[], T]) -> T:
    """Do what fails at once where another process does the same, until it succeeds or takes too long."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            return do()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
