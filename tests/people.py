"""People who ask for operations by name, through REST where there is a route."""

import itertools
from typing import Any

import pytest

from tests.client.account import Account
from tests.client.checks import Json, check_answer
from tests.client.rest import Answer, Refused
from tests.client.routes import request_of
from tests.client.site import Site
from tests.client.socket import Socket

_cids = itertools.count(1)


class Person:
    """Somebody with an account."""

    def __init__(self, site: Site, account: Account) -> None:
        self.site = site
        self.account = account

    @classmethod
    async def register(cls, site: Site, name: str = "user") -> "Person":
        """Make an account."""
        return cls(site, await site.register(name))

    def at(self, site: Site) -> "Person":
        """Return the same person as a client of another node, with the same access token."""
        account = self.account
        user = {"id": account.id, "username": account.username}
        tokens = {"user": user, "access_token": account.token, "token_type": "Bearer", "expires_in": 600}
        refresh = {"refresh_token": account.refresh_token}
        return Person(site, Account(site.rest, account.username, account.password, tokens | refresh))

    @property
    def id(self) -> str:
        """The id of the user."""
        return self.account.id

    @property
    def stream(self) -> str:
        """The id of the person's own stream."""
        return f"u_{self.id}"

    async def answer(self, op: str, **d: Any) -> Answer:
        """Return the whole answer to an operation."""
        return await self.account.request(*request_of(op, d))

    async def do(self, op: str, **d: Any) -> Any:
        """Return what an operation answers; it has to succeed."""
        ok = (await self.answer(op, **d)).ok()
        check_answer(op, d, ok)
        return ok

    async def refused(self, op: str, **d: Any) -> str:
        """Return the code with which an operation is refused; it has to be."""
        with pytest.raises(Refused) as caught:
            await self.do(op, **d)
        return caught.value.code

    async def code(self, op: str, **d: Any) -> str:
        """Return ``ok``, or the code with which an operation is refused."""
        return (await self.answer(op, **d)).code or "ok"

    async def create(self, name: str = "room", kind: str = "public", **more: str) -> str:
        """Make a room and return its id."""
        return str((await self.do("room.create", name=name, kind=kind, **more))["id"])

    async def say(self, room: str, text: str = "hello", **more: Any) -> Json:
        """Send a message under a fresh cid."""
        item: Json = await self.do("message.send", **{"room": room, "text": text, "cid": f"p{next(_cids)}"} | more)
        return item

    async def items(self, room: str) -> list[Json]:
        """Return all items of a room that the person may see."""
        return await self.account.history(room)

    async def notices(self, room: str) -> list[str]:
        """Return the types of all notices of a room."""
        return [item["type"] for item in await self.items(room) if item["kind"] == "notice"]

    async def texts(self, room: str) -> list[str]:
        """Return the texts of all messages of a room."""
        return [item["text"] for item in await self.items(room) if item["kind"] == "text"]

    async def room(self, room: str) -> Json:
        """Return a room as the person sees it."""
        found: Json = await self.do("room.get", room=room)
        return found

    async def connect(self, cursors: dict[str, int] | None = None, **options: Any) -> "Live":
        """Open a websocket and say hello; events wait in a queue."""
        socket = await self.site.open(**options)
        answer = await socket.hello(self.account.token, cursors)
        return Live(socket, answer)


class Live:
    """A websocket after its hello."""

    def __init__(self, socket: Socket, hello: Json) -> None:
        self.socket = socket
        self.hello = hello
        self.rooms: dict[str, Json] = {room["id"]: room for room in hello["rooms"]}
        """The rooms of the hello by id."""

    async def next(self, name: str = "") -> Json:
        """Return the next event, or the next of a name; those of the hello before it are passed over."""
        while True:
            event = await self.socket.events.get()
            if event["ev"] == name or (not name and event["ev"] not in ("hello", "live")):
                return event

    async def until(self, name: str) -> list[Json]:
        """Return all events before the next of a name, and that one."""
        events: list[Json] = []
        while not events or events[-1]["ev"] != name:
            events.append(await self.socket.events.get())
        return [event for event in events if event["ev"] != "hello"]

    async def pending(self) -> list[Json]:
        """Return the events that had been sent when a ping of now is answered."""
        await self.call("ping")
        events = []
        while not self.socket.events.empty():
            events.append(self.socket.events.get_nowait())
        return [event for event in events if event["ev"] not in ("hello", "live")]

    async def call(self, op: str, **d: Any) -> Any:
        """Ask for an operation."""
        return await self.socket.call(op, d)

    async def refused(self, op: str, **d: Any) -> str:
        """Return the code with which an operation is refused."""
        with pytest.raises(Refused) as caught:
            await self.socket.call(op, d)
        return caught.value.code

    async def code(self) -> int:
        """Wait for the end and return the close code."""
        return (await self.socket.closed).code
