"""What must hold of writes: kept, once, nothing else, in one order, the same on every node."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tests.faults.history import Seen
from tests.faults.timeline import CHANGES, Call, Timeline, Verdict


def lost(timeline: Timeline) -> Iterator[Verdict]:
    """What was acknowledged is there, in its last state."""
    changes: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in timeline.calls.values():
        if call.first.name == "message.send" and call.ok is not None:
            changes[call.first.room, call.ok.item].append(call)
        elif call.first.name in CHANGES:
            changes[call.first.room, call.first.item].append(call)
    for (room, id_), calls in changes.items():
        final = timeline.truth_of(room).get(id_)
        if final is not None:
            yield from _place(final, calls)
            yield from _last_state(final, calls)
        elif any(call.ok for call in calls):
            yield Verdict("lost", f"item {id_} of {room} was answered: {calls[0].first}, and is not there")


def _place(final: Seen, calls: list[Call]) -> Iterator[Verdict]:
    for call in calls:
        if call.first.name == "message.send" and call.ok is not None:
            sent = (call.first.user, call.first.cid, call.ok.seq)
            if sent != (final.author, final.cid, final.seq):
                yield Verdict("lost", f"{sent} was answered as {final.id}, which is {final}")


def _last_state(final: Seen, calls: list[Call]) -> Iterator[Verdict]:
    answered = [(call.ok.rev, call) for call in calls if call.ok is not None]
    newest = max((rev for rev, _ in answered), default=0)
    if newest > final.rev:
        yield Verdict("lost", f"item {final.id} was answered with rev {newest}, and ends at {final.rev}")
    texts = [pair for pair in answered if pair[1].first.name != "message.react"]
    maybe = {call.first.text for call in calls if call.unknown and call.first.name != "message.react"}
    if texts and final.text not in maybe:
        last = max(texts, key=lambda pair: pair[0])[1]
        if last.first.text != final.text:
            yield Verdict("lost", f"item {final.id} ends as {final.text!r}, last answered {last.first.text!r}")
    reactions: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        if call.first.name == "message.react":
            reactions[call.first.emoji, call.first.user].append(call)
    if final.text:  # a deleted one has no reactions
        for (emoji, user), mine in reactions.items():
            yield from _reaction(final, emoji, user, mine)


def _reaction(final: Seen, emoji: str, user: str, calls: list[Call]) -> Iterator[Verdict]:
    on = any(user in users and name == emoji for name, _, *users in (mark.split(" ") for mark in final.marks))
    answered = [(call.ok_at, call) for call in calls if call.ok is not None]
    if not answered or any(call.unknown and call.first.on == on for call in calls):
        return
    last = max(answered, key=lambda pair: pair[0])[1]
    if last.first.on != on:
        yield Verdict("lost", f"{emoji} of {user} on {final.id}: last answered {last.first.on}, final {on}")


def duplicates(timeline: Timeline) -> Iterator[Verdict]:
    """A cid of a person, an id, a place and a rev are there once."""
    for room, finals in timeline.finals.items():
        for node, final in finals.items():
            for what in _twice(final.items):
                yield Verdict("duplicate", f"{room} on {node}: {what}")
    ids: dict[str, Call] = {}
    for call in timeline.calls.values():
        if call.first.name == "message.send" and call.ok is not None:
            other = ids.setdefault(call.ok.item, call)
            if other.first.cid != call.first.cid:
                yield Verdict("duplicate", f"{other.first.cid} and {call.first.cid} were answered with one item")


def _twice(items: Iterable[Seen]) -> Iterator[str]:
    counts = Counter[tuple[str, object]]()
    for item in items:
        counts["id", item.id] += 1
        counts["place", item.seq] += 1
        counts["rev", item.rev] += 1
        if item.cid:
            counts["cid", (item.author, item.cid)] += 1
    for (what, value), count in counts.items():
        if count > 1:
            yield f"{what} {value} {count} times"


def phantoms(timeline: Timeline) -> Iterator[Verdict]:
    """Nothing is there, and nothing was ever seen, that nobody sent, or that was refused."""
    sent: dict[tuple[str, str, str], Call] = {}
    texts: dict[str, set[str]] = defaultdict(set)
    for call in timeline.calls.values():
        if call.first.name == "message.send":
            sent[call.first.room, call.first.user, call.first.cid] = call
        elif call.first.name in CHANGES:
            texts[call.first.item].add(call.first.text)
    for room in timeline.finals:
        for item in timeline.truth_of(room).values():
            if not item.notice:
                found = sent.get((room, item.author, item.cid))
                yield from _made_up(room, item, found, texts[item.id])
    yield from _seen_alone(timeline)


def _seen_alone(timeline: Timeline) -> Iterator[Verdict]:
    for (device, room), view in timeline.views.items():
        if room in timeline.finals:  # else it is somebody's own stream
            truth = timeline.truth_of(room)
            for item in view.items.values():
                if item.id not in truth:
                    yield Verdict("phantom", f"{device} saw {item} in {room}, which is not there")


def _made_up(room: str, item: Seen, found: Call | None, texts: set[str]) -> Iterator[Verdict]:
    if found is None:
        yield Verdict("phantom", f"{item} of {room} was never sent")
    elif found.failed is not None and found.ok is None and not found.unknown:
        yield Verdict("phantom", f"{item} of {room} was refused with {found.failed.code}")
    elif item.text not in texts | {found.first.text}:
        yield Verdict("phantom", f"{item} of {room}: nobody wrote this text")


def order(timeline: Timeline) -> Iterator[Verdict]:
    """What was answered before something else was sent stands before it; so does what one session sent first."""
    by_room: dict[str, list[Call]] = defaultdict(list)
    for call in timeline.calls.values():
        if call.first.name == "message.send" and call.ok is not None:
            by_room[call.first.room].append(call)
    for room, calls in by_room.items():
        yield from _real_time(room, calls)
        yield from _pipelined(room, calls)


def _real_time(room: str, calls: list[Call]) -> Iterator[Verdict]:
    answered = sorted(calls, key=lambda call: call.ok_at)
    done, highest = 0, 0
    for call in sorted(calls, key=lambda call: call.first.at):
        while done < len(answered) and answered[done].ok_at < call.first.at:
            place = answered[done].ok
            assert place is not None
            highest = max(highest, place.seq)
            done += 1
        assert call.ok is not None
        if call.ok.seq < highest:
            yield Verdict("order", f"{room}: {call.first.cid} at {call.ok.seq} was sent after {highest} was answered")


def _pipelined(room: str, calls: list[Call]) -> Iterator[Verdict]:
    lines: dict[tuple[str, int], list[Call]] = defaultdict(list)
    for call in calls:
        if len(call.attempts) == 1:
            lines[call.first.device, call.first.session].append(call)
    for (device, _), line in lines.items():
        last = 0
        for call in line:  # calls are in the order of their first attempts
            assert call.ok is not None
            if call.ok.seq < last:
                yield Verdict("order", f"{room}: {device} sent {call.first.cid} after what stands at {last}")
            last = max(last, call.ok.seq)


def nodes_agree(timeline: Timeline) -> Iterator[Verdict]:
    """Every node says the same of every room."""
    for room, finals in timeline.finals.items():
        first, *others = finals.values()
        for other in others:
            mine, theirs = set(first.items), set(other.items)
            if mine != theirs:
                yield Verdict("nodes differ", f"{room}: {first.node} and {other.node} differ in {mine ^ theirs}"[:400])
            elif [item.id for item in first.items] != [item.id for item in other.items]:
                yield Verdict("nodes differ", f"{room}: {first.node} and {other.node} have another order")
