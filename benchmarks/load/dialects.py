"""Which dialect a task is done in."""

from collections.abc import Sequence

from benchmarks.load.dialect import Dialect
from benchmarks.load.parley import Floor, Parley
from benchmarks.load.sockets import hello
from benchmarks.load.task import Person, Task
from benchmarks.peers.dialects import DIALECTS


def dialect(task: Task, people: Sequence[Person], room: str) -> Dialect:
    """Return the dialect of a task's server; people and room are Parley's alone.

    Raises:
        KeyError: If the task names one that nobody speaks.
    """
    if task.dialect:
        return DIALECTS[task.dialect](task)
    return Floor() if task.floor else Parley([hello(person.token) for person in people], room)
