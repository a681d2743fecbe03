"""What must hold of who sees what: nothing above one's removal, nothing below one's join where history begins there."""

from collections.abc import Iterator

from tests.faults.history import Page, Seen
from tests.faults.timeline import Membership, Session, Timeline, Verdict


def leaks(timeline: Timeline) -> Iterator[Verdict]:
    """Who was removed sees nothing above the removal's rev, until they are let in again."""
    for session in timeline.sessions.values():
        user = session.opened.user
        for room, spans in session.spans.items():
            member = timeline.membership(room, user)
            if member.removals:
                for heard in (heard for span in spans for heard in span.heard):
                    if removal := _out(member, heard.rev, heard.at):
                        yield Verdict("leak", f"{session.name}: rev {heard.rev} of {room}, removed at {removal}")
        for page in session.pages:
            yield from _page_leaks(session, page, timeline.membership(page.room, user))


def _page_leaks(session: Session, page: Page, member: Membership) -> Iterator[Verdict]:
    above = [item.rev for item in page.items if _out(member, item.rev, page.at)]
    if above:
        yield Verdict("leak", f"{session.name}: a page of {page.room} with {above[:5]}, above the removal")
    elif removal := _removed_before(member, page.asked, page.at):
        yield Verdict("leak", f"{session.name}: a page of {page.room} was asked for after {removal}")


def _out(member: Membership, rev: int, at: float) -> int:
    """Return the rev of the removal after which this rev was seen by somebody who was not let in again; else 0."""
    removal = max((removal for removal in member.removals if removal < rev), default=0)
    if not removal:
        return 0
    join = min((join for join in member.joins if join > removal), default=None)
    if join is None:
        return removal
    return removal if join > rev and member.rejoin_begun(join) > at else 0


def _removed_before(member: Membership, asked: float, answered: float) -> int:
    """Return the rev of a removal that was answered before a page was asked for, if no way back had begun."""
    for removal in reversed(member.removals):
        if member.removed_at(removal) < asked:
            join = min((join for join in member.joins if join > removal), default=None)
            return removal if join is None or member.rejoin_begun(join) > answered else 0
    return 0


def shut_out(timeline: Timeline) -> Iterator[Verdict]:
    """Whoever is in a room when all is over has it among theirs."""
    for end in timeline.ends:
        user = timeline.users[end.device]
        for room in timeline.finals:
            member = timeline.membership(room, user)
            joined = max(member.joins, default=0)
            if joined > max(member.removals, default=0) and room not in end.rooms:
                yield Verdict("shut out", f"{end.device} joined {room} at {joined}, and does not know of it")


def before_the_join(timeline: Timeline) -> Iterator[Verdict]:
    """In a room whose history begins with one's join, no item below it is seen, changed or not."""
    for session in timeline.sessions.values():
        for room, seen in _seen_by_room(session):
            made = timeline.rooms.get(room)
            if made is None or made.history != "joined":
                continue
            member = timeline.membership(room, session.opened.user)
            for at, item in seen:
                join = _joined(member, at, item.rev)
                if item.seq < join:
                    yield Verdict("before the join", f"{session.name}: {item} of {room}, joined at {join}")


def _joined(member: Membership, since: float, rev: int) -> int:
    """Return the newest join that was answered before a session began or a page was asked for, or is not above a rev.

    A live session that is behind may still see what came before a removal and the way back.
    """
    known = [
        join
        for join in member.joins
        if join <= rev
        or (place := member.joins.index(join) - len(member.joins) + len(member.join_calls)) < 0
        or member.join_calls[place].ok_at <= since
    ]
    return max(known, default=min(member.joins, default=0))


def _seen_by_room(session: Session) -> Iterator[tuple[str, list[tuple[float, Seen]]]]:
    for room, spans in session.spans.items():
        begun = session.opened.at
        yield room, [(begun, heard.item) for span in spans for heard in span.heard if heard.item is not None]
    for page in session.pages:
        yield page.room, [(page.asked, item) for item in page.items]
