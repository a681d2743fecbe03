"""The frames between the page and the server, to be read, answered in the server's place, and ended with any code."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, WebSocketRoute

Json = dict[str, Any]
Answer = Callable[[Json], Json | None]
"""What to answer to an operation's ``d`` in the server's place; None leaves it to the server."""

WAIT_S = 20.0


class Frames:
    """Stands between one tab and the server. Set it up before the page is loaded."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._route: WebSocketRoute | None = None
        self._server: WebSocketRoute | None = None
        self._answers: dict[str, Answer] = {}
        self._held: dict[str, list[str | bytes]] = {}
        self._said = asyncio.Condition()
        self.sent: list[Json] = []
        """Every frame that the page has sent."""
        self.opened = 0
        """Sockets that the page has opened."""

    async def attach(self) -> "Frames":
        """Stand in the way from the next load on."""
        await self._page.route_web_socket("**/ws", self._open)
        return self

    async def _open(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        self._route, self._server = route, server
        self.opened += 1

        async def from_page(message: str | bytes) -> None:
            frame = json.loads(message)
            async with self._said:
                self.sent.append(frame)
                self._said.notify_all()
            answer = self._answers.get(frame["op"])
            given = answer(frame["d"]) if answer else None
            if frame["op"] in self._held:
                self._held[frame["op"]].append(message)
            elif given is None:
                server.send(message)
            else:
                route.send(json.dumps({"re": frame["id"]} | given))

        route.on_message(from_page)

    def answer(self, op: str, answer: Answer) -> None:
        """Answer an operation in the server's place."""
        self._answers[op] = answer

    def hold(self, op: str) -> None:
        """Keep an operation from the server, until ``release``."""
        self._held[op] = []

    def release(self, op: str) -> None:
        """Let the server have what it was kept from, and what comes later."""
        assert self._server is not None
        for message in self._held.pop(op):
            self._server.send(message)

    def tell(self, event: Json) -> None:
        """Tell the page an event that the server did not say."""
        assert self._route is not None
        self._route.send(json.dumps(event))

    async def close(self, code: int) -> None:
        """Close the page's socket as the server would."""
        assert self._route is not None
        await self._route.close(code=code, reason="a test")

    async def asked(self, op: str, since: int = 0) -> Json:
        """Wait until the page asks for an operation, and return its ``d``; ``since``: frames not to look at."""
        found: list[Json] = []

        def holds() -> bool:
            found[:] = [frame for frame in self.sent[since:] if frame["op"] == op]
            return bool(found)

        async with asyncio.timeout(WAIT_S), self._said:
            await self._said.wait_for(holds)
        given: Json = found[0]["d"]
        return given
