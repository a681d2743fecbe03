"""Every call to the store of every operation made to fail in turn: nothing is half done, and a repetition succeeds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services import OPERATIONS
from services.calls.keeping import tending
from services.errors import ServiceError
from services.loop import noted
from services.operations.context import Context, Principal
from services.operations.operation import Operation, perform
from services.operations.schemas.schemas import convert
from services.streams.lanes import flight
from tests.application import Parley, running
from tests.audit import audit
from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.integration.every_operation.parity_rows import ROWS
from tests.integration.every_operation.places import filled, notification, place, room, words
from tests.integration.every_operation.rows import PEOPLE, Row
from tests.integration.reports.staff import promote
from tests.peers import until
from tests.unstable import WRITES, Fault
from ws.calls import listening

BY_NAME: dict[str, Operation[Any]] = {operation.name: operation for operation in OPERATIONS}

ALIASES = {"message.reaction.put": {"emoji": ":x:"}, "message.reaction.delete": {"emoji": ":x:"}}
"""Operations that the parity table has under another name, and what they are asked with."""

_REPORT = {"report": "$report"}
_NAME = {"topic": "$room", "alias": "$alias", "reason": "it is asked for"}

STAFF = [
    Row("alias.reveal", "ok", "staff", _NAME, kind="topic"),
    Row("report.list", "ok", "staff"),
    Row("report.get", "ok", "staff", _REPORT),
    Row("report.review", "ok", "staff", _REPORT),
    Row("report.dismiss", "ok", "staff", _REPORT),
    Row("report.resolve", "ok", "staff", _REPORT | {"actions": ["delete"]}),
    Row("report.escalate", "ok", "staff", _REPORT),
    Row("report.reopen", "ok", "staff", _REPORT, before=(("staff", "report.dismiss", _REPORT),)),
]
"""What the parity table lacks, for it has one door: what the installation's moderators do."""

