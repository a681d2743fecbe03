"""Who asks, where a proxy stands between: counted by limits, judged by its origin, and never by its own word."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.operations.limits import REGISTER_ADDRESS, SOCKET_ADDRESS
from tests.application import Parley, running
from tests.raw import Raw

Header = dict[str, str]


@asynccontextmanager
async def behind(folder: Path, *networks: str) -> AsyncIterator[Parley]:
    """A node with its limits, that believes proxies in these networks; all that is sent to it comes from 127.0.0.1."""
    async with running(folder, limits=True, trusted_proxies=frozenset(map(ip_network, networks))) as parley:
        yield parley


async def registers(parley: Parley, number: int, forwarded: str) -> int:
    """Make an account as somebody behind a proxy; return the status."""
    body = {"username": f"user-{number}", "email": "a@example.org", "password": "four words nobody guesses"}
    headers = {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded}
    return (await parley.site.rest.request("POST", "/api/auth/register", body, headers=headers)).status


async def opens(parley: Parley, **headers: str) -> tuple[int, Raw]:
    """Open a websocket with these headers; return the status and the connection."""
    raw = await Raw.connect(parley.node.port)
    return (await raw.ask(changes=dict(headers))).status, raw


async def test_clients_of_a_trusted_proxy_are_counted_apart(tmp_path: Path) -> None:
    async with behind(tmp_path, "127.0.0.0/8") as parley:
        statuses = [await registers(parley, n, "198.51.100.1") for n in range(REGISTER_ADDRESS.burst + 1)]
        assert statuses == [201] * REGISTER_ADDRESS.burst + [429]
        assert await registers(parley, 10, "198.51.100.2") == 201
        assert await registers(parley, 11, "198.51.100.3, 198.51.100.1") == 429, "its own word is to the left"
        assert await registers(parley, 12, "198.51.100.1, 127.0.0.2") == 429, "two proxies"


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",)])
async def test_headers_of_others_do_not_hide_them(tmp_path: Path, networks: tuple[str, ...]) -> None:
    async with behind(tmp_path, *networks) as parley:
        statuses = [await registers(parley, n, f"198.51.100.{n}") for n in range(REGISTER_ADDRESS.burst + 1)]
        assert statuses == [201] * REGISTER_ADDRESS.burst + [429]


async def test_address_of_one_request_is_not_that_of_the_next(tmp_path: Path) -> None:
    """A proxy asks for many clients on one connection."""
    async with behind(tmp_path, "127.0.0.1") as parley:
        for number in range(REGISTER_ADDRESS.burst * 2):
            assert await registers(parley, number, f"198.51.100.{number}") == 201
        rest = parley.site.rest
        assert len(rest._all) == 1, "all on one connection"
        assert (await rest.request("GET", "/health/live")).status == 200
        body = {"login": "nobody", "password": "x" * 12}
        assert (await rest.request("POST", "/api/auth/login", body)).status == 401
        assert ("login_address", "127.0.0.1") in parley.application.limits._full_at


async def test_sockets_are_counted_by_the_client_behind_the_proxy(tmp_path: Path) -> None:
    async with behind(tmp_path, "127.0.0.1") as parley:
        raws = []
        for number in range(SOCKET_ADDRESS.burst + 1):
            status, raw = await opens(parley, x_forwarded_for="6.6.6.6, 2001:db8::1")
            raws.append(raw)
            assert status == (101 if number < SOCKET_ADDRESS.burst else 429)
        status, raw = await opens(parley, x_forwarded_for="2001:db8:0:1::1")
        raws.append(raw)
        assert status == 101
        assert parley.door._addresses == {"2001:db8::/64": SOCKET_ADDRESS.burst, "2001:db8:0:1::/64": 1}
        for raw in raws:
            raw.close()


@pytest.mark.parametrize(
    ("said", "origin", "status"),
    [
        ("https", "https", 101),
        ("https", "http", 403),
        ("http", "http", 101),
        ("", "http", 101),
    ],
)
async def test_origin_has_the_scheme_that_the_proxy_was_asked_by(
    tmp_path: Path, said: str, origin: str, status: int
) -> None:
    async with behind(tmp_path, "127.0.0.1") as parley:
        headers = {"host": "chat.example", "origin": f"{origin}://chat.example", "x_forwarded_proto": said}
        answered, raw = await opens(parley, **headers)
        assert answered == status
        raw.close()


async def test_scheme_that_somebody_claims_is_not_believed(tmp_path: Path) -> None:
    async with behind(tmp_path) as parley:
        headers = {"host": "chat.example", "origin": "http://chat.example", "x_forwarded_proto": "https"}
        status, raw = await opens(parley, **headers)
        assert status == 101
        raw.close()
