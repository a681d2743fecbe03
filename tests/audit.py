"""Reads everything that is stored and says what does not fit together: what a half-done operation would leave."""

from collections import Counter, defaultdict

from store.database import FIND_LIMIT, Database
from store.tables import ENTRIES, MARKS, MEMBERS, ROOMS, Entry, Member, Room, Text


async def audit(database: Database, *, closing: bool = False) -> list[str]:
    """Return what contradicts itself in a store of at most 1,000 entries; nothing where all is well.

    With ``closing`` a deleted room may have members who are still to be told.
    """
    entries = [entry for _, entry in await database.tail(ENTRIES, 0, FIND_LIMIT)]
    assert len(entries) < FIND_LIMIT, "too many to be read at once"
    rooms: list[Room] = []
    for kind in ("public", "private", "direct", "self"):
        rooms += await database.find(ROOMS, {"kind": kind}, by="id", limit=FIND_LIMIT)
    members: dict[str, list[Member]] = {}
    for room in rooms:
        members[room.id] = await database.find(MEMBERS, {"room": room.id}, by="user", limit=FIND_LIMIT)
    wrong = [*_streams(entries), *_rooms(rooms, members), *_audiences(entries, rooms, members, closing=closing)]
    for entry in entries:
        if isinstance(entry.body, Text):
            wrong += await _reactions(database, entry, entry.body)
    return wrong


def _streams(entries: list[Entry]) -> list[str]:
    """Revs without a gap, items in their places, changes where their markers say."""
    streams: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        streams[entry.stream].append(entry)
    wrong = []
    for stream, listed in streams.items():
        revs = sorted(entry.rev for entry in listed)
        if revs != list(range(1, len(revs) + 1)):
            wrong.append(f"{stream}: revs {revs}")
        changed = {entry.item: 0 for entry in listed if entry.item is not None}
        for entry in listed:
            if entry.item is not None:
                changed[entry.item] = max(changed[entry.item], entry.rev)
        wrong += [
            f"{stream}: item {entry.rev} has seq {entry.seq}, changed {entry.changed}"
            for entry in listed
            if entry.seq is not None and (entry.seq != entry.rev or entry.changed != changed.get(entry.id, entry.rev))
        ]
    return wrong


def _rooms(rooms: list[Room], members: dict[str, list[Member]]) -> list[str]:
    """Counts that count, and one owner who is the owner."""
    wrong = []
    for room in (room for room in rooms if not room.deleted):
        rows = members[room.id]
        if room.member_count != len(rows):
            wrong.append(f"{room.kind} {room.name!r}: member_count {room.member_count}, rows {len(rows)}")
        owners = [row.user for row in rows if row.role == "owner"]
        if owners != ([] if room.kind == "direct" else [room.owner]):
            wrong.append(f"{room.kind} {room.name!r}: owner {room.owner}, by role {owners}")
    return wrong


def _audiences(
    entries: list[Entry], rooms: list[Room], members: dict[str, list[Member]], *, closing: bool
) -> list[str]:
    """Who is in a room by its stream, by one's own stream, and by the rows: all the same."""
    by_room: dict[str, set[str]] = defaultdict(set)
    by_own: dict[str, set[str]] = defaultdict(set)
    for entry in sorted(entries, key=lambda entry: entry.rev):
        effect = entry.effect
        if effect is None or effect.user is None or effect.room is None or effect.type not in ("joined", "left"):
            continue
        audience = by_own if entry.stream.startswith("u_") else by_room
        (set.add if effect.type == "joined" else set.discard)(audience[effect.room], effect.user)
    wrong = []
    for room in rooms:
        shown = {row.user for row in members[room.id] if not row.hidden}
        if room.kind != "self" and by_own[room.id] != shown:
            wrong.append(f"{room.kind} {room.name!r}: by own streams {by_own[room.id]}, by rows {shown}")
        if room.deleted and shown and not closing:
            wrong.append(f"{room.kind} {room.name!r}: deleted, and {shown} were not told")
        if room.kind in ("public", "private") and not room.deleted and by_room[room.id] != shown:
            wrong.append(f"{room.kind} {room.name!r}: by its stream {by_room[room.id]}, by rows {shown}")
    return wrong


async def _reactions(database: Database, item: Entry, body: Text) -> list[str]:
    """Counts that are those of the marks, and ids of people who made them."""
    marks = await database.find(MARKS, {"item": item.id}, by="user", limit=FIND_LIMIT)
    by_emoji = Counter(mark.emoji for mark in marks)
    counted = {reaction.emoji: reaction.count for reaction in body.reactions}
    wrong = [] if item.deleted or counted == by_emoji else [f"item {item.rev}: reactions {counted}, marks {by_emoji}"]
    return wrong + [
        f"item {item.rev}: {reaction.emoji} by {reaction.users}"
        for reaction in body.reactions
        if not set(reaction.users) <= {mark.user for mark in marks if mark.emoji == reaction.emoji}
    ]
