"""People who post through REST while nodes come and go, and keep what became of each request."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from tests.client.account import Account
from tests.client.rest import Rest, path_of
from tests.faults.history import History, Invoke, Ok, Unknown
from tests.faults.link import Item

PAUSE_S = 0.05


@dataclass(eq=False)
class Poster:
    """One of them: a message after the other, each until it is kept."""

    account: Account
    room: str
    rest: Rest
    history: History
    statuses: Counter[int] = field(default_factory=Counter)
    dropped: list[str] = field(default_factory=list)
    """Requests whose connection ended before an answer came."""

    async def run(self, stop: asyncio.Event) -> None:
        """Post until told to stop."""
        number = 0
        while not stop.is_set():
            number += 1
            await self._post(f"rest-{self.account.username}-{number}")
            await asyncio.sleep(PAUSE_S)

    async def _post(self, cid: str) -> None:
        op, body = self.history.number(), {"text": f"posted as {cid}", "cid": cid}
        path, now = path_of("api", "rooms", self.room, "messages"), self.history.now
        while True:
            self.history.write(
                Invoke(
                    at=now(),
                    op=op,
                    name="message.send",
                    user=self.account.id,
                    device=self.account.username,
                    session=0,
                    node="rest",
                    room=self.room,
                    cid=cid,
                    text=body["text"],
                )
            )
            try:
                answer = await self.rest.request("POST", path, body, token=self.account.token)
            except (OSError, EOFError) as error:
                self.dropped.append(f"{cid} at {now():.3f}: {error!r}")
                self.history.write(Unknown(at=now(), op=op, why=repr(error)))
                continue
            self.statuses[answer.status] += 1
            if answer.status < 300:
                item = msgspec.convert(answer.json, Item)
                self.history.write(Ok(at=now(), op=op, item=item.id, rev=item.rev, seq=item.seq))
                return
            assert answer.status in (429, 503), answer
            self.history.write(Unknown(at=now(), op=op, why=str(answer.status)))
            await asyncio.sleep(float(answer.headers["retry-after"]))
