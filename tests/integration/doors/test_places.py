"""Limits of addresses, behind a proxy that tells addresses of version 6."""

import ipaddress
from pathlib import Path

from services.operations.limits import LOGIN_ACCOUNT, LOGIN_ADDRESS
from tests.application import running
from tests.client.account import PASSWORD


async def test_another_address_of_the_same_network_brings_no_more_tries(tmp_path: Path) -> None:
    proxies = frozenset({ipaddress.ip_network("127.0.0.0/8")})
    async with running(tmp_path, limits=True, trusted_proxies=proxies) as parley:
        statuses = []
        for number in range(LOGIN_ADDRESS.burst + 1):
            headers = {"X-Forwarded-For": f"2001:db8::{number + 1:x}"}
            body = {"login": f"nobody-{number}", "password": "four good words"}
            answer = await parley.site.rest.request("POST", "/api/auth/login", body, headers=headers)
            statuses.append(answer.status)
        assert statuses == [401] * LOGIN_ADDRESS.burst + [429]


async def test_where_somebody_is_logged_in_another_address_of_the_network_brings_no_more_tries(tmp_path: Path) -> None:
    proxies = frozenset({ipaddress.ip_network("127.0.0.0/8")})
    async with running(tmp_path, limits=True, trusted_proxies=proxies) as parley:

        async def status(what: str, address: str, **body: str) -> int:
            headers = {"X-Forwarded-For": address}
            return (await parley.site.rest.request("POST", f"/api/auth/{what}", body, headers=headers)).status

        home = "2001:db8::{:x}"
        assert await status("register", home.format(1), username="ann", email="a@x.org", password=PASSWORD) == 201
        tries = [
            await status("login", home.format(n + 2), login="ann", password="a guess of four words") for n in range(7)
        ]
        assert tries == [401] * LOGIN_ACCOUNT.burst + [429] * (7 - LOGIN_ACCOUNT.burst)


async def test_tries_from_many_places_are_counted_together_and_keep_nobody_from_their_account(tmp_path: Path) -> None:
    proxies = frozenset({ipaddress.ip_network("127.0.0.0/8")})
    async with running(tmp_path, limits=True, trusted_proxies=proxies) as parley:

        async def status(what: str, address: str, **body: str) -> int:
            headers = {"X-Forwarded-For": address}
            return (await parley.site.rest.request("POST", f"/api/auth/{what}", body, headers=headers)).status

        home = "192.0.2.1"
        assert await status("register", home, username="ann", email="a@x.org", password=PASSWORD) == 201
        tries = [
            await status("login", f"198.51.100.{n + 1}", login="ann", password="a guess of words") for n in range(7)
        ]
        assert tries == [401] * LOGIN_ACCOUNT.burst + [429] * (7 - LOGIN_ACCOUNT.burst)
        assert await status("login", home, login="ann", password=PASSWORD) == 200
