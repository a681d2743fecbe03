"""What devices do to rooms, each deed done once however often it has to be said."""

import asyncio
import random
from dataclasses import dataclass

import msgspec

from tests.faults.device import AGAIN, ANSWER_S, Device
from tests.faults.history import Fail, Invoke, Ok, Unknown
from tests.faults.link import Gone, Link, Refused


@dataclass(frozen=True)
class Deed:
    """An operation by its name, and what it is about."""

    name: str
    room: str
    cid: str = ""
    text: str = ""
    item: str = ""
    emoji: str = ""
    on: bool = False
    user: str = ""
    seq: int = 0

    def details(self) -> dict[str, object]:
        """Return what the server is told."""
        said = {"room": self.room, "cid": self.cid, "text": self.text, "message": self.item, "emoji": self.emoji}
        details: dict[str, object] = {key: value for key, value in (said | {"user": self.user}).items() if value}
        details |= {"on": self.on} if self.emoji else {}
        return details | ({"seq": self.seq} if self.seq else {})


class Answer(msgspec.Struct):
    """What a history keeps of an answer: the item, where it is one."""

    id: str = ""
    rev: int = 0
    seq: int = 0


async def do(device: Device, deed: Deed) -> Answer | None:
    """Do something until it is done or refused: where the answer is lost or 503, again, with the same cid.

    Returns None where it was refused.
    """
    number = device.history.number()
    while True:
        link = await device.greeted()
        device.history.write(
            Invoke(
                at=device.history.now(),
                op=number,
                name=deed.name,
                user=device.person.id,
                device=device.name,
                session=device.session,
                node=device.node,
                room=deed.room,
                cid=deed.cid,
                item=deed.item,
                text=deed.text,
                emoji=deed.emoji,
                on=deed.on,
                target=deed.user,
            )
        )
        answer, again = await _once(device, link, number, deed)
        if not again:
            return answer


async def _once(device: Device, link: Link, number: int, deed: Deed) -> tuple[Answer | None, bool]:
    """Say it once; return the answer, and whether it has to be said again."""
    now, write = device.history.now, device.history.write
    try:
        async with asyncio.timeout(ANSWER_S):
            raw = await link.start(deed.name, deed.details())
    except Refused as refused:
        problem = refused.problem
        if problem.code not in AGAIN:
            write(Fail(at=now(), op=number, code=problem.code))
            return None, False
        write(Unknown(at=now(), op=number, why=problem.code))
        await asyncio.sleep((problem.retry_after or 0.1) * random.uniform(1, 1.3))
    except (Gone, TimeoutError) as error:
        write(Unknown(at=now(), op=number, why=f"{error}" or "no answer"))
        await device.give_up(link)
    else:
        answer = msgspec.json.decode(raw, type=Answer) if deed.name.startswith("message.") else Answer()
        write(Ok(at=now(), op=number, item=answer.id, rev=answer.rev, seq=answer.seq))
        return answer, False
    return None, True
