"""What Tinode speaks: a JSON object a frame, of one field that says what it is."""

from collections.abc import Sequence

import msgspec
from picows import WSFrame

from benchmarks.load.dialect import Dialect, Step
from benchmarks.load.sockets import chat
from benchmarks.load.task import Failed

HI = Step(b'{"hi":{"id":"hi","ver":"0.25","ua":"bench/1"}}', b'{"ctrl":{"id":"hi"')


class Registration(Dialect):
    """A new account for each socket. Anonymous, as nobody's password is hashed so; the answer tells of its token."""

    def __init__(self, key: str) -> None:
        """Take the API key of this installation."""
        self.path = f"/v0/channels?apikey={key}"

    def greeting(self, number: int) -> Sequence[Step]:
        """Register and log in."""
        asked = b'{"acc":{"id":"acc","user":"new","scheme":"anonymous","login":true}}'
        return HI, Step(asked, b'{"ctrl":{"id":"acc","params":{"authlvl"')

    def message(self, number: int) -> bytes:
        """Nothing is said here."""
        raise NotImplementedError

    def copies(self, frame: WSFrame) -> int:
        """Tell ``{"data"`` from ``{"ctrl"`` and all others."""
        return frame.get_payload_as_memoryview()[2] == ord("d")

    def answers(self, frame: WSFrame) -> int:
        """Tell ``{"ctrl"``; accepted is 202. See ``Dialect``."""
        if frame.get_payload_as_memoryview()[2] != ord("c"):
            return 0
        if b'"code":202,' not in (payload := frame.get_payload_as_bytes()):
            raise Failed(f"refused: {payload[:300]!r}")
        return 1


class Tinode(Registration):
    """Members of a topic, who have an account."""

    def __init__(self, key: str, tokens: Sequence[str], topic: str) -> None:
        """Take the tokens of all members, who take turns in them, and the topic."""
        super().__init__(key)
        self._tokens = tokens
        self.topic = topic

    def greeting(self, number: int) -> Sequence[Step]:
        """Log in and subscribe."""
        login = {"login": {"id": "login", "scheme": "token", "secret": self._tokens[number % len(self._tokens)]}}
        return HI, Step(msgspec.json.encode(login), b'{"ctrl":{"id":"login","params":{"authlvl"'), self.subscription()

    def subscription(self) -> Step:
        """Return how a member subscribes; a refusal has another code."""
        return Step(
            b'{"sub":{"id":"sub","topic":"%b"}}' % self.topic.encode(),
            b'{"ctrl":{"id":"sub","topic":"%b","code":200,' % self.topic.encode(),
        )

    def message(self, number: int) -> bytes:
        """Return a ``{pub}``."""
        return b'{"pub":{"id":"%d","topic":"%b","content":%b}}' % (number, self.topic.encode(), chat("room", number))


class Founding(Tinode):
    """Whoever founds the topic, a group whose members join, read and write; the answer tells its name.

    Without the right P, also of the founder: nobody is told who comes and goes, and nobody is pushed to.
    """

    def __init__(self, key: str, tokens: Sequence[str]) -> None:
        """Take the tokens."""
        super().__init__(key, tokens, "new")

    def subscription(self) -> Step:
        """Subscribe to a new topic."""
        rights = {"desc": {"defacs": {"auth": "JRW", "anon": "JRW"}}, "sub": {"mode": "JRWASDO"}}
        asked = {"sub": {"id": "sub", "topic": self.topic, "set": rights}}
        return Step(msgspec.json.encode(asked), b'{"ctrl":{"id":"sub","topic":"grp')


class Joining(Tinode):
    """Those who subscribe for the first time; the answer tells their rights."""

    rights: object = None
    """What they ask for; what the topic gives, where it is nothing."""

    def subscription(self) -> Step:
        """Expect to be told of rights."""
        asked = {"sub": {"id": "sub", "topic": self.topic, **({"set": self.rights} if self.rights else {})}}
        until = b'{"ctrl":{"id":"sub","topic":"%b","params":{"acs"' % self.topic.encode()
        return Step(msgspec.json.encode(asked), until)


class Sitting(Joining):
    """Somebody who may not read, to whom therefore nothing is sent."""

    rights: object = {"sub": {"mode": "JW"}}
