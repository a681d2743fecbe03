"""Eight kinds of viewers ask for everything with every id: nothing is told that is not theirs."""

import json
from typing import Any

import pytest

from services import OPERATIONS
from services.operations.operation import Operation
from tests.application import running
from tests.client.checks import Json
from tests.integration.conftest import Store
from tests.integration.privacy.asking import Told, ask, blind, filled, ghost_in, secrets_in, templates
from tests.integration.privacy.rows import OF_ONESELF, PLACES, ROWS
from tests.integration.privacy.world import VIEWERS, Bundle, World, heard, world_of

HIDDEN = ("private", "invited", "invited room", "direct", "deleted room")
"""Bundles of what no viewer may know to be there."""

CROSSED = ("message", "comment", "alias", "report", "target", "call")
"""What of a hidden place is asked for as if it were in the open one."""

ON_MONGO = ("stranger", "banned", "blocked", "moderator")
"""Who walks on MongoDB too, where each takes three times as long: whoever sees least, whoever saw most, whom something
is between, and whoever sees the open topic whole."""

ROUNDS = [("sqlite", viewer) for viewer in VIEWERS] + [
    pytest.param("mongo", viewer, marks=pytest.mark.mongo) for viewer in ON_MONGO
]


def test_every_operation_has_a_row() -> None:
    """Whoever adds one says in ``rows.py`` what the walk asks of it."""
    assert {operation.name for operation in OPERATIONS} <= ROWS.keys()


def in_order() -> list[Operation[Any]]:
    """Return all operations: what changes who is where comes last, in the order of the rows."""
    last = list(PLACES)
    named = {operation.name: operation for operation in OPERATIONS}
    return [one for one in OPERATIONS if one.name not in PLACES] + [named[name] for name in last if name in named]


def is_same(given: Json, other: Json) -> bool:
    """Tell whether two inputs name the same things."""
    return all(given[name] == other[name] for name in given.keys() - {"cid", "name", "title"})


async def walk(world: World, viewer: str) -> tuple[list[Told], list[str]]:
    """Ask for everything as a viewer; return all answers, and where what is there is told from what is not."""
    answers: list[Told] = []
    different: list[str] = []
    open_ = world.bundles["open"]
    crossed = open_ | {name: world.bundles["invited"][name] for name in CROSSED}
    hidden: dict[str, tuple[Bundle, Bundle]] = {
        name: (world.bundles[name], blind(world.bundles[name])) for name in HIDDEN
    }
    hidden["crossed"] = crossed, open_ | {name: blind(crossed)[name] for name in CROSSED}
    for operation in in_order():
        for template in templates(operation):
            if operation.name not in OF_ONESELF:
                for where, (bundle, nothing) in hidden.items():
                    there, absent = filled(operation, template, bundle), filled(operation, template, nothing)
                    if is_same(there, absent):
                        continue  # it names nothing that is hidden
                    told = await ask(world, viewer, operation, there)
                    told_of_nothing = await ask(world, viewer, operation, absent)
                    answers += told + told_of_nothing
                    different += [
                        f"{viewer} {one.op} {where} {one.door}: {one.outcome} {other.outcome}"
                        for one, other in zip(told, told_of_nothing, strict=True)
                        if one.outcome != other.outcome
                    ]
            for name in ("open", "inside", "gone"):
                answers += await ask(world, viewer, operation, filled(operation, template, world.bundles[name]))
    return answers, different


def event_of(viewer: str, event: Json) -> Told:
    """Return an event, to be looked at as an answer is."""
    return Told(viewer, "event", "socket", "", "ok", json.dumps(event, ensure_ascii=False))


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("store", "viewer"), ROUNDS, indirect=["store"])
async def test_nothing_is_told_of_what_is_not_ones_own(store: Store, viewer: str) -> None:
    async with running(store.folder, mongo_url=store.mongo) as parley:
        world = await world_of(parley)
        answers, different = await walk(world, viewer)
        answers += [event_of(viewer, event) for event in await heard(world, viewer)]
        wrong = [f"{told} of {sorted(found)}"[:600] for told in answers if (found := secrets_in(world, told))]
        wrong += [f"ghost: {told}"[:900] for told in answers if ghost_in(world, told) is not None]
    assert wrong + different == []
    assert len({told.op for told in answers if told.code == "ok"}) > (5 if viewer == "nobody" else 60)
