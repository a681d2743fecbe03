"""How much is unread, from memory: always what the store would say, or nothing."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.rooms.views import UNREAD_LIMIT
from services.streams.batch import Batch
from store.tables import ENTRIES
from tests.unit.ws.ears import Ear, Station, batch, item
from tests.unstable import Unstable
from ws.hub.recent import TEXTS, WORTH_ASKS, Recall, Recent

authors = st.lists(st.sampled_from(["ann", "bob", ""]), max_size=2 * TEXTS)


@given(authors, st.integers(0, 2 * TEXTS), st.integers(0, 2 * TEXTS), st.integers(0, 2 * TEXTS))
def test_memory_says_what_the_store_would_or_nothing(wrote: list[str], start: int, read: int, head: int) -> None:
    """``wrote`` has the author of each seq, empty where it is no message; memory begins at ``start``."""
    texts = [(seq, author) for seq, author in enumerate(wrote, 1) if author]
    recent = Recent([], start + 1)
    for seq, author in texts:
        if seq > start:
            recent.add(seq, author)
    true = min(sum(read < seq <= head and author != "ann" for seq, author in texts), UNREAD_LIMIT)
    said = recent.unread("ann", read, head)
    assert said in (true, None)
    if read >= start and len(texts) <= TEXTS:
        assert said == true


def test_a_message_that_is_known_is_not_counted_twice() -> None:
    recent = Recent([(1, "bob"), (2, "bob")], 0)
    recent.add(2, "bob")
    assert recent.unread("ann", 0, 2) == 2


async def test_latest_messages_are_read_once_and_kept_true(unstable: Unstable, station: Station) -> None:
    await unstable.real.batch(ENTRIES, [item(rev, author="bob") for rev in range(1, 6)])
    watched = await station.listen(Ear("ann"))
    recall = Recall(unstable.database)
    for _ in range(WORTH_ASKS):
        assert await recall.unread(watched, "ann", 2) is None
    reads = unstable.count("find")
    assert await asyncio.gather(*(recall.unread(watched, "ann", 2) for _ in range(9))) == [3] * 9
    assert unstable.count("find") == reads + 1
    station.deliver(*[_batch(rev) for rev in (6, 7)])
    assert await recall.unread(watched, "ann", 2) == 5
    assert await recall.unread(watched, "bob", 2) == 0
    assert unstable.count("find") == reads + 1


async def test_what_comes_while_the_latest_are_read_is_counted_once(unstable: Unstable, station: Station) -> None:
    await unstable.real.batch(ENTRIES, [item(rev, author="bob") for rev in range(1, 4)])
    watched = await station.listen(Ear("ann"))
    watched.asked = WORTH_ASKS
    gate = unstable.hold("find")
    asking = asyncio.create_task(Recall(unstable.database).unread(watched, "ann", 0))
    await gate.reached.wait()
    station.deliver(_batch(4))
    await unstable.real.batch(ENTRIES, [item(4, author="bob")])
    gate.release()
    assert await asking == 4


def _batch(rev: int) -> Batch:
    return batch(item(rev, author="bob"))
