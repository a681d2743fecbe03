"""Snapshot and events equal a fresh fetch, whatever people do and however often a watcher is cut off."""

import asyncio
import itertools
import random
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.client.mirror import PATIENCE
from tests.client.site import Site
from tests.client.truth import all_of
from tests.client.wire import VIOLATIONS
from tests.integration.every_operation.discussion_actions import DISCUSSION_ACTIONS
from tests.integration.every_operation.post_actions import POST_ACTIONS
from tests.integration.every_operation.published import SAME, documents, rest_operations, socket_operations
from tests.integration.every_operation.topic_actions import TOPIC_ACTIONS
from tests.integration.every_operation.world import ACTIONS as TALK_ACTIONS
from tests.integration.every_operation.world import Action, Pick, World
from tests.processes import ServerProcess

T = TypeVar("T")

SUBJECTS = (TALK_ACTIONS, TOPIC_ACTIONS, DISCUSSION_ACTIONS, POST_ACTIONS)
ACTIONS: dict[str, Action] = {name: action for subject in SUBJECTS for name, action in subject.items()}

SEEDS = range(3)
EXAMPLES = 20
STEPS = 80
"""What one run of the machine may take is about a minute on each store; the nightly run raises both."""
MEANWHILE = 150
WINDOW = 40
"""Operations that somebody has open at once: 64 are allowed."""
HISTORY = 300
"""Lines of what happened that are shown after a failure."""

WITHOUT_STATE = frozenset({"hello", "presence.set", "presence.watch", "room.presence", "room.watch", "room.unwatch"})
"""Operations of the documents that are no action of the machine: mirrors say hello whenever they come back, and who is
there is not kept."""

ELSEWHERE = ("alias.", "auth.", "users.", "admin.", "call.", "room.calls", "follow.", "friend.", "report.", "stance.")
"""How those begin that change no room. How all come to agree on calls is shown in ``calls/test_agreement.py``."""


