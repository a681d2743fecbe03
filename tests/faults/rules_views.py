"""What must hold of what devices see: rising revs, no gap, no hole after coming back, no stale read."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from tests.faults.history import Heard, Page, Seen
from tests.faults.timeline import NEVER, Call, Session, Span, Timeline, Verdict

WRITES = frozenset({"message.send", "message.edit", "message.delete", "message.react"})


def revs_rise(timeline: Timeline) -> Iterator[Verdict]:
    """Within a session the revs of a room rise, and begin above the cursor that was given."""
    for session in timeline.sessions.values():
        for spans in session.spans.values():
            last = 0.0
            for span in spans:
                if span.start != NEVER:
                    last = max(last, span.start)
                for heard in span.heard:
                    yield from _rise(session, span, heard, last)
                    last = max(last, heard.rev)


def _rise(session: Session, span: Span, heard: Heard, last: float) -> Iterator[Verdict]:
    if span.start == NEVER:
        yield Verdict("leak", f"{session.name}: rev {heard.rev} of {span.room}, which is not theirs")
    elif heard.rev <= span.start and heard is span.heard[0]:
        yield Verdict("resume duplicate", f"{session.name}: rev {heard.rev} of {span.room}, had {span.start:.0f}")
    elif heard.rev <= last:
        yield Verdict("order", f"{session.name}: rev {heard.rev} of {span.room} after {last:.0f}")


def gaps(timeline: Timeline) -> Iterator[Verdict]:
    """Between the first and the last rev of a session every item whose last rev lies there came."""
    revs = {room: _final_revs(timeline, room) for room in timeline.finals}
    for session in timeline.sessions.values():
        for room, spans in session.spans.items():
            for at, span in enumerate(spans):
                yield from _gap(timeline, session, span, revs.get(room, []), first=at == 0)


def _final_revs(timeline: Timeline, room: str) -> list[int]:
    return sorted(item.rev for item in timeline.truth_of(room).values())


def _gap(timeline: Timeline, session: Session, span: Span, revs: list[int], *, first: bool) -> Iterator[Verdict]:
    if not span.heard:
        return
    heard = {event.rev for event in span.heard}
    between = revs[bisect_right(revs, span.start) : bisect_right(revs, max(heard))]
    missing = [rev for rev in between if rev not in heard]
    if missing and (hidden := _hidden(timeline, session, span.room)):
        shown = {item.rev for item in timeline.truth_of(span.room).values() if item.seq >= hidden}
        missing = [rev for rev in missing if rev in shown]
    if missing:
        resumed = first and bool(session.opened.cursors) and missing[0] < min(heard)
        kind = "resume hole" if resumed else "gap"
        yield Verdict(kind, f"{session.name}: {span.room} above {span.start:.0f} without {missing[:10]}")


def _hidden(timeline: Timeline, session: Session, room: str) -> int:
    return timeline.hidden_below(room, session.opened.user)


def page_holes(timeline: Timeline) -> Iterator[Verdict]:
    """A page of changes holds every item whose last rev lies between where it begins and where it ends."""
    for session in timeline.sessions.values():
        for page in session.pages:
            if page.op != "room.changes" or page.since is None:
                continue
            end = page.head if page.complete else min(page.head, max((item.rev for item in page.items), default=0))
            shown = {item.id for item in page.items}
            hidden = _hidden(timeline, session, page.room)
            for item in timeline.truth_of(page.room).values():
                if page.since < item.rev <= end and item.id not in shown and item.seq >= hidden:
                    text = f"{session.name}: changes of {page.room} since {page.since} to {end} without {item}"
                    yield Verdict("resume hole", text)
                    break


def complete(timeline: Timeline) -> Iterator[Verdict]:
    """A device that is live at the end has the last state of all that changed since it first came."""
    for end in timeline.ends:
        for room in end.rooms:
            view = timeline.views.get((end.device, room))
            if view is None:
                yield Verdict("gap", f"{end.device} has nothing of {room}")
                continue
            hidden = timeline.hidden_below(room, timeline.users[end.device])
            missing = [
                item
                for item in timeline.truth_of(room).values()
                if item.rev > view.base and item.seq >= hidden and _rev(view.items.get(item.id)) < item.rev
            ]
            if missing:
                least = min(missing, key=lambda item: item.rev)
                yield Verdict("gap", f"{end.device} misses {len(missing)} items of {room}, the first is {least}")


def _rev(item: Seen | None) -> int:
    return 0 if item is None else item.rev


def one_state_a_rev(timeline: Timeline) -> Iterator[Verdict]:
    """A rev is one item in one state, whoever sees it, and an item never moves."""
    for room in timeline.finals:
        states: dict[int, tuple[object, ...]] = {}
        places: dict[str, int] = {}
        for item in timeline.truth_of(room).values():
            states[item.rev] = _state(item)
            places[item.id] = item.seq
        for who, item in _all_seen(timeline, room):
            if states.setdefault(item.rev, _state(item)) != _state(item):
                text = f"{room}: {who} saw {_state(item)} at {item.rev}, others {states[item.rev]}"
                yield Verdict("states differ", text)
            if places.setdefault(item.id, item.seq) != item.seq:
                yield Verdict("states differ", f"{room}: {who} saw {item.id} at {item.seq}, not {places[item.id]}")


def _state(item: Seen) -> tuple[object, ...]:
    return item.id, item.seq, item.text, tuple(" ".join(mark.split(" ")[:2]) for mark in item.marks)


def _all_seen(timeline: Timeline, room: str) -> Iterator[tuple[str, Seen]]:
    for session in timeline.sessions.values():
        for span in session.spans.get(room, ()):
            for heard in span.heard:
                if heard.item is not None:
                    yield session.name, heard.item
        for page in session.pages:
            if page.room == room:
                for item in page.items:
                    yield session.name, item


def own_writes_read(timeline: Timeline) -> Iterator[Verdict]:
    """A page that was asked for after an answer shows what was answered, on any node; and no page shows less."""
    written: dict[str, list[tuple[float, Call]]] = {}
    for call in sorted(timeline.calls.values(), key=lambda call: call.ok_at):
        if call.ok is not None and call.first.name in WRITES:
            written.setdefault(call.first.room, []).append((call.ok_at, call))
    pages: dict[str, list[Page]] = {}
    for session in timeline.sessions.values():
        for page in session.pages:
            pages.setdefault(page.room, []).append(page)
    for room, asked in pages.items():
        done = written.get(room, [])
        times = [at for at, _ in done]
        for page in asked:
            before = [call for _, call in done[: bisect_left(times, page.asked)]]
            yield from _stale(page, before, timeline)
        yield from _backwards(room, asked)


def _stale(page: Page, before: list[Call], timeline: Timeline) -> Iterator[Verdict]:
    shown = {item.id: item.rev for item in page.items}
    lowest = min((item.seq for item in page.items), default=0)
    for call in before:
        assert call.ok is not None
        rev, id_ = call.ok.rev, call.ok.item or call.first.item
        if page.head < rev:
            yield Verdict("stale read", f"{page.device} on {page.node} read head {page.head}, {rev} was answered")
            return
        if page.op == "room.changes":
            due = page.complete and page.since is not None and rev > page.since
        else:
            due = page.since is None and bool(page.items) and call.ok.seq >= lowest
        hidden = _hidden(timeline, timeline.sessions[page.device, page.session], page.room)
        if due and shown.get(id_, 0) < rev and call.ok.seq >= hidden:
            yield Verdict("stale read", f"{page.device} on {page.node} read {id_} at {shown.get(id_)}, not {rev}")
            return


def _backwards(room: str, pages: list[Page]) -> Iterator[Verdict]:
    answered = sorted(pages, key=lambda page: page.at)
    done, highest = 0, 0
    for page in sorted(pages, key=lambda page: page.asked):
        while done < len(answered) and answered[done].at < page.asked:
            highest = max(highest, answered[done].head)
            done += 1
        if page.head < highest:
            yield Verdict("stale read", f"{room}: {page.device} read head {page.head} after {highest} was read")
