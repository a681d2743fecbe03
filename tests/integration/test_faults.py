"""Every call to the store of every operation made to fail in turn: nothing is half done, and a repetition succeeds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services import OPERATIONS
from services.errors import ServiceError
from services.messages import marks
from services.operations.operation import Context, Operation, Principal, perform
from services.operations.schemas import convert
from services.streams import flight
from tests.application import Parley, running
from tests.audit import audit
from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.integration.parity_rows import ROWS, Row
from tests.peers import until
from tests.unstable import WRITES, Fault

BY_NAME: dict[str, Operation[Any]] = {operation.name: operation for operation in OPERATIONS}

ALIASES = {"message.reaction.put": {"emoji": ":x:"}, "message.reaction.delete": {"emoji": ":x:"}}
"""Operations that the parity table has under another name, and what they are asked with."""

DONE = {
    "auth.register": "username_taken",
    "auth.logout": "unauthenticated",
    "room.delete": "room_not_found",
    "room.leave": "not_a_member",
    "room.remove": "member_not_found",
    "room.role": "forbidden",
}
"""What a repetition is answered where the first time was done after all, though its caller was not told."""


@dataclass
class Person:
    """Somebody who asks the services themselves."""

    parley: Parley
    principal: Principal | None = None

    @property
    def id(self) -> str:
        """The user's id."""
        return "" if self.principal is None else self.principal.user

    async def do(self, op: str, **d: Any) -> Any:
        """Ask for an operation, and return what it answers as it is published."""
        operation = BY_NAME[op]
        context = Context(self.parley.application, None if operation.public else self.principal, "127.0.0.1")
        answer = await perform(operation, context, convert(operation.input, d))
        return msgspec.json.decode(msgspec.json.encode(answer), type=operation.output)

    async def code(self, op: str, d: Json) -> str:
        """Return ``ok``, or the code of the refusal."""
        try:
            await self.do(op, **d)
        except ServiceError as error:
            return error.name
        return "ok"


class Stage:
    """People, and a fresh room for each try."""

    def __init__(self, parley: Parley) -> None:
        self.parley = parley
        self.people: dict[str, Person] = {}
        self.count = 0

    async def begin(self) -> None:
        """Make the accounts."""
        for name in ("owner", "moderator", "member", "stranger", "peer"):
            self.people[name] = await self._log_in("auth.register", username=name, email="a@example.org")

    async def _log_in(self, op: str, **d: str) -> Person:
        tokens = await Person(self.parley).do(op, password=PASSWORD, **d)
        return Person(self.parley, await self.parley.application.tokens.authenticate(tokens.access_token))

    async def prepare(self, row: Row) -> tuple[Person, Json]:
        """Make what a row needs; return who asks, and with what."""
        self.count += 1
        people, names = self.people, {f"${name}": person.id for name, person in self.people.items()}
        names |= {"$fresh": f"fresh-{self.count}", "$cid": f"cid-{self.count}", "$name": "member", "$unique": "room"}
        asking = people["stranger" if row.who == "$again" else row.who]
        if row.who == "$again":
            asking = await self._log_in("auth.login", login="stranger")
        if "$refresh" in row.d.values():
            tokens = await Person(self.parley).do("auth.login", login="member", password=PASSWORD)
            names["$refresh"] = tokens.refresh_token
        if "room" in row.d:
            names |= await self._room(row.kind)
        for who, op, d in row.before:
            await people[who].do(op, **_filled(d, names))
        application = self.parley.application
        await application.marks.flush()
        application.tokens._live_until.clear()
        application.facts._rooms.clear()
        application.directory._known.clear()
        application.lanes._lanes.clear()
        return asking, _filled(row.d, names)

    def idle(self) -> bool:
        """Tell whether nothing is being written."""
        lanes = self.parley.application.lanes
        return not (lanes.waiting or lanes._flights or lanes._races)

    async def _room(self, kind: str) -> dict[str, str]:
        owner, member = self.people["owner"], self.people["member"]
        if kind == "direct":
            room = (await member.do("room.direct", user=self.people["peer"].id)).id
        else:
            room = (await owner.do("room.create", name=f"room {self.count}", kind=kind)).id
            for name in ("moderator", "member"):
                await owner.do("room.add", room=room, user=self.people[name].id)
            await owner.do("room.role", room=room, user=self.people["moderator"].id, role="moderator")
        message = await member.do("message.send", room=room, text="first", cid=f"first-{self.count}")
        return {"$room": room, "$message": message.id}


def _filled(d: Json, names: dict[str, str]) -> Json:
    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        if isinstance(value, str) and value.startswith("$"):
            return ",".join(names[part] for part in value.split(","))
        return value

    return {key: fill(value) for key, value in d.items()}


def _table() -> list[Row]:
    """Return the rows that succeed, and those of operations that the table has under another name."""
    rows = [row for row in ROWS if row.code == "ok"]
    (message,) = [row for row in rows if row.op == "message.get"]
    rows += [Row(op, "ok", "owner", message.d | d) for op, d in ALIASES.items()]
    rows.append(Row("message.send", "ok", "peer", {"room": "$room", "text": "x", "cid": "$cid"}, kind="direct"))
    rows.append(Row("room.leave", "ok", "peer", {"room": "$room"}, kind="direct"))
    return rows


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(marks, "FLUSH_S", 3600.0)  # nothing goes on behind the operation's back
    monkeypatch.setattr(flight, "UNKNOWN_PAUSE_S", (0.0, 0.0))
    async with running(tmp_path) as parley:
        stage = Stage(parley)
        await stage.begin()
        yield stage


def test_every_operation_is_in_the_table() -> None:
    assert {row.op for row in _table()} == set(BY_NAME)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.op} {at}") for at, row in enumerate(_table())])
async def test_nothing_is_half_done(stage: Stage, row: Row) -> None:
    person, d = await stage.prepare(row)
    store = stage.parley.store
    store.calls.clear()
    assert await person.code(row.op, d) == "ok"
    verbs = [verb for verb, _ in store.calls]
    for at, verb in enumerate(verbs):
        for fault in Fault if verb in WRITES else [Fault.UNAVAILABLE]:
            about = f"call {at} ({verb}): {fault.name}"
            person, d = await stage.prepare(row)
            store.fail(fault, skip=at)
            code = await person.code(row.op, d)
            assert store.healed, about
            assert code == "unavailable" or (code == "ok" and fault is not Fault.UNAVAILABLE), about
            await until(stage.idle)
            assert await audit(stage.parley.database, closing=True) == [], about
            again = "ok" if code == "ok" else await person.code(row.op, d)
            assert again == "ok" or (again == DONE.get(row.op) and may_be_done(verbs, at, fault)), f"{about}: {again}"
            assert await audit(stage.parley.database) == [], about


def may_be_done(verbs: list[str], at: int, fault: Fault) -> bool:
    """Tell whether an operation may have done what it is for, where this call of it failed."""
    first_write = next((place for place, verb in enumerate(verbs) if verb in WRITES), len(verbs))
    return fault is Fault.LOST or at > first_write
