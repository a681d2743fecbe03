"""The steps that bring an older database to this version, for every store the same."""

from collections.abc import Awaitable, Callable, Sequence

from store.database import Database

Step = Callable[[Database], Awaitable[None]]
"""Changes records through the seam. It may be cut off anywhere and is then run again from its start."""

Migration = tuple[int, Step]
"""The version that a step starts from, and the step; it ends at the next version."""

MIGRATIONS: tuple[Migration, ...] = ()
"""Every step there is, oldest first. Tables, columns and indexes need none: a store makes what is declared."""


async def migrate(
    database: Database,
    present: int,
    target: int,
    keep: Callable[[int], Awaitable[None]],
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Run the steps between two versions; ``keep`` writes down the version after each of them.

    Several nodes may do so at once: a step that was done twice is as good as one that was cut off and run again.

    Raises:
        StoreError: Whatever a step or ``keep`` raises; the version is that of the last step that was finished.
    """
    for from_version, step in migrations:
        if present <= from_version < target:
            await step(database)
            await keep(from_version + 1)
    if present < target:
        await keep(target)
