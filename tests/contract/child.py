"""A process that writes to a database until it is killed: ``python -m tests.contract.child DEED KIND WORDS…``."""

import asyncio
import os
import signal
import sys

from store.database import Database, Increment, Insert
from tests.contract.places import Place, place
from tests.contract.tables import EVENTS, THINGS, Event, thing

WRITERS = 8


async def write(place_: Place) -> None:
    """Write from several tasks at once, saying what was answered, for ever."""
    database = await place_.open()
    latest = (await database.find(THINGS, {"group": "g"}, by="number", falling=True, limit=1))[0].id

    async def write(writer: int) -> None:
        number = 0
        while True:
            source = f"{os.getpid()}.{writer}"
            events = [Event(id=f"{source}.{number + more}", source=source, number=number + more) for more in range(3)]
            if writer % 2:
                await database.batch(EVENTS, events)
            else:
                counted = Increment(THINGS, latest, "total", len(events))
                await database.together([counted, *(Insert(EVENTS, event) for event in events)])
            for event in events:
                sys.stdout.write(f"{event.id}\n")
            sys.stdout.flush()
            number += len(events)

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))


async def migrate(place_: Place) -> None:
    """Bring a database to version 2, and die half-way."""

    async def step(database: Database) -> None:
        for number in range(10):
            if number == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            await database.maximum(THINGS, thing(number).id, "total", 1)

    await place_.open(version=2, migrations=((1, step),))


if __name__ == "__main__":
    asyncio.run({"write": write, "migrate": migrate}[sys.argv[1]](place(*sys.argv[2:])))
