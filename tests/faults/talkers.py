"""People who write without a pause through either door, and a judge of what they were answered and what was kept."""

import asyncio
import contextlib
import itertools
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.routes import request_of
from tests.client.socket import Socket

WINDOW = 4
"""Operations that a person has under way at once: each socket has requests behind one that waits for the store."""

PAUSE_S = 0.04
"""Between two operations of a person who is answered at once: twenty people make 300 a second."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: when the request was made and how long it took, in seconds, and the code (``ok`` for success)."""

    node: int
    op: str
    asked: float
    took: float
    code: str


@dataclass
class Record:
    """Everything that was answered, and what the acknowledgements say must be so."""

    answers: list[Answered] = field(default_factory=list)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    """The text last acknowledged of each message, by author and cid."""
    reactions: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether a person's reaction on an item was last acknowledged as there, by item and person."""
    order: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """For each person the number and the seq of every message that was acknowledged at its first try."""
    rooms: dict[str, list[Json]] = field(default_factory=dict)
    """Acknowledged messages by room, to be changed by anybody."""

    def gap(self, nodes: int, since: float) -> float:
        """Return the seconds from a moment until each node had acknowledged something."""
        ends = [(one.node, one.asked + one.took) for one in self.answers if one.code == "ok"]
        firsts = [
            min((end for at, end in ends if at == node and end >= since), default=math.inf) for node in range(nodes)
        ]
        return max(firsts) - since


class Talker:
    """One person on one node: three of five operations are messages, one an edit, one a reaction."""

    def __init__(self, node: int, account: Account, rooms: Sequence[str], record: Record, rng: random.Random) -> None:
        self.account = account
        self.node = node
        self.socket: Socket | None = None
        """None speaks through REST."""
        self._rooms = rooms
        self._record = record
        self._rng = rng
        self._numbers = itertools.count()
        self._busy: set[tuple[str, str]] = set()
        """What a change is under way for: the next change of the same thing comes after it."""

    async def talk(self, going: asyncio.Event) -> None:
        """Write until ``going`` is cleared; return when all is answered with success."""
        open_: set[asyncio.Task[None]] = set()
        while going.is_set():
            open_.add(asyncio.ensure_future(self._do(next(self._numbers))))
            if len(open_) >= WINDOW:
                done, open_ = await asyncio.wait(open_, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            await asyncio.sleep(self._rng.uniform(0, 2 * PAUSE_S))
        await asyncio.gather(*open_)

    async def _do(self, number: int) -> None:
        if number % 5 == 3:
            await self._edit(number)
        elif number % 5 == 4:
            await self._react(number)
        else:
            await self._send(number)

    async def _send(self, number: int) -> None:
        room, text, cid = self._rng.choice(self._rooms), f"text {number}", f"cid-{number}"
        item, tries = await self._until_ok("message.send", room=room, text=text, cid=cid)
        assert item["text"] == text, item
        self._record.texts.setdefault((self.account.id, cid), text)
        self._record.rooms.setdefault(room, []).append(item)
        if tries == 1 and self.socket is not None:  # requests of REST race each other
            self._record.order.setdefault(f"{self.account.id} {room}", []).append((number, item["seq"]))

    async def _edit(self, number: int) -> None:
        recent = [item for items in self._record.rooms.values() for item in items[-100:]]
        own = [item for item in recent if item["author"]["id"] == self.account.id and self._free("text", item)]
        if own:
            item = self._rng.choice(own)
            with self._changing("text", item):
                text = f"edit {number}"
                await self._until_ok("message.edit", room=item["room"], message=item["id"], text=text)
                self._record.texts[self.account.id, item["cid"]] = text

    async def _react(self, number: int) -> None:
        recent = [item for items in self._record.rooms.values() for item in items[-5:]]
        others = [item for item in recent if self._free("reaction", item)]
        if others:
            item = self._rng.choice(others)
            with self._changing("reaction", item):
                on = number % 10 < 5 or not self._record.reactions.get((item["id"], self.account.id))
                d = {"room": item["room"], "message": item["id"], "emoji": ":+1:", "on": on}
                await self._until_ok("message.react", **d)
                self._record.reactions[item["id"], self.account.id] = on

    @contextlib.contextmanager
    def _changing(self, what: str, item: Json) -> Iterator[None]:
        self._busy.add((what, item["id"]))
        try:
            yield
        finally:
            self._busy.discard((what, item["id"]))

    def _free(self, what: str, item: Json) -> bool:
        return (what, item["id"]) not in self._busy

    async def _until_ok(self, op: str, **d: object) -> tuple[Json, int]:
        """Ask until it is acknowledged; return the answer and the number of tries."""
        for tries in itertools.count(1):
            asked = time.monotonic()
            try:
                ok: Json = await self._ask(op, d)
            except Refused as refused:
                self._record.answers.append(
                    Answered(self.node, op, asked, time.monotonic() - asked, f"{refused.status or ''}{refused.code}")
                )
                if refused.code != "unavailable" or not refused.retry_after:
                    raise
                await asyncio.sleep(refused.retry_after * self._rng.uniform(1, 1.5))
            else:
                self._record.answers.append(Answered(self.node, op, asked, time.monotonic() - asked, "ok"))
                return ok, tries
        raise AssertionError

    async def _ask(self, op: str, d: Json) -> Json:
        if self.socket is not None:
            answer: Json = await self.socket.call(op, d)
            return answer
        found: Json = (await self.account.request(*request_of(op, d))).ok()
        return found


async def judge(record: Record, readers: Sequence[Account], rooms: Sequence[str]) -> int:
    """Compare what is kept, as every reader is given it, with what was acknowledged; return the number of messages."""
    kept: list[dict[tuple[str, str], Json]] = []
    for reader in readers:
        found: dict[tuple[str, str], Json] = {}
        for room in rooms:
            history = [item for item in await reader.history(room) if item["kind"] == "text"]
            for item in history:
                assert found.setdefault((item["author"]["id"], item["cid"]), item) is item, f"twice: {item}"
            changes = {item["id"]: item for item in await reader.changes(room) if item["kind"] == "text"}
            assert changes == {item["id"]: item for item in history}, "changes and history differ"
        kept.append(found)
    assert all(found == kept[0] for found in kept), "two nodes give two histories"
    texts = {key: item["text"] for key, item in kept[0].items()}
    lost = {key: text for key, text in record.texts.items() if texts.get(key) != text}
    assert not lost, f"{len(lost)} acknowledged texts are not kept, {list(lost.items())[:3]}"
    assert texts.keys() == record.texts.keys(), "there is what nobody sent"
    by_id = {item["id"]: item for item in kept[0].values()}
    for (id_, person), on in record.reactions.items():
        given = [one["users"] for one in by_id[id_]["reactions"] if one["emoji"] == ":+1:"]
        assert (bool(given) and person in given[0]) == on, f"a reaction is not as acknowledged: {by_id[id_]}"
    for numbered in record.order.values():
        seqs = [seq for _, seq in sorted(numbered)]
        assert seqs == sorted(seqs), "one person's messages were reordered"
    return len(texts)
