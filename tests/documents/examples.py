"""The examples of docs/protocol.md: read, asked of a server, and compared with what it answers.

``"<name>"`` is bound to what first stands in its place; ``"…"`` is anything, and as a field any more fields.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.client.site import Site
from tests.client.wire import Closed, Wire

ANSWER_S = 20.0

_BLOCK = re.compile(r"^```(http|ws)(?: ([^\n]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"<([a-z ]+)>")


@dataclass(frozen=True)
class Example:
    """One block of the page."""

    kind: str
    who: str
    """Whose websocket it is."""
    text: str


def examples(page: str) -> Iterator[Example]:
    """Give the examples of a page in order."""
    for block in _BLOCK.finditer(page):
        yield Example(block[1], block[2] or "", block[3].strip())


class Reader:
    """Asks a server what the examples ask, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.names: dict[str, Any] = {}
        """What the names stand for."""
        self._heard: dict[str, tuple[Wire, asyncio.Queue[Any], list[Any]]] = {}

    async def run(self, example: Example) -> None:
        """Ask what an example asks, and compare."""
        if example.kind == "http":
            await self._http(example.text)
        else:
            await self._socket(example)

    async def _http(self, text: str) -> None:
        asked, answered = text.split("\n\n", 1)
        (first, *headers), body = self._head(asked)
        method, path = self._text(first).split(" ")
        lines = dict(self._text(header).split(": ", 1) for header in headers)
        given = None if body is None else self._filled(body)
        answer = await self.site.rest.request(method, path, given, headers=lines)
        status, _, wanted = answered.partition("\n")
        assert answer.status == int(status), (text, answer)
        assert self._fits(json.loads(wanted), answer.json), f"{wanted}\n\nis not\n\n{answer.body.decode()}"

    def _head(self, text: str) -> tuple[list[str], Any]:
        """Return the lines before a body, and the body."""
        head, brace, body = text.partition("\n{")
        return head.splitlines(), json.loads("{" + body) if brace else None

    async def _socket(self, example: Example) -> None:
        wire, queue, heard = await self._wire(example.who)
        for frame in re.split(r"\n(?=[<>] )", example.text):
            sent, said = frame[0] == ">", json.loads(frame[2:])
            if sent:
                wire.send(json.dumps(self._filled(said)))
                continue
            async with asyncio.timeout(ANSWER_S):
                # Answers and events may overtake each other.
                while not (found := [one for one in heard if self._fits(said, one)]):
                    heard.append(await queue.get())
            heard.remove(found[0])

    async def _wire(self, who: str) -> tuple[Wire, asyncio.Queue[Any], list[Any]]:
        if who not in self._heard:
            queue: asyncio.Queue[Any] = asyncio.Queue()

            def take(text: str) -> None:
                queue.put_nowait(json.loads(text))

            def end(closed: Closed) -> None:
                queue.put_nowait({"closed": closed.code})

            self._heard[who] = (await Wire.open(self.site.address, take, end), queue, [])
        return self._heard[who]

    def close(self) -> None:
        """Close all websockets."""
        for wire, _, _ in self._heard.values():
            wire.cut()

    def _text(self, text: str) -> str:
        return _NAME.sub(lambda name: str(self.names[name[1]]), text)

    def _filled(self, value: Any) -> Any:
        """Return what is asked, with what its names stand for."""
        if isinstance(value, dict):
            return {self._filled(key): self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        name = _NAME.fullmatch(value) if isinstance(value, str) else None
        return value if name is None else self.names.get(name[1], value)

    def _fits(self, wanted: Any, found: Any) -> bool:
        """Tell whether something is as it was described, and bind the names in it."""
        bound = dict(self.names)
        holds = fits(wanted, found, bound)
        if holds:
            self.names = bound
        return holds


def fits(wanted: Any, found: Any, names: dict[str, Any]) -> bool:
    """Tell whether something is as it was described; names that were not bound are."""
    if wanted == "…":
        return True
    name = _NAME.fullmatch(wanted) if isinstance(wanted, str) else None
    if name is not None:
        return bool(names.setdefault(name[1], found) == found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        told = wanted.keys() - {"…"}
        whole = "…" in wanted or told == found.keys()
        return whole and told <= found.keys() and all(fits(wanted[key], found[key], names) for key in told)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(fits, wanted, found, [names] * len(wanted)))
    return type(wanted) is type(found) and bool(wanted == found)
