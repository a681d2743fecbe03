"""A real day of a busy channel, said by everybody who was there from all nodes, is the same on every node."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.deeds import Deed, do
from tests.faults.figures import Outcome
from tests.faults.judging import judge
from tests.faults.rig import rigged
from tests.faults.timeline import Timeline
from tests.integration.rooms.test_replay import lines

OBSERVERS = 6


@dataclass(frozen=True)
class Size:
    """How much of it."""

    lines: int
    cuts: int
    """How often each observer is cut off."""


SHORT = Size(250, 2)
LONG = Size(1_000_000, 8)


async def run(folder: Path, seed: int, store: str, size: Size) -> Outcome:
    """Run it once."""
    outcome = Outcome("replay", seed, store)
    said = (await asyncio.to_thread(lines))[: size.lines]
    nicks = list(dict.fromkeys(nick for nick, _ in said))
    async with rigged("replay", folder, seed, store=store) as rig:
        host, *people = await rig.people(1 + len(nicks) + OBSERVERS)
        room = (await rig.room(host, people)).id
        observers = [rig.device(person) for person in people[len(nicks) :]]
        speakers = {nick: rig.device(person) for nick, person in zip(nicks, people, strict=False)}
        await rig.begin()
        began = time.monotonic()
        plan = {rig.rng.randrange(len(said)): observer for observer in observers for _ in range(size.cuts)}
        for number, (nick, text) in enumerate(said):
            if number in plan:
                plan[number].cut()
            await do(speakers[nick], Deed("message.send", room, cid=f"line-{number}", text=text))
        outcome.seconds = time.monotonic() - began
        await rig.finish(20)
    timeline = judge(outcome, folder)
    _same(outcome, timeline, room, [text for _, text in said])
    return outcome


def _same(outcome: Outcome, timeline: Timeline, room: str, said: list[str]) -> None:
    """Demand of every node what a single one gives: every line, in the order in which it was said."""
    for node, final in timeline.finals[room].items():
        texts = [item.text for item in final.items if not item.notice]
        if texts != said:
            at = next((at for at, pair in enumerate(zip(texts, said, strict=False)) if pair[0] != pair[1]), len(texts))
            outcome.wrong.append(f"{node} has {len(texts)} lines of {len(said)}, and another one at {at}")
    speaking = {call.first.node for call in timeline.calls.values()}
    outcome.proofs["lines"] = len(said)
    outcome.proofs["nodes that they came through"] = len(speaking)
    outcome.wrong += [f"all was said on {speaking}"] if len(speaking) < 2 else []
