"""Any number of devices, at two nodes that may die, do anything in any order, and no call is ever without a way out."""

from collections.abc import Callable, Sequence
from typing import TypeVar, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.calls.machine import begin, ending, legs, timers
from services.calls.machine.looks import in_legs, own_leg, rings
from services.calls.machine.terms import GRACE_S, RING_S, Moment, Who
from services.calls.views import Reason
from services.errors import ServiceError
from services.ids import new_id
from store.tables import Call
from tests.clock import Clock
from tests.unit.services.calls.machine.stage import ANN, ANN_TABLET, BOB, BOB_TABLET, BOB_WATCH, CAT, DAN, Stage

T = TypeVar("T")

DEVICES = (ANN, ANN_TABLET, BOB, BOB_TABLET, BOB_WATCH, CAT, DAN)
RUNG = st.sets(st.sampled_from(["bob", "cat", "dan"]))
MOST = 5
DEAD_S = 9
"""How long a node is dead before another one finds it out."""
SHOWN_S = 30
"""How long anybody who is gone may be shown at most."""
AHEAD_MS = (0, 2000, -2000)
ACTIONS: dict[str, Callable[[Stage, Who, str], Call]] = {
    "ringing": Stage.ringing,
    "accept": Stage.accept,
    "decline": Stage.decline,
    "cancel": Stage.cancel,
    "join": Stage.join,
    "leave": Stage.leave,
    "connected": Stage.connected,
}


