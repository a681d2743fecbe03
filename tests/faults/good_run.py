"""A small run without a fault, written by hand: one device comes back, one is removed, one joins late."""

from tests.faults.history import (
    Begin,
    Closed,
    End,
    Final,
    Greeted,
    Heard,
    Invoke,
    Line,
    Live,
    Ok,
    Opened,
    Page,
    RoomMade,
    Seen,
    Told,
    Unknown,
)

ROOM, YOUNG = "room", "young"
NODES = ("n1", "n2")


class Script:
    """Writes a history line by line, each a millisecond after the one before."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.items: dict[str, dict[str, Seen]] = {ROOM: {}, YOUNG: {}}
        self.heads = {ROOM: 0, YOUNG: 0}
        self._calls = 0

    @property
    def at(self) -> float:
        """The next moment."""
        return round(len(self.lines) / 1000, 3)

    def invoke(self, device: str, name: str, room: str, *, op: int = 0, session: int = 1, **d: object) -> int:
        """Send a call, or send ``op`` again."""
        if not op:
            self._calls += 1
        user = device[0]
        line = {"op": op or self._calls, "name": name, "user": user, "device": device, "session": session}
        self.lines.append(Invoke(at=self.at, node="n1", room=room, **line, **d))  # type: ignore[arg-type]
        return op or self._calls

    def keep(self, room: str, item: Seen) -> Seen:
        """Let an item take the next rev; a new one takes its place too."""
        self.heads[room] += 1
        rev = self.heads[room]
        kept = Seen(item.id, item.seq or rev, rev, item.text, item.author, item.cid, item.notice, item.user, item.marks)
        self.items[room][item.id] = kept
        return kept

    def notice(self, room: str, what: str, user: str) -> Seen:
        """Let somebody join or be removed."""
        return self.keep(room, Seen(f"{room}-{what}-{user}-{self.heads[room]}", 0, 0, notice=what, user=user))

    def send(self, device: str, room: str, cid: str, *, hear: str = "") -> Seen:
        """Send a message, answer it, and let devices hear it."""
        call = self.invoke(device, "message.send", room, cid=cid, text=f"text of {cid}")
        item = self.keep(room, Seen(f"id-{cid}", 0, 0, f"text of {cid}", device[0], cid))
        self.hear(item, room, *hear)
        self.lines.append(Ok(at=self.at, op=call, item=item.id, rev=item.rev, seq=item.seq))
        return item

    def edit(self, device: str, room: str, item: Seen, text: str, *, hear: str = "") -> Seen:
        """Change a message, answer it, and let devices hear it."""
        call = self.invoke(device, "message.edit", room, item=item.id, text=text)
        changed = self.keep(room, Seen(item.id, item.seq, 0, text, item.author, item.cid, marks=item.marks))
        self.hear(changed, room, *hear)
        self.lines.append(Ok(at=self.at, op=call, item=item.id, rev=changed.rev, seq=item.seq))
        return changed

    def react(self, device: str, room: str, item: Seen, *, hear: str = "") -> Seen:
        """React to a message, answer it, and let devices hear it."""
        call = self.invoke(device, "message.react", room, item=item.id, emoji="+", on=True)
        marks = (f"+ 1 {device[0]}",)
        changed = self.keep(room, Seen(item.id, item.seq, 0, item.text, item.author, item.cid, marks=marks))
        self.hear(changed, room, *hear)
        self.lines.append(Ok(at=self.at, op=call, item=item.id, rev=changed.rev, seq=item.seq))
        return changed

    def hear(self, item: Seen, room: str, *devices: str, session: int = 1) -> None:
        """Let devices hear an item; their names are letters, their sessions the newest."""
        for device in devices:
            self.lines.append(Heard(at=self.at, device=device, session=session, room=room, rev=item.rev, item=item))

    def open(self, device: str, session: int, rooms: dict[str, tuple[str, int]], cursors: dict[str, int]) -> None:
        """Open a session."""
        node = NODES[session % 2]
        self.lines += [
            Opened(at=self.at, device=device, user=device[0], session=session, node=node, cursors=cursors),
            Greeted(at=self.at, device=device, session=session, rooms=rooms),
        ]

    def page(self, device: str, session: int, room: str, since: int) -> None:
        """Read all changes of a room."""
        items = tuple(
            sorted((item for item in self.items[room].values() if item.rev > since), key=lambda item: item.rev)
        )
        where = {"device": device, "session": session, "node": NODES[session % 2], "room": room}
        what = {"op": "room.changes", "head": self.heads[room], "complete": True, "since": since}
        self.lines.append(Page(at=self.at + 0.0005, asked=self.at, items=items, **where, **what))  # type: ignore[arg-type]

    def finish(self) -> None:
        """Fetch the final state on every node."""
        for node in NODES:
            for room, items in self.items.items():
                ordered = tuple(sorted(items.values(), key=lambda item: item.seq))
                self.lines.append(Final(at=self.at, node=node, room=room, head=self.heads[room], items=ordered))


def good_run() -> list[Line]:
    """Return a run in which everything happens and nothing goes wrong.

    a and b are in the room throughout, and b comes back once; c is removed from it and joins again; y comes late to a
    room whose history begins with one's join.
    """
    script = Script()
    script.lines += [Begin(at=0, scenario="good", seed=0, store="sqlite"), RoomMade(at=0, room=ROOM)]
    script.lines.append(RoomMade(at=0, room=YOUNG, history="joined"))
    for who in "abc":
        script.notice(ROOM, "joined", who)
        script.open(who, 1, {ROOM: ("new", 3)}, {})
        script.lines.append(Live(at=script.at, device=who, session=1, took=0.01))
    first = script.send("a", ROOM, "one", hear="abc")
    second = script.send("a", ROOM, "two", hear="abc")
    first = script.edit("a", ROOM, first, "one, changed", hear="abc")
    _come_back(script, second)
    _be_removed(script)
    script.react("a", ROOM, first, hear="ac")
    script.hear(script.items[ROOM][first.id], ROOM, "b", session=2)
    _come_late(script)
    script.page("a", 1, ROOM, 6)
    script.lines += [End(at=script.at, device=who, rooms=(ROOM,)) for who in "abc"]
    script.lines.append(End(at=script.at, device="y", rooms=(YOUNG,)))
    script.finish()
    return script.lines


def _come_back(script: Script, second: Seen) -> None:
    """Let b be cut off, miss three revs, and come back on another node, where a call is sent again."""
    script.lines.append(Closed(at=script.at, device="b", session=1, code=1006))
    call = script.invoke("b", "message.send", ROOM, cid="three", text="text of three")
    script.lines.append(Unknown(at=script.at, op=call, why="closed 1006"))
    third = script.keep(ROOM, Seen("id-three", 0, 0, "text of three", "b", "three"))
    script.hear(third, ROOM, "a", "c")
    changed = script.edit("a", ROOM, second, "two, changed", hear="ac")
    script.open("b", 2, {ROOM: ("delta", script.heads[ROOM])}, {ROOM: third.rev - 1})
    script.hear(third, ROOM, "b", session=2)
    script.hear(changed, ROOM, "b", session=2)
    script.lines.append(Live(at=script.at, device="b", session=2, took=0.02))
    script.invoke("b", "message.send", ROOM, op=call, session=2, cid="three", text="text of three")
    script.lines.append(Ok(at=script.at, op=call, item=third.id, rev=third.rev, seq=third.seq))


def _be_removed(script: Script) -> None:
    """Remove c, say something, and let c in again."""
    call = script.invoke("a", "room.remove", ROOM, target="c")
    script.hear(script.notice(ROOM, "removed", "c"), ROOM, "a")
    script.hear(script.items[ROOM][f"room-removed-c-{script.heads[ROOM] - 1}"], ROOM, "b", session=2)
    script.lines.append(Told(at=script.at, device="c", session=1, room=ROOM, what="left"))
    script.lines.append(Ok(at=script.at, op=call))
    hidden = script.send("a", ROOM, "four", hear="a")
    script.hear(hidden, ROOM, "b", session=2)
    call = script.invoke("c", "room.join", ROOM)
    joined = script.notice(ROOM, "joined", "c")
    script.hear(joined, ROOM, "a")
    script.hear(joined, ROOM, "b", session=2)
    script.lines.append(Told(at=script.at, device="c", session=1, room=ROOM, what="joined", head=script.heads[ROOM]))
    script.lines.append(Ok(at=script.at, op=call))
    after = script.send("a", ROOM, "five", hear="ac")
    script.hear(after, ROOM, "b", session=2)


def _come_late(script: Script) -> None:
    """Let x write into the room that shows what comes after one's join, and y join it."""
    script.notice(YOUNG, "joined", "x")
    script.open("x", 1, {YOUNG: ("new", 1)}, {})
    old = script.send("x", YOUNG, "old", hear="x")
    script.notice(YOUNG, "joined", "y")
    script.open("y", 1, {YOUNG: ("new", script.heads[YOUNG])}, {})
    script.edit("x", YOUNG, old, "old, changed", hear="")
    script.send("x", YOUNG, "fresh", hear="y")
