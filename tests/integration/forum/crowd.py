"""People who vote, comment, come, go, follow, write and read all at once, on nodes of which one is killed."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.client.account import Account
from tests.client.checks import check_answer
from tests.client.rest import Refused, Rest
from tests.client.routes import request_of

AGAIN_S = 0.1
"""Pause before a node is asked again, or another one."""

TRIES = 300
"""Tries of one deed: half a minute without any node."""

LOST = (OSError, EOFError)
"""What becomes of a request to a node that is killed."""


@dataclass
class Stage:
    """What everybody acts on, and what was acknowledged of it."""

    nodes: list[Rest]
    home: str = ""
    """The topic in which all are, and vote, comment and write."""
    door: str = ""
    """The topic that all come to and go from."""
    posts: list[str] = field(default_factory=list)
    comments: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Comments that were acknowledged: the post and the author of each."""
    deleted: set[str] = field(default_factory=set)
    votes: dict[tuple[str, str], int] = field(default_factory=dict)
    """The last vote of a person on an item that was acknowledged."""
    inside: dict[str, bool] = field(default_factory=dict)
    """Who is in the door topic."""
    owner: str = ""
    """Who owns both, and has to stay."""
    follows: dict[tuple[str, str], bool] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    """Why something was asked again."""


class Actor:
    """Somebody who does one thing after the other, each until it is acknowledged."""

    def __init__(self, stage: Stage, account: Account, number: int, seed: int) -> None:
        self.stage = stage
        self.account = account
        self.id = account.id
        self._node = number % len(stage.nodes)
        self._rng = random.Random(f"{seed}:{number}")
        self._count = 0
        self._own: list[str] = []
        self.others: list[str] = []
        self._deeds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._vote_post, 5),
            (self._vote_comment, 5),
            (self._comment, 3),
            (self._delete, 1),
            (self._come_or_go, 2),
            (self._follow_or_not, 3),
            (self._write, 3),
            (self._read, 1),
        ]

    async def act(self, deeds: int, acted: Callable[[], None]) -> None:
        """Do so many things, by chance."""
        for _ in range(deeds):
            (deed,) = self._rng.choices([deed for deed, _ in self._deeds], [weight for _, weight in self._deeds])
            await deed()
            acted()

    async def do(self, op: str, *fine: str, **d: Any) -> Any:
        """Ask until it is acknowledged, of whichever node answers; None where it is refused with a ``fine`` code."""
        for _ in range(TRIES):
            rest = self.stage.nodes[self._node]
            method, path, body = request_of(op, d)
            try:
                async with asyncio.timeout(10):
                    ok = (await rest.request(method, path, body, token=self.account.token)).ok()
            except (*LOST, TimeoutError) as error:
                self.stage.again[type(error).__name__] += 1
                self._node = (self._node + 1) % len(self.stage.nodes)
            except Refused as refused:
                if refused.code in fine:
                    return None
                if refused.code != "unavailable":
                    raise
                self.stage.again["unavailable"] += 1
            else:
                check_answer(op, d, ok)
                self.stage.done[op] += 1
                return ok
            await asyncio.sleep(AGAIN_S)
        raise AssertionError(f"{op} was never acknowledged")

    def _cid(self) -> str:
        self._count += 1
        return f"{self.id}-{self._count}"

    async def _vote(self, item: str, op: str, **this: str) -> None:
        value = self._rng.choice((1, 1, 1, 0, -1, -1))
        if await self.do(op, "deleted", **this, value=value) is not None:
            self.stage.votes[item, self.id] = value

    async def _vote_post(self) -> None:
        post = self._rng.choice(self.stage.posts)
        await self._vote(post, "post.vote", post=post)

    async def _vote_comment(self) -> None:
        if self.stage.comments:
            comment = self._rng.choice(list(self.stage.comments))
            await self._vote(comment, "comment.vote", post=self.stage.comments[comment][0], comment=comment)

    async def _comment(self) -> None:
        post, d = self._rng.choice(self.stage.posts), dict[str, Any]()
        under = [id_ for id_, (where, _) in self.stage.comments.items() if where == post]
        if under and self._rng.random() < 0.7:
            d["parent"] = self._rng.choice(under)
        cid = self._cid()
        # Refused for being too deep, or because what it answers was deleted meanwhile.
        made = await self.do("comment.create", "deleted", "bad_request", post=post, text=cid, cid=cid, **d)
        if made is not None:
            self.stage.comments[made["id"]] = post, self.id
            self._own.append(made["id"])

    async def _delete(self) -> None:
        if self._own:
            comment = self._own.pop(self._rng.randrange(len(self._own)))
            await self.do("comment.delete", post=self.stage.comments[comment][0], comment=comment)
            self.stage.deleted.add(comment)

    async def _come_or_go(self) -> None:
        goes = self.stage.inside.get(self.id, False)
        if self.id == self.stage.owner:
            return
        if goes:
            # Asked again it may be done already.
            await self.do("topic.leave", "not_a_member", topic=self.stage.door)
        else:
            await self.do("topic.join", topic=self.stage.door)
        self.stage.inside[self.id] = not goes

    async def _follow_or_not(self) -> None:
        other = self._rng.choice(self.others)
        on = self._rng.random() < 0.7
        await self.do("follow.put" if on else "follow.take", user=other)
        self.stage.follows[self.id, other] = on

    async def _write(self) -> None:
        cid = self._cid()
        await self.do("message.send", room=self.stage.home, text=cid, cid=cid)
        self.stage.texts.add(cid)

    async def _read(self) -> None:
        page = await self.do("message.list", room=self.stage.home, limit=20)
        if page["items"]:
            seq = self._rng.choice(page["items"])["seq"]
            await self.do("room.read", room=self.stage.home, seq=seq)
