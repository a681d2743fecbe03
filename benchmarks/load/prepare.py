"""Prepare: register everybody and make the rooms, through the front door; later, log in again whose token is old."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from time import perf_counter, time
from typing import TypeVar

import msgspec

from benchmarks.load.rest import Connection, connections
from benchmarks.load.task import People, Person, Result, Rooms, Task, read_people

T = TypeVar("T")
Job = Callable[[Connection], Awaitable[T]]

CONNECTIONS = 16
"""Requests at the same time: no more than a node checks passwords for at once."""
TALKERS = 100
OWN_ROOMS = 50
THOUSAND = 1000
SMALL_ROOMS = 50
"""Rooms that the crowd is spread over, so that everybody is in ``ROOMS_EACH``."""
ROOMS_EACH = 5
MISSED = 200
"""People of the crowd with a room of their own, in which they miss something."""
PASSWORD = "correct horse battery staple"  # of people who exist for five minutes on this machine
FRESH_S = 240
"""A token older than this is renewed: it lives ten minutes."""


async def every(pool: list[Connection], jobs: Iterable[Job[T]]) -> list[T]:
    """Do all jobs, one at a time on each connection; results in the order of ``jobs``."""
    waiting = iter(list(enumerate(jobs)))
    results: dict[int, T] = {}

    async def worker(connection: Connection) -> None:
        for number, job in waiting:
            results[number] = await job(connection)

    await asyncio.gather(*[worker(connection) for connection in pool])
    return [results[number] for number in sorted(results)]


def register(name: str) -> Job[Person]:
    """Return the job that registers a person."""

    async def job(connection: Connection) -> Person:
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        made = await connection.call("POST", "/api/auth/register", body=body)
        return Person(name, made["user"]["id"], made["access_token"], time())

    return job


def log_in(person: Person) -> Job[None]:
    """Return the job that gives a person a new token where the present one is old."""

    async def job(connection: Connection) -> None:
        if time() - person.made_at > FRESH_S:
            body = {"login": person.name, "password": PASSWORD}
            person.token = (await connection.call("POST", "/api/auth/login", body=body))["access_token"]
            person.made_at = time()

    return job


def create(owner: Person, name: str) -> Job[str]:
    """Return the job that creates a public room."""

    async def job(connection: Connection) -> str:
        made = await connection.call("POST", "/api/rooms", owner.token, {"name": name, "kind": "public"})
        room: str = made["id"]
        return room

    return job


def join(person: Person, room: str) -> Job[None]:
    """Return the job that joins a public room; one's own is joined already."""

    async def job(connection: Connection) -> None:
        await connection.call("POST", f"/api/rooms/{room}/members", person.token, {})

    return job


async def make_rooms(pool: list[Connection], crowd: list[Person], talkers: list[Person], sizes: list[int]) -> Rooms:
    """Create all rooms and let everybody in."""
    shared = ["thousand", "hundred", "fifty", "history", *[f"{size} people" for size in sizes]]
    own = [create(talkers[n], f"own {n}") for n in range(OWN_ROOMS)]
    missed = [create(person, "missed") for person in crowd[:MISSED]]
    made = iter(await every(pool, [create(talkers[0], name) for name in shared] + own + missed))
    thousand, hundred, fifty, history = (next(made) for _ in range(4))
    sized = {size: next(made) for size in sizes}
    rooms = Rooms(thousand, hundred, fifty, [next(made) for _ in own], history, list(made), sized)
    joins = [join(person, rooms.hundred) for person in talkers[1:]]
    joins += [join(person, rooms.fifty) for person in talkers[1:OWN_ROOMS]]
    joins += [join(person, rooms.thousand) for person in crowd[:THOUSAND]]
    joins += [join(person, room) for size, room in sized.items() for person in crowd[:size]]
    joins += await into_small(pool, crowd, talkers)
    await every(pool, joins)
    return rooms


async def into_small(pool: list[Connection], crowd: list[Person], talkers: list[Person]) -> list[Job[None]]:
    """Create the small rooms and return the joins with which each of the crowd is in ``ROOMS_EACH``."""
    small = await every(pool, [create(talkers[n], f"small {n}") for n in range(SMALL_ROOMS if crowd else 0)])
    joins = []
    for n, person in enumerate(crowd):
        more = ROOMS_EACH - (n < THOUSAND) - (n < MISSED)
        joins += [join(person, small[(n + 7 * step) % SMALL_ROOMS]) for step in range(more)]
    return joins


def is_prepared(task: Task) -> bool:
    """Tell whether somebody was registered for this task before."""
    return Path(task.people).exists()


def write_people(task: Task, people: People) -> None:
    """Keep the people for the loads that follow."""
    Path(task.people).write_bytes(msgspec.json.encode(people))


async def load(task: Task) -> Result:
    """Register a crowd of ``size`` and the talkers; where they exist, renew their tokens."""
    began, known = perf_counter(), read_people(task) if is_prepared(task) else None
    async with connections(task.port, CONNECTIONS) as pool:
        if known is not None:
            people = known
            await every(pool, [log_in(person) for person in people.crowd + people.talkers])
        else:
            names = [f"crowd-{n}" for n in range(task.size)] + [f"talker-{n}" for n in range(TALKERS)]
            made = await every(pool, [register(name) for name in names])
            crowd, talkers = made[: task.size], made[task.size :]
            people = People(crowd, talkers, await make_rooms(pool, crowd, talkers, task.options.get("sizes", [])))
    write_people(task, people)
    return {"seconds": perf_counter() - began}
