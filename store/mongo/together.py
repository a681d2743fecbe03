"""Writes together: one statement where there is one write, else one transaction that is run until it is decided."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import pymongo
from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from store.errors import Duplicate, Mismatch, Unavailable, Unknown
from store.mongo.link import KEPT, MAJORITY, Collection, Link, before, sending, told
from store.mongo.shape import refused_by
from store.mongo.writes import Request, Step, grouped, reworded

ABORT_S = 0.5
"""Seconds in which to tell the server that a transaction is given up, before that is left to be told later."""

PAUSE_S = (0.002, 0.1)
"""First and longest pause before a transaction that met another is run again; they double, and are cut at random."""

DUPLICATE = 11000

Body = Callable[[AsyncClientSession], Awaitable[None]]


class _Unsure(Exception):
    """A group was refused, and another write of its own order may have been refused before."""


async def write(link: Link, steps: Sequence[Step]) -> None:
    """Do all of these or none.

    Raises:
        Duplicate: At the position of the refused write.
        Mismatch: The same.
        Unavailable: If nothing was written.
        Unknown: If they may have been.
    """
    singly = [[step] for step in steps]
    if len(steps) == 1 and not steps[0].unread:
        return await link.writing(lambda: _in_groups(link, singly, None))

    async def transact(until: float) -> None:
        groups = grouped(steps)
        if groups is not None:
            with contextlib.suppress(_Unsure):
                return await _transaction(link, until, lambda session: _in_groups(link, groups, session))
        return await _transaction(link, until, lambda session: _in_groups(link, singly, session))

    return await link.turn(transact)


async def _in_groups(link: Link, groups: Sequence[Sequence[Step]], session: AsyncClientSession | None) -> None:
    done: list[Step] = []
    for group in groups:
        collection = link.collection(group[0].shape.name)
        requests = [await _request(collection, step, session) for step in group]
        try:
            result = await collection.bulk_write(requests, session=session)
        except BulkWriteError as error:
            at, index = duplicate(error)
            _refuse([*done, *group[:at]], group[at], Duplicate(group[at].shape.name, index, group[at].position))
        else:
            if result.matched_count + result.upserted_count < sum(step.sets for step in group):
                _refuse(done, group[0], Mismatch(group[0].shape.name, group[0].id, group[0].position), len(group) == 1)
        done.extend(group)


def _refuse(done: Sequence[Step], step: Step, refusal: Duplicate | Mismatch, certain: bool = True) -> None:
    """Raise the refusal of a step if what was done is exactly what stands before it, so that it is the first one."""
    positions = [each.position for each in done]
    first = len(positions) == step.position and all(position < step.position for position in positions)
    raise refusal if certain and first else _Unsure


def duplicate(error: BulkWriteError) -> tuple[int, str]:
    """Return the place of the write that a unique index refused, and the index.

    Raises:
        BulkWriteError: The same one, where it is about something else.
    """
    details = error.details or {}
    refusal = (details.get("writeErrors") or [{}])[0]
    if refusal.get("code") != DUPLICATE or details.get("writeConcernErrors"):
        raise error
    return refusal["index"], refused_by(refusal)


async def _request(collection: Collection, step: Step, session: AsyncClientSession | None) -> Request:
    """Return the request of a step; one that changes some of the words reads what the others are."""
    if not step.unread:
        return step.request
    found = await collection.find_one({"_id": step.id}, dict.fromkeys(step.unread, True), session=session)
    if found is None:
        raise Mismatch(step.shape.name, step.id, step.position)
    return reworded(step, {field: found.get(field, step.shape.defaults[field]) for field in step.unread})


async def _transaction(link: Link, until: float, body: Body) -> None:
    """Run ``body`` in a transaction until it is committed or refused.

    Raises:
        Unavailable: If it could not be committed in time: nothing was written.
        Unknown: If the commit was sent and not answered.
    """
    pause, longest = PAUSE_S
    async with link.client.start_session() as session:
        while True:
            try:
                if await _attempt(link, session, until, body):
                    return
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or time.monotonic() + pause >= until:
                    raise Unavailable(told(error)) from error
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311  spreads those who met
            pause = min(2 * pause, longest)


async def _attempt(link: Link, session: AsyncClientSession, until: float, body: Body) -> bool:
    """Run a transaction once; tell whether it was committed, else it is to be run again."""
    await session.start_transaction(MAJORITY, KEPT, ReadPreference.PRIMARY)
    with sending() as sent:
        try:
            with before(until):
                await body(session)
        except BaseException as error:
            # What was written so far shall not stand in anybody's way.
            try:
                with pymongo.timeout(ABORT_S):
                    await session.abort_transaction()
            finally:
                # A statement that was not answered may yet arrive, after the order to end its transaction.
                answered = isinstance(error, OperationFailure | Duplicate | Mismatch | _Unsure)
                if sent.begun and not answered and not sent.aborted:
                    link.abandoned.add(session)
            raise
    return await _commit(session, until)


async def _commit(session: AsyncClientSession, until: float) -> bool:
    """Commit; tell whether it was, else the whole is to be run again."""
    with sending() as sent:
        while True:
            try:
                with before(until):
                    await session.commit_transaction()
                    return True
            except PyMongoError as error:
                if not sent.begun:
                    raise Unavailable(told(error)) from error
                if error.has_error_label("TransientTransactionError"):
                    return False
                if not error.has_error_label("UnknownTransactionCommitResult") or time.monotonic() >= until - 0.05:
                    raise Unknown(told(error)) from error
            await asyncio.sleep(random.uniform(*PAUSE_S))  # noqa: S311  as above
