"""Pages of history that were read: shared by all who ask for the same one, and kept while their room stays as it is."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

import msgspec

from services.loop.shared import Same

PAGES_BYTES: Final = 16 * 1024 * 1024
"""Bytes of pages that are kept: about 1,000 of 50 short messages."""

OVERHEAD_BYTES: Final = 512
"""What a page takes beside its items."""


class Page(msgspec.Struct, frozen=True):
    """Items as they stand on the wire, and what else was read with them."""

    items: msgspec.Raw
    """The list, encoded."""
    whole: bool
    """Whether nothing follows in the direction that was read."""
    latest: int
    """The highest rev of an item in it."""
    floor: int = 0
    """The rev below which the stream's markers may have been gone."""


class Pages:
    """The pages of one node.

    Every change of a room takes a rev. So a page that shows nothing above the head that was read before it is what any
    reader at that head would read, and what it shows may be shown again: to whom is for the caller to check. It is kept
    from the second time on that it is asked for at the same head: most are never asked for again.
    """

    def __init__(self, limit: int = PAGES_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[int, Page | None]] = OrderedDict()
        """What was asked for, at which head, and what it was; the one asked for last stands last."""
        self._bytes = 0
        self._reads: Same[Page] = Same()

    @property
    def size(self) -> int:
        """Bytes that are kept, about."""
        return self._bytes

    async def page(self, asked: Hashable, head: int, read: Callable[[], Awaitable[Page]]) -> Page:
        """Return what was ``asked`` for, as ``read`` gives it after a stream's ``head`` was read.

        ``asked`` names the stream, the place in it, and whatever else decides what is read.
        """
        known_at, known = self._kept.get(asked, (-1, None))
        if known_at == head and known is not None:
            self._kept.move_to_end(asked)
            return known
        page = await self._reads.read((asked, head), read)
        self._keep(asked, head, page if known_at == head and page.latest <= head else None)
        return page

    def _keep(self, asked: Hashable, head: int, page: Page | None) -> None:
        if asked in self._kept:
            self._forget(asked)
        self._kept[asked] = (head, page)
        self._bytes += _size(page)
        while self._bytes > self._limit:
            self._forget(next(iter(self._kept)))

    def _forget(self, asked: Hashable) -> None:
        self._bytes -= _size(self._kept.pop(asked)[1])


def _size(page: Page | None) -> int:
    return OVERHEAD_BYTES + (0 if page is None else len(page.items))
