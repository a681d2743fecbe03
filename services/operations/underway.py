"""How many operations are under way: a node that ends waits until there are none."""

import asyncio


class Underway:
    """Counts things of one kind that begin and end. Belongs to one loop."""

    __slots__ = ("_count", "_none")

    def __init__(self) -> None:
        self._count = 0
        self._none: asyncio.Future[None] | None = None

    @property
    def count(self) -> int:
        """How many have begun and not ended."""
        return self._count

    def begun(self) -> None:
        """Count one more."""
        self._count += 1

    def ended(self) -> None:
        """Count one less; to be called once for each that has begun, whatever became of it."""
        self._count -= 1
        if self._none is not None and not self._count:
            self._none.set_result(None)
            self._none = None

    async def none(self) -> None:
        """Return when there is none; another may begin right after. Cancelling it changes nothing."""
        while self._count:
            if self._none is None:
                self._none = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._none)
