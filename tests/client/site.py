"""A server as its clients know it: an address. What is opened through a ``Site`` is closed with it."""

import asyncio
import itertools
import ssl
from types import TracebackType
from typing import Any, Self

from tests.client.account import PASSWORD, Account
from tests.client.rest import Rest
from tests.client.socket import Listener, Socket

_numbers = itertools.count(1)


class Site:
    """An async context manager around the clients of one server."""

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.rest = Rest(address, tls)
        self._tls = tls
        self._sockets: list[Socket] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for socket in self._sockets:
            socket.cut()
        await asyncio.gather(*(socket.closed for socket in self._sockets))
        await self.rest.close()

    async def register(self, name: str = "user", *, password: str = PASSWORD) -> Account:
        """Make an account with a username nobody has: ``name`` and a number."""
        return await Account.register(self.rest, f"{name[:13]}-{next(_numbers)}", password=password)

    async def register_all(self, name: str, count: int) -> list[Account]:
        """Make several accounts, a few at a time: hashing has a short queue."""
        gate = asyncio.Semaphore(8)

        async def one() -> Account:
            async with gate:
                return await self.register(name)

        return await asyncio.gather(*(one() for _ in range(count)))

    async def log_in(self, account: Account) -> Account:
        """Begin another session of somebody's account, on this server."""
        return await Account.log_in(self.rest, account.username, password=account.password)

    async def open(self, listener: Listener | None = None, **options: Any) -> Socket:
        """Open a websocket; nothing is said on it yet."""
        socket = await Socket.open(self.address, listener, tls=self._tls, **options)
        self._sockets.append(socket)
        return socket

    async def connect(self, account: Account, listener: Listener | None = None, **options: Any) -> Socket:
        """Open a websocket and say hello as somebody."""
        socket = await self.open(listener, **options)
        await socket.hello(account.token)
        return socket
