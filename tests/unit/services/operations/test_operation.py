"""Performing: permission, limits, deadline and meters of every operation, once for both doors."""

import asyncio
import functools
import gc
import inspect
import re
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services import OPERATIONS
from services.errors import Conflict, ServiceError, TooMany, Unauthenticated, Unavailable
from services.operations import context as context_module
from services.operations.context import Context, Principal
from services.operations.inputs import Empty
from services.operations.operation import Operation, begin, perform
from store.errors import Unknown
from tests.application import Parley, running
from tests.peers import until


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


@pytest.fixture
async def context(parley: Parley) -> Context:
    (ann,) = await parley.people("ann")
    principal = await parley.application.tokens.authenticate(ann.account.token)
    return Context(parley.application, principal, "127.0.0.1")


def doing(run: Any, *, public: bool = False) -> Operation[Empty]:
    return Operation(name="test.op", input=Empty, run=run, public=public)


def raising(error: BaseException) -> Operation[Empty]:
    async def run(_context: Context, _given: Empty) -> None:
        raise error

    return doing(run)


def counted(context: Context, code: str) -> float:
    registry = context.application.metrics.registry
    return registry.get_sample_value("parley_operations_total", {"operation": "test.op", "code": code}) or 0.0


async def test_answer_is_what_the_operation_returns(context: Context) -> None:
    async def run(_context: Context, _given: Empty) -> str:
        return "done"

    assert await perform(doing(run), context, Empty()) == "done"
    assert counted(context, "ok") == 1


@pytest.mark.parametrize(
    ("error", "told", "code"),
    [
        (Conflict(), Conflict, "conflict"),
        (Conflict(code="special"), Conflict, "special"),
        (Unknown("no answer"), Unavailable, "unavailable"),
        (TimeoutError(), Unavailable, "unavailable"),
        (ZeroDivisionError(), ZeroDivisionError, "internal"),
        (asyncio.CancelledError(), asyncio.CancelledError, "cancelled"),
    ],
)
async def test_failure_is_told_and_counted(
    context: Context, error: BaseException, told: type[BaseException], code: str
) -> None:
    with pytest.raises(told):
        await perform(raising(error), context, Empty())
    assert counted(context, code) == 1


async def test_operation_has_a_deadline(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_module, "DEADLINE_S", 0.01)

    async def run(_context: Context, _given: Empty) -> None:
        await asyncio.Event().wait()

    with pytest.raises(Unavailable) as refused:
        await perform(doing(run), context, Empty())
    assert refused.value.retry_after


async def test_nobody_may_ask_but_for_what_is_public(context: Context) -> None:
    async def run(_context: Context, _given: Empty) -> str:
        return "done"

    nobody = Context(context.application, None, "127.0.0.1")
    with pytest.raises(Unauthenticated):
        await perform(doing(run), nobody, Empty())
    assert await perform(doing(run, public=True), nobody, Empty()) == "done"
    with pytest.raises(Unauthenticated):
        _ = nobody.caller


async def test_whose_log_in_has_ended_may_not_ask(context: Context) -> None:
    context.application.tokens.end(context.caller.login)
    with pytest.raises(Unauthenticated):
        await perform(raising(ZeroDivisionError()), context, Empty())


async def test_begun_operation_needs_a_first_half(context: Context) -> None:
    with pytest.raises(TypeError):
        await begin(raising(ZeroDivisionError()), context, Empty(), lambda _result, _error: None)


async def test_begun_operation_that_is_not_admitted_is_done_at_once(context: Context) -> None:
    context.application.limits.on = True
    context.principal = Principal("nobody", "nobody", "no log-in", 0.0)
    outcomes: list[BaseException | None] = []
    send = next(operation for operation in OPERATIONS if operation.name == "message.send")
    given = msgspec.convert({"room": "r", "text": "x", "cid": "x"}, send.input)
    await begin(send, context, given, lambda _result, error: outcomes.append(error))
    assert [type(error) for error in outcomes] == [Unauthenticated]


def told(answered: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    assert error is None
    answered.set_result(result)


async def test_send_leaves_nothing_to_the_garbage_collector(parley: Parley, context: Context) -> None:
    (bob,) = await parley.people("bob")
    context.principal = await parley.application.tokens.authenticate(bob.account.token)
    send = next(operation for operation in OPERATIONS if operation.name == "message.send")
    room = await bob.create()
    gc.collect()
    gc.disable()  # its looks are stalls of the loop, and cost a fifth of what a send does
    try:
        gone = []
        for number in range(3):
            answered = asyncio.get_running_loop().create_future()
            gone.append(weakref.ref(answered))
            given = msgspec.convert({"room": room, "text": "x", "cid": f"g{number}"}, send.input)
            await begin(send, context, given, functools.partial(told, answered))
            await answered
            del answered
        # The flight itself ends a moment after its answers.
        await until(lambda: [one() for one in gone] == [None] * 3)
    finally:
        gc.enable()


# The table of contents


def test_operations_have_names_and_places_of_their_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    places = [(operation.method, operation.path) for operation in OPERATIONS if operation.method]
    assert len(set(names)) == len(names)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_operation_is_whole(operation: Operation[Any]) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(operation.input)}
    assert set(re.findall(r"\{(\w+)\}", operation.path or "")) <= fields
    assert (operation.method is None) == (operation.path is None)
    assert operation.method or operation.socket, "nobody could ask for it"
    assert operation.summary.endswith(".")
    assert inspect.iscoroutinefunction(operation.run)
    assert not {TooMany, ServiceError} & set(operation.raises), "told of for all at once"
    # 202 promises a letter, and says no more than that.
    assert (operation.output is None) <= ({202, 204} >= set(operation.statuses) or not operation.method)
