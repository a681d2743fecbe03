"""Jobs of the writer, and how a group of them is done in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from store.errors import Duplicate, Mismatch, StoreError
from store.sqlite.answers import Future, Outcome
from store.sqlite.draft import Draft, Undrafted, add_rows, chunks
from store.sqlite.shape import Row, Shape
from store.sqlite.writes import Step, add_row

T = TypeVar("T")

REFUSALS = (
    StoreError,
    TypeError,
    ValueError,
    OverflowError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What is wrong with one job. Anything else is wrong with the store, and fails the group."""


class Rows:
    """Rows to add in order to a table without words, stopping at the first refusal."""

    __slots__ = ("future", "rows", "shape")

    soft = True

    def __init__(self, shape: Shape[Any], rows: Sequence[Row], future: Future) -> None:
        self.shape = shape
        self.rows = rows
        self.future = future

    @property
    def weight(self) -> int:
        """How many writes it is."""
        return len(self.rows)

    def do(self, connection: sqlite3.Connection) -> None:
        """Add the rows.

        Raises:
            Duplicate: At its position, with the rows before it added.
        """
        position = 0
        for chunk in chunks(self.rows):
            try:
                add_rows(self.shape, chunk, connection)
            except sqlite3.IntegrityError:
                for place, row in enumerate(chunk, position):
                    _at(place, partial(add_row, self.shape, row, connection))
            position += len(chunk)


class Steps:
    """Writes to do in order, answered with the result of the last.

    They are done all or not at all; with ``prefix``, up to the first refusal.
    """

    __slots__ = ("future", "prefix", "soft", "steps")

    def __init__(self, steps: Sequence[Step], future: Future, *, prefix: bool = False) -> None:
        self.steps = steps
        self.future = future
        self.prefix = prefix
        self.soft = not prefix and all(step.soft for step in steps)

    @property
    def weight(self) -> int:
        """How many writes it is."""
        return len(self.steps)

    def do(self, connection: sqlite3.Connection) -> object:
        """Do the writes.

        Raises:
            Duplicate: At its position.
            Mismatch: The same.
        """
        # A write that is refused leaves nothing behind: one alone needs no savepoint.
        if self.prefix or len(self.steps) == 1:
            return self._do_each(connection)
        connection.execute("SAVEPOINT job")
        try:
            answer = self._do_each(connection)
        except REFUSALS:
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            raise
        connection.execute("RELEASE job")
        return answer

    def _do_each(self, connection: sqlite3.Connection) -> object:
        answer = None
        for position, step in enumerate(self.steps):
            answer = _at(position, partial(step.do, connection))
        return answer


Job = Rows | Steps


def apply(jobs: Sequence[Job], connection: sqlite3.Connection) -> list[Outcome]:
    """Do the jobs in order within the open transaction; one that is refused leaves nothing and fails alone."""
    outcomes: list[Outcome] = []
    for soft, run in groupby(jobs, key=lambda job: job.soft):
        group = list(run)
        if soft and (len(group) > 1 or (isinstance(group[0], Steps) and group[0].weight > 1)):
            outcomes += _draft(group, connection)
        else:
            outcomes += [_outcome(partial(job.do, connection)) for job in group]
    return outcomes


def _draft(jobs: Sequence[Job], connection: sqlite3.Connection) -> list[Outcome]:
    connection.execute("SAVEPOINT draft")
    try:
        draft = Draft(connection, (step for job in jobs if isinstance(job, Steps) for step in job.steps))
        outcomes = [_drawn(draft, job) for job in jobs]
        draft.flush()
    except (Undrafted, *REFUSALS):
        # Somebody is refused: who it is shows when they are done one by one.
        connection.execute("ROLLBACK TO draft")
        outcomes = [_outcome(partial(job.do, connection)) for job in jobs]
    connection.execute("RELEASE draft")
    return outcomes


def _drawn(draft: Draft, job: Job) -> Outcome:
    if isinstance(job, Rows):
        draft.add(job.shape, job.rows)
        return None
    return _outcome(partial(draft.do, job.steps))


def _outcome(do: Callable[[], object]) -> Outcome:
    try:
        return do()
    except REFUSALS as error:
        return error


def _at(position: int, do: Callable[[], T]) -> T:
    """Do something, noting its position where it is refused."""
    try:
        return do()
    except (Duplicate, Mismatch) as error:
        error.position = position
        raise
