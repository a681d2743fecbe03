"""Making notifications of what people are to be told: several of one type about one thing are one, while it is unread.

What is to be told stands in rows. All that are due for somebody are put into their own stream in one transaction with
what says so in the rows: whatever fails, and however many nodes do it at once, each counts once.
"""

import asyncio
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.ids import member_id, now_ms, self_stream
from services.jobs.job import job
from services.loop import tasks
from services.streams.append import Append, Plan, Step, View, item_entry, marker_entry
from services.streams.inbox import ever_told
from store.database import FIND_LIMIT, Insert, Scalar, Update
from store.errors import Duplicate
from store.tables import ENTRIES, JOBS, MEMBERS, NOTIFICATIONS, TOLD, Entry, Member, Notification, Notified, Told

if TYPE_CHECKING:
    from services.application import Application

GATHER: Final = "gather"
"""The kind of the job that gathers for one person, when a pause is over."""
GATHER_LATE: Final = "gather_late"
"""The kind of the job that finds what dead nodes left."""
LATE_EVERY_S: Final = 30.0

PAUSE_MS: Final = 1000
"""Between two changes of one notification: a post that thousands like must not keep its author's devices busy."""
TOGETHER: Final = 200
"""What is taken of one person's at once: one transaction of as many writes, and a few more."""
AT_ONCE: Final = 8
"""People for whom one job gathers at the same time."""
PEOPLE_SHOWN: Final = 20


async def gather_for(application: "Application", users: Sequence[str]) -> None:
    """Put what is due for these people into their own streams; what has to wait is written down as a job."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(user: str) -> None:
        async with gate:
            await _gather(application, user)

    await tasks.together(one(user) for user in users)


async def gather(application: "Application", work: dict[str, Any]) -> None:
    """Do the job of one person."""
    await _gather(application, work["user"])


async def gather_late(application: "Application", _work: dict[str, Any]) -> None:
    """Do the job that comes again and again: gather what is due and was left."""
    after: Scalar = ""
    while rows := await application.database.find(TOLD, {}, by="due", above=after, limit=FIND_LIMIT):
        users = list(dict.fromkeys(row.user for row in rows))
        await gather_for(application, users)
        after = users[-1]


async def _gather(application: "Application", user: str) -> None:
    more = True
    while more:
        work = _Gathering(application, user)
        await application.lanes.append(Append((self_stream(user),), work.plan))
        more = work.more
        if work.waits:
            await _later(application, user)


async def _later(application: "Application", user: str) -> None:
    due = (now_ms() // PAUSE_MS + 1) * PAUSE_MS
    # One job a second, however many are told of.
    row = job(GATHER, {"user": user}, after_s=(due - now_ms()) / 1000 + 0.05, id_=f"{GATHER}:{user}:{due}")
    try:
        await application.database.insert(JOBS, row)
    except Duplicate:
        return
    application.jobs.wake()


class _Gathering:
    """What one plan does for one person."""

    def __init__(self, application: "Application", user: str) -> None:
        self._application = application
        self._user = user
        self._made: list[tuple[Notification, Entry]] = []
        self.waits = False
        """Whether something has to wait for a pause to be over."""
        self.more = False
        """Whether there is more than was taken."""

    async def plan(self, view: View) -> Plan:
        """Plan all that is due and need not wait; it may run several times."""
        self.waits = self.more = False
        self._made = []
        database, user = self._application.database, self._user
        rows = await database.find(TOLD, {"due": user}, by="id", limit=TOGETHER)
        plan = Plan(numbered=self._numbered)
        if not rows:
            return Plan()
        await view.get(TOLD, rows[0].id)  # where an earlier plan of this flight takes them, this one comes after it
        member = await view.get(MEMBERS, member_id(self_stream(user), user))
        if member is None:
            plan.writes += [Update(TOLD, row.id, {"due": None}, {"due": user}) for row in rows]
            return plan  # they are no more
        rows.sort(key=lambda row: (row.type, row.subject, row.told_at, row.id))
        for _, alike in itertools.groupby(rows, key=lambda row: (row.type, row.subject)):
            await self._join(view, plan, list(alike), member)
        if self._made:
            plan.writes += ever_told(member)
        self.more = bool(plan.steps) and len(rows) == TOGETHER
        return plan

    def _numbered(self) -> None:
        for row, entry in self._made:
            row.seq = entry.seq or 0

    async def _join(self, view: View, plan: Plan, rows: list[Told], member: Member) -> None:
        """Plan that these rows, of one type about one thing, are in a notification."""
        first, now = rows[0], now_ms()
        gathers = f"{self._user}:{first.type}:{first.subject}"
        found = await self._application.database.find(NOTIFICATIONS, {"gathers": gathers}, limit=1)
        row = await view.get(NOTIFICATIONS, found[0].id) if found else None
        entry = None if row is None else await view.get(ENTRIES, row.id)
        if row is not None and entry is not None and self._unread(row, member):
            if now - row.changed_at < PAUSE_MS:
                self.waits = True
                return
            body = _with(entry.body if isinstance(entry.body, Notified) else Notified(type=first.type, count=0), rows)
            changed = msgspec.structs.replace(entry, body=body)
            plan.steps.append(Step(marker_entry(entry.stream, entry.id), changed))
            plan.writes.append(Update(NOTIFICATIONS, row.id, {"changed_at": now}))
        else:
            if row is not None:
                plan.writes.append(Update(NOTIFICATIONS, row.id, {"gathers": None}))
            self._begin(plan, rows, gathers, now)
        plan.writes += [Update(TOLD, one.id, {"due": None}, {"due": self._user}) for one in rows]

    def _unread(self, row: Notification, member: Member) -> bool:
        return row.unread is not None and row.seq > self._application.marks.read(member)

    def _begin(self, plan: Plan, rows: list[Told], gathers: str, now: int) -> None:
        user, type_ = self._user, rows[0].type
        entry = item_entry(self_stream(user), "notification", _with(Notified(type=type_, count=0), rows))
        row = Notification(
            id=entry.id, user=user, type=type_, listed=user, unread=user, gathers=gathers, changed_at=now
        )
        self._made.append((row, entry))
        plan.steps.append(Step(entry))
        plan.writes.append(Insert(NOTIFICATIONS, row))


def _with(body: Notified, rows: list[Told]) -> Notified:
    """Return a notification with more of the same in it."""
    people = list(body.people)
    for row in rows:
        people = [row.shown, *(one for one in people if one.id != row.shown.id)]
    last = rows[-1]
    return Notified(
        type=body.type,
        people=tuple(people[:PEOPLE_SHOWN]),
        count=body.count + len(rows),
        place=last.place,
        post=last.post,
        item=last.item,
        text=last.text,
    )
