"""Two nodes that know nothing of each other but the store: their lanes race for the same stream."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket
from tests.integration.conftest import Store
from tests.processes import running

WRITES = 10_000
WINDOW = 48


@dataclass
class Written:
    """One acknowledged write."""

    number: int
    """Its place among those of its writer, in the order of sending."""
    kind: str
    text: str
    item: Json
    again: bool
    """Whether it was sent again after a 503: its place in the order is then its own."""


@dataclass
class Writer:
    """Somebody with a window of operations in flight on one node."""

    socket: Socket
    done: list[Written] = field(default_factory=list)

    @property
    def again(self) -> int:
        """Writes that were sent again."""
        return sum(written.again for written in self.done)

    @property
    def in_order(self) -> list[Written]:
        """What was sent once, in the order of sending."""
        return sorted((written for written in self.done if not written.again), key=lambda written: written.number)

    async def write(self, works: Iterator[tuple[str, str, Json]]) -> None:
        """Send each ``(op, text, d)`` until all are acknowledged; the next is made when there is room for it."""
        open_: set[asyncio.Task[None]] = set()
        for number, (op, text, d) in enumerate(works):
            future = self.socket.start(op, d)
            open_.add(asyncio.ensure_future(self._acknowledged(number, op, text, d, future)))
            if len(open_) >= WINDOW:
                finished, open_ = await asyncio.wait(open_, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    task.result()
        await asyncio.gather(*open_)

    async def _acknowledged(self, number: int, op: str, text: str, d: Json, future: asyncio.Future[Any]) -> None:
        again = False
        while True:
            try:
                item = await future
            except Refused as refused:
                # A store under pressure may say 503. The write is unknown then, and is sent again with its cid.
                if refused.code != "unavailable":
                    raise
                again = True
                await asyncio.sleep(refused.retry_after or 0.1)
                future = self.socket.start(op, d)
            else:
                self.done.append(Written(number, op, text, item, again))
                return


async def _race(room: str, sender: Writer, changer: Writer) -> None:
    """One sends; the other changes what was sent last, all the time, until both have done their half."""
    first = asyncio.get_running_loop().create_future()
    half = WRITES // 2

    def sends() -> Iterator[tuple[str, str, Json]]:
        for number in range(half):
            if sender.done and not first.done():
                first.set_result(None)
            text = f"message {number}"
            yield "message.send", text, {"room": room, "text": text, "cid": f"cid-{number}"}

    def changes() -> Iterator[tuple[str, str, Json]]:
        for number in range(half):
            last = {"room": room, "message": sender.done[-1].item["id"]}
            if number % 2:
                yield "message.edit", f"edit {number}", last | {"text": f"edit {number}"}
            else:
                yield "message.react", "", last | {"emoji": ":+1:", "on": number % 4 == 0}

    async def change() -> None:
        await first
        await changer.write(changes())

    await asyncio.gather(sender.write(sends()), change())


def _check_answers(sender: Writer, changer: Writer) -> None:
    """No two items share a rev, and what one person did in order has rising revs."""
    seqs = [written.item["seq"] for written in sender.in_order]
    assert seqs == sorted(seqs), "sends were reordered"
    assert len({written.item["id"] for written in sender.done}) == len(sender.done) == WRITES // 2
    owners: dict[int, str] = {}
    for written in itertools.chain(sender.done, changer.done):
        assert owners.setdefault(written.item["rev"], written.item["id"]) == written.item["id"], "two items share a rev"
    assert len(changer.done) == WRITES // 2
    by_item: dict[str, int] = {}
    for written in changer.in_order:
        rev = written.item["rev"]
        assert rev >= by_item.get(written.item["id"], 0), "changes of one item were reordered"
        by_item[written.item["id"]] = rev


async def _check_stored(account: Account, room: str, sender: Writer, changer: Writer) -> None:
    """What was acknowledged is found through ``changes``, in its last state, by way of either node."""
    final = {item["id"]: item for item in await account.changes(room)}
    revs = [item["rev"] for item in final.values()]
    assert len(set(revs)) == len(revs)
    for written in itertools.chain(sender.done, changer.done):
        assert final[written.item["id"]]["rev"] >= written.item["rev"]
    texts = {written.item["id"]: written.text for written in sender.done}
    texts |= {written.item["id"]: written.text for written in changer.in_order if written.kind == "message.edit"}
    for written in changer.done:
        if written.again:
            texts.pop(written.item["id"], None)
    assert {id_: final[id_]["text"] for id_ in texts} == texts
    history = await account.history(room)
    assert {item["id"]: item for item in history} == final
    sent = [item["cid"] for item in history if item["kind"] == "text"]
    assert sorted(sent) == sorted(f"cid-{number}" for number in range(WRITES // 2))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_racing_nodes_lose_and_reorder_nothing(store: Store) -> None:
    async with (
        running(store.server()) as one,
        running(store.server()) as two,
        Site(one.address) as here,
        Site(two.address) as there,
    ):
        account = await here.register("both")
        room = (await account.post("rooms", body={"name": "race", "kind": "private"}))["id"]
        changer = Writer(await here.connect(account, deaf=True))
        sender = Writer(await there.connect(await there.log_in(account), deaf=True))
        began = time.monotonic()
        await _race(room, sender, changer)
        took = time.monotonic() - began
        print(f"{store.name}: {WRITES / took:,.0f} writes/s, {sender.again} and {changer.again} sent again")
        _check_answers(sender, changer)
        for site in (here, there):
            await _check_stored(await site.log_in(account), room, sender, changer)
