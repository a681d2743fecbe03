"""A flight: appends of several streams that share one write, until each of them is decided."""

from collections.abc import Callable, Iterable

from services.errors import CidConflict, Unavailable
from services.streams.append import Append, Later, Outcome, Plan, Step, View, Wider
from services.streams.batch import Batch, Event, batch_of, event_of
from services.streams.certain import Certain
from store.database import Database, Insert, Put, Update, Write
from store.errors import Duplicate, Mismatch, StoreError
from store.tables import ENTRIES, ROOMS, Entry, Room

UNKNOWN_PAUSE_S = (0.05, 1.0)
"""First and longest pause between tries to learn what became of a write without an answer."""

ATTEMPTS = 64
"""Tries of one append against other writers, each after learning of what they wrote."""


class Flight:
    """One write. ``heads`` are those of its streams, kept true as far as is known (None: unknown, read it again)."""

    def __init__(
        self,
        database: Database,
        deliver: Callable[[Batch], None],
        heads: dict[str, int | None],
        shared: Callable[[str], bool],
    ) -> None:
        """Take, besides, what tells of which streams it is known that others write to them."""
        self.heads = heads
        self._shared = shared
        self._certain = Certain()
        self._database = database
        self._deliver = deliver
        self._view = View(database)
        self._folds: dict[str, Step] = {}
        self._cids: set[tuple[str, str, str]] = set()
        self._held: set[str] = set()

    async def run(self, appends: list[Append]) -> tuple[list[Append], set[str]]:
        """Write; return the appends to be tried again, in order, and the streams where others were first.

        Raises:
            StoreError: If a read failed before anything was written.
        """
        run = self._run_planned if appends[0].item is None else self._run_plain
        back, behind = await run(appends)
        again = set(back)
        return [append for append in appends if append in again], behind

    # New items alone: one ordered insert, where a refusal concerns its own stream only.

    async def _run_plain(self, appends: list[Append]) -> tuple[list[Append], set[str]]:
        back: list[Append] = []
        waiting = self._number_plain(appends, back)
        behind: set[str] = set()
        while waiting:
            refused = await self._insert(waiting)
            kept = waiting if refused is None else waiting[: refused.position]
            self._keep([(append, [Step(entry)]) for append, entry in kept])
            if refused is None:
                return back, behind
            (append, entry), *waiting = waiting[refused.position :]
            if await self._is_ours(entry, refused):
                self._keep([(append, [Step(entry)])])
                continue
            if refused.index == "stream_author_cid":
                await self._repeat(append, entry)
            else:
                behind.add(entry.stream)
                back.append(append)
            back.extend(pair[0] for pair in waiting if pair[1].stream == entry.stream)
            waiting = [pair for pair in waiting if pair[1].stream != entry.stream]
        return back, behind

    def _number_plain(self, appends: list[Append], back: list[Append]) -> list[tuple[Append, Entry]]:
        """Give each item its rev; one whose check holds no more goes back, and what is behind it in its stream too."""
        numbers = {stream: head or 0 for stream, head in self.heads.items()}
        waiting: list[tuple[Append, Entry]] = []
        for append in appends:
            entry = append.item
            if entry is None or append.future.done():
                continue
            if entry.stream in self._held:
                back.append(append)
                continue
            if append.still is not None and not append.still():
                append.item = None  # its plan has to find out what holds now
                self._held.add(entry.stream)
                back.append(append)
                continue
            numbers[entry.stream] += 1
            _number(entry, numbers[entry.stream])
            waiting.append((append, entry))
        return waiting

    async def _insert(self, waiting: list[tuple[Append, Entry]]) -> Duplicate | None:
        """Insert in order; return the refusal, if any, once it is known what was kept."""
        entries = [entry for _, entry in waiting]
        try:
            await self._certain.done(lambda: self._database.batch(ENTRIES, entries), UNKNOWN_PAUSE_S)
        except Duplicate as refused:
            return refused
        except StoreError:
            self._fail((append for append, _ in waiting), Unavailable())
            waiting.clear()
        return None

    # Plans: one transaction for all of them.

    async def _run_planned(self, appends: list[Append]) -> tuple[list[Append], set[str]]:
        back: list[Append] = []
        planned, rows = await self._plan_all(appends, back)
        # Entries first: where they are refused, nothing else has to be asked about.
        first = {id(step): (append, step) for append, steps in reversed(planned) for step in steps}
        entries = sorted(first.values(), key=lambda pair: (pair[1].entry.stream, pair[1].entry.rev))
        batch: list[Write] = [Insert(ENTRIES, step.entry) for _, step in entries]
        batch += rows
        batch += [_change_of(step.subject) for _, step in entries if isinstance(step.subject, Entry)]
        try:
            if batch:
                await self._certain.done(lambda: self._database.together(batch), UNKNOWN_PAUSE_S)
        except (Duplicate, Mismatch) as refused:
            return await self._refused(refused, planned, batch, [append for append, _ in entries], back)
        except StoreError:
            self._fail((append for append, _ in planned), Unavailable())
            return back, set()
        self._keep(planned)
        return back, set()

    async def _plan_all(
        self, appends: list[Append], back: list[Append]
    ) -> tuple[list[tuple[Append, list[Step]]], list[Write]]:
        """Plan one after the other, each seeing what those before it do; return steps and further rows."""
        numbers = {stream: head or 0 for stream, head in self.heads.items()}
        planned: list[tuple[Append, list[Step]]] = []
        rows: list[Write] = []
        for append in appends:
            plan = None if append.future.done() else await self._plan(append, back)
            if plan is None:
                continue
            steps = self._numbered(plan, numbers)
            planned.append((append, steps))
            if plan.numbered is not None:
                plan.numbered()
            # In the order of the plans: a later one's row may be an earlier one's room with a change.
            rows += [Put(ROOMS, step.subject) for step in steps if isinstance(step.subject, Room)]
            rows += plan.writes
        return planned, rows

    async def _plan(self, append: Append, back: list[Append]) -> Plan | None:
        try:
            if self._held.intersection(append.streams):
                raise Later
            plan = await append.plan(self._view)
            cids = {(step.entry.stream, step.entry.author, step.entry.cid) for step in plan.steps}
            if cids & self._cids:
                raise Later
        except (Later, Wider) as again:
            self._held.update(append.streams)
            if isinstance(again, Wider):
                append.streams = tuple(dict.fromkeys((*append.streams, *again.streams)))
            back.append(append)
            return None
        except Exception as error:  # noqa: BLE001 - whatever a plan raises is its own caller's, never the flight's
            self._fail((append,), error)
            return None
        if plan.found is not None and plan.found.id not in self._folds:
            append.settle(Outcome([plan.found]))
            return None
        self._cids |= cids
        self._view.apply(plan)
        return plan

    def _numbered(self, plan: Plan, numbers: dict[str, int]) -> list[Step]:
        """Give each step its rev; a change of an item that this flight changes already joins that change."""
        # Found as this flight makes it: it is answered when that is kept.
        steps = [] if plan.found is None else [self._folds[plan.found.id]]
        for step in plan.steps:
            if isinstance(step.subject, Entry) and step.subject.id in self._folds:
                earlier = self._folds[step.subject.id]
                earlier.subject = step.subject
                step.subject.changed = earlier.entry.rev
                steps.append(earlier)
                continue
            numbers[step.entry.stream] += 1
            _number(step.entry, numbers[step.entry.stream])
            if step.subject is not None:
                step.subject.changed = step.entry.rev
            if isinstance(step.subject, Entry):
                self._folds[step.subject.id] = step
            steps.append(step)
        return steps

    async def _refused(
        self,
        refused: Duplicate | Mismatch,
        planned: list[tuple[Append, list[Step]]],
        batch: list[Write],
        owners: list[Append],
        back: list[Append],
    ) -> tuple[list[Append], set[str]]:
        write = batch[refused.position]
        if isinstance(refused, Duplicate) and isinstance(write, Insert) and isinstance(write.record, Entry):
            if await self._is_ours(write.record, refused):
                self._keep(planned)  # an earlier try without an answer had written it all
                return back, set()
            if refused.index == "stream_author_cid":
                owner = owners[refused.position]
                await self._repeat(owner, write.record)
                return [append for append, _ in planned if append is not owner] + back, set()
            return self._again(planned) + back, {write.record.stream}
        # Entries are refused first. Alone, or an equal row of another writer would speak for what it knows nothing of.
        if self._certain.doubted and not owners and len(planned) == 1 and await self._is_kept(write):
            self._keep(planned)
            return back, set()
        # A row that a plan did not expect: another writer was between. The streams' heads say who.
        return self._again(planned) + back, set(self.heads)

    def _again(self, planned: list[tuple[Append, list[Step]]]) -> list[Append]:
        again = [append for append, _ in planned if append.attempts < ATTEMPTS]
        self._fail((append for append, _ in planned if append.attempts >= ATTEMPTS), Unavailable())
        return again

    # Both.

    async def _is_ours(self, entry: Entry, refused: Duplicate) -> bool:
        """Tell whether an entry was refused by itself: written by an earlier try that got no answer."""
        if refused.table != ENTRIES.name:
            return False
        if refused.index == "id":
            return True
        if refused.index == "stream_rev" and not self._certain.doubted and self._shared(entry.stream):
            return False  # every try was answered, and there are others
        found = await self._database.get(ENTRIES, entry.id)
        return found is not None and found.rev == entry.rev

    async def _is_kept(self, write: Write) -> bool:
        """Tell whether a row is there just as it was to be inserted, and with it all that was to go along."""
        return isinstance(write, Insert) and await self._database.get(write.table, write.record.id) == write.record

    async def _repeat(self, append: Append, entry: Entry) -> None:
        equal = {"stream": entry.stream, "author": entry.author, "cid": entry.cid}
        first = await self._database.find(ENTRIES, equal, limit=1)
        if not first:
            self._fail((append,), Unavailable())
        elif first[0].digest != entry.digest:
            self._fail((append,), CidConflict())
        else:
            # Whoever asks again may have asked a node that died before it told the others.
            rev = first[0].changed or first[0].rev
            self._deliver(Batch(entry.stream, rev, rev, []))
            append.settle(Outcome([*first], repeated=True))

    def _keep(self, kept: list[tuple[Append, list[Step]]]) -> None:
        """Tell of what is durable now: the streams' watchers first, then the callers."""
        events: dict[str, list[Event]] = {}
        told: set[int] = set()
        for _, steps in kept:
            for step in steps:
                if id(step) not in told:
                    told.add(id(step))
                    step.event = event_of(step.entry, step.subject)
                    events.setdefault(step.entry.stream, []).append(step.event)
        for stream, listed in events.items():
            batch = batch_of(stream, listed[0].rev - 1, listed)
            self.heads[stream] = batch.last
            self._deliver(batch)
        for append, steps in kept:
            entries = [step.subject or step.entry for step in steps]
            append.settle(Outcome(entries, event=steps[-1].event if steps else None))

    @staticmethod
    def _fail(appends: Iterable[Append], error: Exception) -> None:
        for append in appends:
            append.fail(error)


def _number(entry: Entry, rev: int) -> None:
    entry.rev = rev
    if entry.kind is not None:
        entry.seq = entry.changed = rev


def _change_of(item: Entry) -> Update:
    changes = {"changed": item.changed, "body": item.body, "edited_at": item.edited_at, "deleted": item.deleted}
    return Update(ENTRIES, item.id, changes)
