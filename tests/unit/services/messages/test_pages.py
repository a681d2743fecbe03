"""Pages of history: read once for all who ask at the same head, kept where they are asked for again, never stale."""

import asyncio

import msgspec
import pytest

from services.messages.pages import OVERHEAD_BYTES, Page, Pages


class Room:
    """A room whose newest item is all of its page."""

    def __init__(self) -> None:
        self.head = 1
        self.reads = 0

    async def read(self) -> Page:
        """Read the page as it is by now."""
        self.reads += 1
        return Page(msgspec.Raw(b"[%d]" % self.head), True, self.head)


@pytest.fixture
def room() -> Room:
    return Room()


async def ask(pages: Pages, room: Room, asked: str = "newest") -> bytes:
    return bytes((await pages.page(asked, room.head, room.read)).items)


async def test_page_is_kept_when_it_is_asked_for_again(room: Room) -> None:
    pages = Pages()
    assert [await ask(pages, room) for _ in range(5)] == [b"[1]"] * 5
    assert room.reads == 2
    assert pages.size == OVERHEAD_BYTES + 3


async def test_page_of_another_head_is_read_anew(room: Room) -> None:
    pages = Pages()
    for head in (1, 2, 3):
        room.head = head
        assert [await ask(pages, room) for _ in range(3)] == [b"[%d]" % head] * 3
    assert room.reads == 6
    assert pages.size == OVERHEAD_BYTES + 3


async def test_page_that_shows_more_than_its_head_is_not_kept(room: Room) -> None:
    pages = Pages()
    for _ in range(3):
        room.head = 9
        page = await pages.page("newest", 8, room.read)
        assert (bytes(page.items), page.latest) == (b"[9]", 9)
    assert room.reads == 3
    room.head = 8  # as a stream is that a backup has brought back
    assert await ask(pages, room) == b"[8]"


async def test_many_who_ask_at_once_share_one_read(room: Room) -> None:
    pages, gate = Pages(), asyncio.Event()

    async def slowly() -> Page:
        page = await room.read()
        await gate.wait()
        return page

    reading = [asyncio.create_task(pages.page("newest", 1, slowly)) for _ in range(20)]
    later = [asyncio.create_task(pages.page("newest", 2, slowly)) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    assert {bytes(page.items) for page in await asyncio.gather(*reading, *later)} == {b"[1]"}
    assert room.reads == 2, "one for each head"


async def test_what_was_asked_for_longest_ago_is_forgotten_first(room: Room) -> None:
    pages = Pages(limit=3 * (OVERHEAD_BYTES + 3))
    for asked in ("a", "b", "c"):
        await ask(pages, room, asked)
        await ask(pages, room, asked)
    await ask(pages, room, "a")
    assert room.reads == 6
    await ask(pages, room, "d")
    await ask(pages, room, "a")
    await ask(pages, room, "c")
    assert room.reads == 7
    await ask(pages, room, "b")
    assert room.reads == 8
    assert pages.size <= 3 * (OVERHEAD_BYTES + 3)