class Machine(RuleBasedStateMachine):
    """Random actions of five people, three mirrors that are cut off at random."""

    address: tuple[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.site = Site(self.address)
        self.world = World(self.site)
        self.failed = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the loop run until something is done."""
        try:
            result = self.loop.run_until_complete(asyncio.wait_for(work, 3 * PATIENCE))
            assert not VIOLATIONS, VIOLATIONS[:3]
        except BaseException as error:
            self.failed = True
            # Another run may not show it again: there are real races here.
            print(f"seen first: {error!r:.3000}", *self.world.history[-HISTORY:], sep="\n")
            raise
        return result

    @initialize()
    def begin(self) -> None:
        self.run(self.world.begin())

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        pick = _drawn(data)
        name = pick(sorted(ACTIONS))
        self.run(self.world.act(name, ACTIONS[name](self.world, pick)))

    @rule(data=st.data(), count=st.integers(2, 8))
    def act_at_once(self, data: st.DataObject, count: int) -> None:
        pick = _drawn(data)
        names = [pick([name for name in sorted(ACTIONS) if not name.startswith("auth.")]) for _ in range(count)]
        chosen = [ACTIONS[name](self.world, pick) for name in names]

        async def together() -> None:
            await all_of(self.world.act(name, work) for name, work in zip(names, chosen, strict=True))

        self.run(together())

    @rule(which=st.integers(0, 2))
    def cut(self, which: int) -> None:
        self.world.mirrors[which].cut()

    @rule(which=st.integers(0, 2))
    def come_back(self, which: int) -> None:
        mirror = self.world.mirrors[which]
        if mirror.socket is None:
            self.run(mirror.connect())

    @rule(which=st.integers(0, 2), lost=st.sampled_from(["epoch", "future"]))
    def come_back_from_elsewhere(self, which: int, lost: str) -> None:
        """The cursors are of another store, or of one that was restored from a backup: all has to be fetched again."""
        mirror = self.world.mirrors[which]
        mirror.cut()
        if lost == "epoch":
            mirror.epoch = "another"
        else:
            mirror.cursors = {room: cursor + 1000 for room, cursor in mirror.cursors.items()}
        known = set(mirror.cursors)
        self.run(mirror.connect())
        assert mirror.socket is not None
        states = {room["state"] for room in mirror.socket.session["rooms"] if room["id"] in known}
        assert states == {"reset"}, states

    @rule()
    def compare(self) -> None:
        self.run(self.world.check())

    def teardown(self) -> None:
        try:
            if not self.failed and self.world.mirrors:
                self.run(self.world.check())
        finally:
            self.loop.run_until_complete(self.site.__aexit__(None, None, None))
            self.loop.close()


def _drawn(data: st.DataObject) -> Pick:
    # What is drawn must not depend on what the server answered, or a run cannot be repeated.
    def pick(values: Sequence[Any]) -> Any:
        return values[data.draw(st.integers(0, 9999)) % len(values)]

    return pick


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mirrors_equal_a_fresh_fetch(server: ServerProcess) -> None:
    class Here(Machine):
        address = server.address

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


async def _each_once(world: World, actions: Mapping[str, Action], rng: random.Random) -> None:
    """Let each of some operations succeed once, a mirror being cut off or not, and compare after each."""
    await world.begin()
    for name, action in actions.items():
        await world.furnish()
        cut = rng.choice([None, *world.mirrors])
        if cut is not None:
            cut.cut()
        for _ in range(200):
            await world.act(name, action(world, rng.choice))
            if world.done[name]:
                break
        assert world.done[name], f"{name} never succeeded: {world.refused}"
        await world.check()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_operation_leaves_mirrors_equal(site: Site) -> None:
    seen: set[str] = set()
    for seed, actions in itertools.product(SEEDS, SUBJECTS):
        # To each subject a world: all that is there is fetched after each operation, so few rooms are a short test.
        world = World(site)
        await _each_once(world, actions, random.Random(seed))
        seen |= {name for mirror in world.mirrors for name in mirror.seen}
    assert {"hello:ok", "hello:delta", "message", "room", "room.joined", "room.left", "read", "typing"} <= seen


async def _much_happens(world: World, room: str, name: str, messages: int) -> None:
    """Let much be said in a room, and some of it changed."""
    speaker, other = world.people[3:5]
    works = []
    for at in range(messages):
        text = f"missed {at} ".ljust(1000, "x")
        works.append(speaker.socket.start("message.send", {"room": room, "text": text, "cid": f"{name}-{at}"}))
        if len(works) == WINDOW:
            sent = await asyncio.gather(*works)
            works.clear()
            target = {"room": room, "message": sent[0]["id"]}
            await speaker.do("message.edit", target | {"text": f"edited {at}"}, socket=True)
            await other.do("message.react", target | {"emoji": ":+1:", "on": True}, socket=True)
            await speaker.do("message.delete", target | {"message": sent[1]["id"]}, socket=True)
    await asyncio.gather(*works)
    await other.do("room.leave", {"room": room})
    await other.do("room.join", {"room": room})


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(("missed", "state"), [(20, "delta"), (300, "delta"), (600, "behind")])
async def test_absence_is_caught_up_while_more_happens(site: Site, missed: int, state: str) -> None:
    """Little is missed, much, or more than is sent by itself; one is cut off again in the middle."""
    world = World(site)
    await world.begin()
    room = world.rooms[0]
    for mirror in world.mirrors:
        await mirror.settled()
        mirror.cut()
    await _much_happens(world, room, "before", missed)
    more = asyncio.ensure_future(_much_happens(world, room, "meanwhile", MEANWHILE))
    for mirror in world.mirrors:
        await mirror.connect()
    world.mirrors[0].cut()
    await world.mirrors[0].connect()
    await more
    await world.check()
    assert all(mirror.seen[f"hello:{state}"] for mirror in world.mirrors)


async def test_every_published_operation_is_in_the_machine(site: Site) -> None:
    openapi, asyncapi = await documents(site.rest)
    published = {SAME.get(name, name) for name in rest_operations(openapi).keys() | socket_operations(asyncapi).keys()}
    talk = {name for name in published if not name.startswith(ELSEWHERE)}
    assert talk - WITHOUT_STATE == {name for name in ACTIONS if name in talk}
    assert published >= ACTIONS.keys()