DONE = {
    "call.remove": "not_in_call",
    "auth.register": "username_taken",
    "auth.logout": "unauthenticated",
    "room.delete": "room_not_found",
    "room.leave": "not_a_member",
    "room.remove": "member_not_found",
    "room.role": "forbidden",
    "topic.create": "title_taken",
    "topic.delete": "room_not_found",
    "topic.leave": "not_a_member",
    "invitation.make": "already_invited",
    "invitation.withdraw": "invitation_not_found",
    "invitation.accept": "invitation_not_found",
    "invitation.decline": "invitation_not_found",
    "report.make": "reported_already",
    "notification.delete": "notification_not_found",
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

    async def do(self, op: str, d: Json, *, socket: bool = False) -> Any:
        """Ask for an operation, and return what it answers as it is published."""
        operation = BY_NAME[op]
        context = Context(self.parley.application, None if operation.public else self.principal, "127.0.0.1")
        answer = msgspec.json.encode(await perform(operation, context, convert(operation.input, d)))
        msgspec.json.decode(answer, type=operation.output)
        return msgspec.json.decode(answer)

    async def code(self, op: str, d: Json) -> str:
        """Return ``ok``, or the code of the refusal."""
        try:
            await self.do(op, d)
        except ServiceError as error:
            return error.name
        return "ok"


class Stage:
    """People, and a fresh room for each try."""

    def __init__(self, parley: Parley) -> None:
        self.parley = parley
        self.people: dict[str, Person] = {}
        self.count = 0
        self.working = asyncio.Event()
        """Whether jobs are begun: only while a try is prepared, for none is to meet the fault that is meant for it."""

    async def begin(self) -> None:
        """Make the accounts."""
        for name in (*PEOPLE, "staff"):
            self.people[name] = await self._log_in("auth.register", username=name, email="a@example.org")
        principal = self.people["staff"].principal
        assert principal is not None
        await promote(self.parley.database, principal.user, principal.login)

    async def _log_in(self, op: str, **d: str) -> Person:
        tokens = await Person(self.parley).do(op, d | {"password": PASSWORD})
        return Person(self.parley, await self.parley.application.tokens.authenticate(tokens["access_token"]))

    async def prepare(self, row: Row) -> tuple[Person, Json]:
        """Make what a row needs; return who asks, and with what."""
        self.count += 1
        self.working.set()
        people, names = self.people, {f"${name}": person.id for name, person in self.people.items()}
        names |= words(self.count) | {"$name": "member"}
        asking = people["stranger" if row.who == "$again" else row.who]
        if row.who == "$again":
            asking = await self._log_in("auth.login", login="stranger")
        names |= await place(people, row, self.count) | await self._of_row(row)
        if row.op.startswith("call.") or row.call:
            await self._end_calls()
        if row.call:
            names |= await self._call(row, names["$room"])
        for who, op, d in row.before:
            await people[who].do(op, filled(d, names))
        application = self.parley.application
        application.jobs.wake()
        await self.parley.without_jobs()
        self.working.clear()
        await until(self.idle)
        await application.marks.flush()
        application.tokens._live_until.clear()
        application.facts._rooms.clear()
        application.directory._known.clear()
        application.lanes._lanes.clear()
        return asking, filled(row.d, names)

    def idle(self) -> bool:
        """Tell whether nothing is being written."""
        lanes = self.parley.application.lanes
        return not (lanes.waiting or lanes._flights or lanes._races)

    async def _of_row(self, row: Row) -> dict[str, str]:
        wanted = set(map(str, row.d.values()))
        if "$refresh" in wanted:
            tokens = await Person(self.parley).do("auth.login", {"login": "member", "password": PASSWORD})
            return {"$refresh": tokens["refresh_token"]}
        if "$notification" in wanted:
            return {"$notification": await notification(self.people, "member", self.count)}
        if "$report" in wanted:
            names = await room(self.people, "public", "reported", self.count)
            about = {"room": names["$room"], "kind": "message", "target": names["$message"], "reason": "spam"}
            return {"$report": (await self.people["owner"].do("report.make", about))["id"]}
        return {}

    async def _end_calls(self) -> None:
        for person in self.people.values():
            for call in (await person.do("call.list", {}))["items"]:
                if call["started_by"]["id"] == person.id:
                    await person.do("call.end", {"call": call["id"]})

    async def _call(self, row: Row, there: str) -> dict[str, str]:
        starter, member = self.people["owner"], self.people["member"]
        rung = [member.id] if row.call == "ringing" else []
        call = await starter.do("call.start", {"room": there, "media": "audio", "ring": rung})
        this = {"call": call["id"]}
        other = await self.people["moderator"].do("call.join", this) if row.call == "joined" else call
        if row.call == "over":
            await starter.do("call.end", this)
        return {"$call": call["id"], "$leg": call["leg"], "$other": other["leg"]}


def _table() -> list[Row]:
    """Return the rows that succeed, and those of operations that the table has under another name."""
    rows = [row for row in ROWS if row.code == "ok"]
    (message,) = [row for row in rows if row.op == "message.get"]
    rows += [Row(op, "ok", "owner", message.d | d) for op, d in ALIASES.items()]
    rows.append(Row("message.send", "ok", "peer", {"room": "$room", "text": "x", "cid": "$cid"}, kind="direct"))
    rows.append(Row("room.leave", "ok", "peer", {"room": "$room"}, kind="direct"))
    return rows + STAFF


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(noted, "FLUSH_S", 3600.0)  # nothing goes on behind the operation's back
    monkeypatch.setattr(listening, "LOOK_S", 3600.0)
    monkeypatch.setattr(tending, "TICK_S", 3600.0)
    monkeypatch.setattr(flight, "UNKNOWN_PAUSE_S", (0.0, 0.0))
    async with running(tmp_path) as parley:
        stage = Stage(parley)
        _hold_jobs(parley, stage.working, monkeypatch)
        await stage.begin()
        yield stage
        stage.working.set()


def _hold_jobs(parley: Parley, working: asyncio.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runner look for jobs only while it may."""
    jobs = parley.application.jobs
    look = jobs._look

    async def held() -> float:
        await working.wait()
        return await look()

    monkeypatch.setattr(jobs, "_look", held)


def test_every_operation_of_rooms_and_messages_is_in_the_table() -> None:
    talk = {name for name in BY_NAME if not name.startswith(("auth.", "users.", "admin."))}
    assert talk <= {row.op for row in _table()} <= set(BY_NAME)


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
