"""A real database at whose seam a call is made to fail, or to wait, as a network would; every call is noted."""

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from store.database import Database, Max, Table
from store.errors import StoreError, Unavailable, Unknown
from store.tables import SEEN

WRITES = frozenset({"insert", "batch", "update", "increment", "maximum", "delete", "together"})
"""The verbs that change something: only they can be left without an answer."""


class Fault(Enum):
    """What a call meets instead of its answer."""

    UNAVAILABLE = "nothing was done, and the caller is told"
    UNANSWERED = "nothing was done, and the caller is not told"
    LOST = "it was done, and the caller is not told"


@dataclass(slots=True)
class Gate:
    """Where a call waits until it is let go."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    """Calls that have come so far."""
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let the call go on."""
        self._open.set()

    async def hold(self) -> None:
        """Wait there."""
        self.waiting += 1
        self.reached.set()
        await self._open.wait()


@dataclass(slots=True)
class _Rule:
    verb: str
    skip: int
    times: int
    fault: Fault | None = None
    gate: Gate | None = None
    answered: bool = False


class Unstable:
    """Rules what happens to the calls of those who use ``database`` instead of the ``real`` one behind it."""

    def __init__(self, real: Database, spared: Collection[Table[Any]] = ()) -> None:
        """``spared``: tables about which is asked in the background; their own calls pass, and are not noted.

        With any, what a node notes for itself and writes from time to time passes too: such a write may come at any
        moment, and would meet what a test means for an operation.
        """
        self.real = real
        self.spared = spared
        self.database = cast(Database, _Seam(self))
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        """Verb and arguments of every call."""
        self._rules: list[_Rule] = []

    def passes(self, verb: str, values: tuple[Any, ...]) -> bool:
        """Tell whether a call is one of the background, that meets nothing."""
        if not self.spared or not values:
            return False
        if verb == "together":
            return all(isinstance(write, Max) or write.table is SEEN for write in values[0])
        return any(values[0] is table for table in self.spared)

    def count(self, *verbs: str) -> int:
        """Count the calls of these verbs."""
        return sum(verb in verbs for verb, _ in self.calls)

    def fail(self, fault: Fault, verb: str = "", *, skip: int = 0, times: int = 1) -> None:
        """Make the next call fail, or so many; of one verb alone where it is named, after ``skip`` good ones."""
        self._rules.append(_Rule(verb, skip, times, fault))

    def hold(self, verb: str = "", *, skip: int = 0, times: int = 1, answered: bool = False) -> Gate:
        """Make the next call wait, or so many; of one verb alone where it is named, after ``skip`` others.

        With ``answered`` it is done, and its answer waits.
        """
        gate = Gate()
        self._rules.append(_Rule(verb, skip, times, gate=gate, answered=answered))
        return gate

    def heal(self) -> None:
        """Let every call through from now on, but for those that wait."""
        self._rules.clear()

    @property
    def healed(self) -> bool:
        """Whether everything that was asked for has happened."""
        return not self._rules

    async def call(self, verb: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do what a call asks for, or what the rules for it want: it waits first, and fails then."""
        fault, late = None, None
        for rule in self._due(verb):
            fault = fault or rule.fault
            late = rule.gate if rule.answered else late
            if rule.gate is not None and not rule.answered:
                await rule.gate.hold()
        if fault is None:
            result = await work()
            if late is not None:
                await late.hold()
            return result
        if fault is Fault.LOST:
            # A refusal is lost on its way like any other answer.
            with contextlib.suppress(StoreError):
                await work()
        raise Unavailable("made to fail") if fault is Fault.UNAVAILABLE else Unknown("made to fail")

    def _due(self, verb: str) -> list[_Rule]:
        """Return the rules that this call meets: all gates, and the first fault."""
        due: list[_Rule] = []
        for rule in [rule for rule in self._rules if rule.verb in ("", verb)]:
            if rule.skip:
                rule.skip -= 1
            elif rule.gate is not None or not any(met.fault for met in due):
                due.append(rule)
                rule.times -= 1
                if not rule.times:
                    self._rules.remove(rule)
        return due


class _Seam:
    def __init__(self, unstable: Unstable) -> None:
        self._unstable = unstable

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._unstable.real, name)
        if not inspect.iscoroutinefunction(found) or name == "close":
            return found

        async def call(*values: Any, **named: Any) -> Any:
            if self._unstable.passes(name, values):
                return await found(*values, **named)
            self._unstable.calls.append((name, values))
            return await self._unstable.call(name, lambda: found(*values, **named))

        return call
