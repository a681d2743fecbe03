"""The hub against a plain model: whatever order batches come in, each watcher hears its part of the log and no more."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from services.streams.append import marker_entry, notice_entry
from services.streams.batch import Batch, batch_of, event_of
from store import DATABASE_FILE
from store.database_sqlite import SqliteDatabase
from store.tables import ENTRIES, Effect, Entry, Notice, Text
from tests.entries import text_entry
from tests.peers import until
from tests.unit.ws.ears import Ear, Station
from ws.hub import gaps

T = TypeVar("T")
USERS = st.sampled_from(["ann", "bob"])


@dataclass
class Listener:
    """What the model knows of somebody who watches."""

    ear: Ear
    start: int
    """The rev above which it hears."""
    first_seq: int = 0
    held: bool = False
    """Whether it only watches yet, and hears nothing."""
    end: int | None = None
    """The rev up to which it hears, where it went away itself."""


class HubMachine(RuleBasedStateMachine):
    """One stream. The log is the truth; batches of it are told to the hub late, twice, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.database = self.run(SqliteDatabase.open(self.folder / DATABASE_FILE))
        self.station = Station(self.database)
        self.log: list[Entry] = []
        self.untold: list[Batch] = []
        self.told: list[Batch] = []
        self.listeners: list[Listener] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something, and the tick that it is in to its end."""

        async def whole() -> T:
            result = await work
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return result

        return self.loop.run_until_complete(whole())

    def teardown(self) -> None:
        """See ``RuleBasedStateMachine``."""
        self.run(self.station.hub.close())
        self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    # What happens

    @rule(kinds=st.lists(st.sampled_from(["item", "item", "marker", "left ann", "left bob"]), min_size=1, max_size=4))
    def write(self, kinds: list[str]) -> None:
        entries = []
        for rev, kind in enumerate(kinds, len(self.log) + 1):
            if kind == "item":
                entry = text_entry("r", "ann", "ann", f"c{rev}", Text(text=f"{rev}"), "d")
            elif kind == "marker":
                entry = marker_entry("r", "nothing")
            else:
                user = kind.removeprefix("left ")
                entry = notice_entry("r", Notice("left", user), Effect("left", user, room="r"))
            of_item = rev if entry.kind is not None else None
            entries.append(msgspec.structs.replace(entry, rev=rev, seq=of_item, changed=of_item))
        self.run(self.database.batch(ENTRIES, entries))
        self.untold.append(batch_of("r", len(self.log), [event_of(entry, None) for entry in entries]))
        self.log += entries

    @precondition(lambda self: self.untold)
    @rule(data=st.data())
    def tell(self, data: st.DataObject) -> None:
        chosen = data.draw(st.permutations(range(len(self.untold))))
        count = data.draw(st.integers(1, len(chosen)))
        batches = [self.untold[at] for at in chosen[:count]]
        self.untold = [batch for batch in self.untold if batch not in batches]
        self.told += batches
        self.run(self._deliver(batches))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        self.run(self._deliver([data.draw(st.sampled_from(self.told))]))

    @precondition(lambda self: self.untold)
    @rule()
    def lose(self) -> None:
        self.untold.pop(0)

    async def _deliver(self, batches: list[Batch]) -> None:
        for batch in batches:
            self.station.hub.deliver(batch)

    @rule(user=USERS, first_seq=st.sampled_from([0, 0, 3]))
    def listen(self, user: str, first_seq: int) -> None:
        self.run(self._listen(Ear(user), first_seq))

    async def _listen(self, ear: Ear, first_seq: int) -> None:
        watched = await self.station.listen(ear, first_seq=first_seq)
        self.listeners.append(Listener(ear, watched.head, first_seq))

    @rule(user=USERS)
    def watch(self, user: str) -> None:
        ear = Ear(user)
        self.station.hub.add(ear.session, user)
        watched = self.run(self.station.hub.watch("r", ear.session))
        self.listeners.append(Listener(ear, watched.head, held=True))

    @precondition(lambda self: any(listener.held for listener in self.listeners))
    @rule()
    def attach(self) -> None:
        listener = next(listener for listener in self.listeners if listener.held)
        listener.held = False
        watched = self.station.hub.find("r")
        assert watched is not None
        removed = (self._removal(listener) or watched.head + 1) <= watched.head
        assert (listener.ear.session in watched.holding) != removed
        listener.start = watched.head
        if removed:
            listener.end = watched.head
        else:
            self.station.hub.attach(listener.ear.session, watched)

    @precondition(lambda self: self.listeners)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        listener = data.draw(st.sampled_from(self.listeners))
        self.run(self._remove(listener))

    async def _remove(self, listener: Listener) -> None:
        watched = self.station.hub.find("r")
        assert watched is not None
        if listener.held:
            listener.held, listener.start = False, watched.head
        if listener.end is None:
            listener.end = watched.head
        self.station.hub.remove(listener.ear.session, listener.ear.user, ["r"])

    @precondition(lambda self: self.listeners)
    @rule()
    def settle(self) -> None:
        """Tell the head: what was lost is found."""
        self.untold.clear()

        async def settled() -> None:
            self.station.hub.deliver(Batch("r", len(self.log), len(self.log), []))
            watched = self.station.hub.find("r")
            assert watched is not None
            await until(lambda: watched.head == len(self.log) and not watched.filling)

        self.run(settled())
        for listener in self.listeners:
            assert listener.ear.revs == self._due(listener, len(self.log))

    # What has to hold

    def _removal(self, listener: Listener) -> int | None:
        """Return the first rev above the start that takes the person out."""
        for entry in self.log[listener.start :]:
            if entry.effect is not None and entry.effect.user == listener.ear.user:
                return entry.rev
        return None

    def _due(self, listener: Listener, upto: int) -> list[int]:
        """Return the revs that somebody has to have heard when the hub is at ``upto``."""
        if listener.held:
            return []
        last = min(upto, upto if listener.end is None else listener.end, self._removal(listener) or upto)
        told = (entry for entry in self.log[listener.start : last] if entry.kind is not None)
        return [entry.rev for entry in told if entry.rev >= listener.first_seq]

    @invariant()
    def everybody_hears_a_whole_part_of_the_log(self) -> None:
        watched = self.station.hub.find("r")
        for listener in self.listeners:
            assert watched is not None
            assert listener.ear.revs == self._due(listener, watched.head)


@pytest.mark.timeout(120)
def test_hub_tells_what_the_model_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "GAP_WAIT_S", 0.002)
    run_state_machine_as_test(
        HubMachine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