class EveryOrder(RuleBasedStateMachine):
    """One room. Ended calls are kept, and are not to change any more."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.stage: Stage
        self.alive: dict[str, float] = {}
        """Nodes, and since when."""
        self.dead: dict[str, float] = {}
        """Nodes that are dead, and nobody has noticed, and since when."""
        self.deaths: list[float] = []
        self.ahead_ms: dict[str, int] = {}
        self.where: dict[str, str | None] = {}
        """The nodes of the devices' sockets."""
        self.away: dict[str, float] = {}
        """Since when devices have had none."""
        self.nodes = 0

    @initialize(
        ahead_ms=st.tuples(st.sampled_from(AHEAD_MS), st.sampled_from(AHEAD_MS)), rung=RUNG, direct=st.booleans()
    )
    def open(self, ahead_ms: tuple[int, int], rung: set[str], direct: bool) -> None:
        for ahead in ahead_ms:
            self._start_node(ahead)
        for number, who in enumerate(DEVICES):
            self.where[who.login] = f"node-{1 + number % 2}"
        self._start(ANN, direct, rung, set())

    # Devices.

    @precondition(lambda self: not self.stage.call.live)
    @rule(data=st.data(), rung=RUNG, direct=st.booleans(), busy=st.sets(st.just("bob")))
    def start(self, data: st.DataObject, rung: set[str], direct: bool, busy: set[str]) -> None:
        who = self._device(data, (ANN, ANN_TABLET))
        if who is not None:
            self._start(who, direct, rung, busy)

    def _start(self, who: Who, direct: bool, rung: set[str], busy: set[str]) -> None:
        ring = ["bob"] if direct else sorted(rung)
        moment = self._moment(self._node_of(who))
        call = begin.begin(
            new_id(),
            "room",
            "audio",
            who,
            moment,
            direct=direct,
            ring=[(user, user.title()) for user in ring],
            busy=frozenset(busy),
        )
        self.stage = Stage(call, self.clock, MOST)
        self.stage.ahead_ms = self.ahead_ms

    @rule(steps=st.lists(st.tuples(st.sampled_from(DEVICES), st.sampled_from(sorted(ACTIONS))), min_size=1, max_size=8))
    def act(self, steps: list[tuple[Who, str]]) -> None:
        for who, name in steps:
            if not self._is_up(who) or (self.stage.call.direct and who.user not in {"ann", "bob"}):
                continue
            before = self.stage.call
            try:
                ACTIONS[name](self.stage, who, self._node_of(who))
            except ServiceError:
                assert self.stage.call is before

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """Have somebody who is rung accept, and those who connect do so: calls come to be active."""
        for who in DEVICES:
            if self._is_up(who) and rings(self.stage.call, who.user) and len(in_legs(self.stage.call)) < MOST:
                self.stage.accept(who, self._node_of(who))
        for who in DEVICES:
            leg = own_leg(self.stage.call, who)
            if self._is_up(who) and leg is not None and data.draw(st.booleans()):
                self.stage.connected(who, self._node_of(who))

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        who = self._device(data, DEVICES)
        if who is not None:
            self._lose(who)

    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        who = self._drawn(data, [who for who in DEVICES if not self._is_up(who)])
        if who is None:
            return
        node = data.draw(st.sampled_from(sorted(self.alive)))
        self.where[who.login] = node
        self.away.pop(who.login, None)
        leg = own_leg(self.stage.call, who)
        if leg is not None:
            self.stage.bound(leg, node)
            assert self.stage.leg(who).state != "reconnecting"

    @rule(data=st.data(), what=st.fixed_dictionaries({}, optional={"muted": st.booleans(), "hand": st.booleans()}))
    def alter(self, data: st.DataObject, what: dict[str, bool]) -> None:
        who = self._device(data, DEVICES)
        leg = None if who is None else own_leg(self.stage.call, who)
        if who is not None and leg is not None:
            self.stage.do(legs.altered, leg.id, self._moment(self._node_of(who)), **what)

    # What others do.

    @rule(data=st.data(), by=st.sampled_from(["user", "login", "leg", "mute"]))
    def remove(self, data: st.DataObject, by: str) -> None:
        if not self.stage.call.live:
            return
        leg = data.draw(st.sampled_from(self.stage.call.legs))
        moment = self._moment(data.draw(st.sampled_from(sorted(self.alive))))
        if by == "mute":
            self.stage.do(ending.muted, leg.id, None, moment)
            return
        name = {"user": leg.user, "login": leg.login, "leg": leg.id}[by]
        self.stage.do(ending.removed, moment, **{by: name})
        assert all(getattr(one, "id" if by == "leg" else by) != name for one in in_legs(self.stage.call))

    @rule(data=st.data(), reason=st.sampled_from(get_args(Reason)), really=st.integers(0, 3))
    def end(self, data: st.DataObject, reason: str, really: int) -> None:
        if not really:
            self.stage.end(reason, data.draw(st.sampled_from(sorted(self.alive))))
            assert not self.stage.call.live

    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Have those taken for unreachable of whom no device has rung, and who are nowhere."""
        node = data.draw(st.sampled_from(sorted(self.alive)))
        there = {who.user for who in DEVICES if self._is_up(who)}
        silent = {one.user for one in self.stage.call.invited if not one.acked}
        users = silent - there
        self.stage.unreachable(*users, node=node)
        assert not any(rings(self.stage.call, user) for user in users)

    # Nodes and time.

    @precondition(lambda self: len(self.alive) < 3)
    @rule(ahead_ms=st.sampled_from(AHEAD_MS))
    def start_node(self, ahead_ms: int) -> None:
        self._start_node(ahead_ms)

    @precondition(lambda self: len(self.alive) > 1)
    @rule(data=st.data())
    def kill_node(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(sorted(self.alive)))
        del self.alive[node]
        self.dead[node] = self.clock.now
        self.deaths.append(self.clock.now)
        for who in DEVICES:
            if self.where[who.login] == node:
                self.where[who.login] = None
                self.away[who.login] = self.clock.now

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 9.0, 15.0, 20.0, 40.0]))
    def wait(self, seconds: float) -> None:
        steady = self._steady()
        self._pass(seconds)
        if steady:
            there = {leg.id for leg in in_legs(self.stage.call)}
            assert steady <= there, "somebody who was there all the time is gone"

    @invariant()
    def nobody_who_is_gone_is_shown(self) -> None:
        # One death may fall into the time that another one takes.
        deaths = sum(self.clock.now - died < 120 for died in self.deaths)
        longest = SHOWN_S + max(0, deaths - 1) * (DEAD_S + GRACE_S)
        for leg in in_legs(self.stage.call):
            assert self.clock.now - self.away.get(leg.login, self.clock.now) <= longest, leg

    def teardown(self) -> None:
        """Have all fall silent: whatever goes on is over before long."""
        if not self.alive:
            return
        for who in DEVICES:
            if self._is_up(who):
                self._lose(who)
        self._pass(RING_S + GRACE_S + 2 * DEAD_S)
        assert not self.stage.call.live

    # Inside.

    def _device(self, data: st.DataObject, devices: Sequence[Who]) -> Who | None:
        return self._drawn(data, [who for who in devices if self._is_up(who)])

    def _drawn(self, data: st.DataObject, among: list[T]) -> T | None:
        return data.draw(st.sampled_from(among)) if among else None

    def _is_up(self, who: Who) -> bool:
        return self.where[who.login] is not None

    def _node_of(self, who: Who) -> str:
        node = self.where[who.login]
        assert node is not None
        return node

    def _moment(self, node: str) -> Moment:
        return Moment(round(self.clock.now * 1000) + self.ahead_ms[node], node)

    def _start_node(self, ahead_ms: int) -> None:
        self.nodes += 1
        name = f"node-{self.nodes}"
        self.alive[name] = self.clock.now
        self.ahead_ms[name] = ahead_ms

    def _lose(self, who: Who) -> None:
        node = self._node_of(who)
        self.where[who.login] = None
        self.away[who.login] = self.clock.now
        for leg in self.stage.call.legs:
            if leg.login == who.login:
                self.stage.lost(leg, node)

    def _steady(self) -> set[str]:
        """Return the legs that time alone may not end: connected ones, in a call that is active and not of two."""
        if self.stage.call.state != "active" or self.stage.call.direct:
            return set()
        up = {login for login, node in self.where.items() if node is not None}
        return {leg.id for leg in in_legs(self.stage.call) if leg.state == "connected" and leg.login in up}

    def _pass(self, seconds: float) -> None:
        """Let time pass, with all that happens by itself: timers of living keepers, and the dead being noticed."""
        until = self.clock.now + seconds
        while (next_ := self._next()) is not None and next_[0] <= until:
            self.clock.now = max(self.clock.now, next_[0])
            next_[1]()
        self.clock.now = until

    def _next(self) -> tuple[float, Callable[[], None]] | None:
        due = timers.due_at(self.stage.call)
        events: list[tuple[float, Callable[[], None]]] = []
        if due is not None and self.stage.call.keeper in self.alive:
            events.append(((due - self.ahead_ms[self.stage.call.keeper]) / 1000, self._due))
        if self.dead:
            observed = max(min(self.dead.values()), min(self.alive.values()))
            events.append((observed + DEAD_S, self._notice))
        return min(events, key=lambda event: event[0], default=None)

    def _due(self) -> None:
        before = self.stage.call
        assert self.stage.do(timers.due, self._moment(before.keeper)) is not before

    def _notice(self) -> None:
        observer = min(self.alive, key=lambda name: self.alive[name])
        found = {name for name, died in self.dead.items() if max(died, self.alive[observer]) + DEAD_S <= self.clock.now}
        for name in found:
            del self.dead[name]
        call = self.stage.do(timers.taken_over, found, self._moment(observer))
        assert call.keeper not in found or not call.live


EveryOrder.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestEveryOrder = EveryOrder.TestCase
