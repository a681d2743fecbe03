"""A browser as the server sees one that has our page open: its cookies, its own origin; and the way to a provider."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.application import Parley, running
from tests.client.checks import Json
from tests.client.rest import Answer, Rest
from tests.provider import CLIENT_ID, CLIENT_SECRET, GitHubLike, Provider, say

URL = "http://localhost:8080"
"""Where people reach the server, as its settings have it; providers compare with it letter by letter."""


def entry(provider: Provider, name: str, **other: Any) -> Json:
    """Return a provider as the operator's file has it."""
    kind = "github" if isinstance(provider, GitHubLike) else "openid"
    made = {"name": name, "label": name.title(), "kind": kind, "issuer": provider.issuer}
    return made | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | other


@asynccontextmanager
async def signing_in(folder: Path, providers: Mapping[str, Provider], **chosen: Any) -> AsyncIterator[Parley]:
    """Run a node whose people can sign in with these providers, each by its name; ``chosen`` are settings."""
    file = folder / "providers.json"
    file.write_text(json.dumps([entry(provider, name) for name, provider in providers.items()]))
    for name, provider in providers.items():
        provider.return_addresses.add(f"{URL}/auth/return/{name}")
    async with running(folder, url=URL, providers=file, **chosen) as parley:
        yield parley


class Browser:
    """One browser. Several of them share nothing."""

    def __init__(self, server: Parley | Rest) -> None:
        self.rest = server if isinstance(server, Rest) else server.site.rest
        self.cookies: dict[str, str] = {}
        self.set: dict[str, str] = {}
        """The whole line of each cookie that was set, by its name."""
        self.token: str | None = None
        host, port = self.rest.address
        self.own = {"Origin": f"http://{host}:{port}", "Sec-Fetch-Site": "same-origin"}

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask as our page does; ``headers`` replace its own."""
        sent = self.own | ({"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.rest.request(method, f"/api/auth/{path}", body, token=self.token, headers=sent)
        if line := answer.headers.get("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name], self.set[name] = value, line
        return answer

    async def begin(self, name: str = "here", **given: Any) -> str:
        """Begin a sign-in; return the address at the provider."""
        return str((await self.ask("POST", f"providers/{name}", given)).ok()["url"])

    async def back(self, said: Json, name: str = "here", path: str = "providers") -> Answer:
        """Come back from a provider with what it said."""
        given = {key: said[key] for key in ("code", "state", "iss") if key in said}
        return await self.ask("POST", f"{path}/{name}/finish", given)

    async def sign_in(self, name: str = "here", **given: Any) -> Answer:
        """Go to a provider, say yes there, and come back."""
        return await self.back(await say(await self.begin(name, **given)), name)

    async def arrive(self, username: str, name: str = "here", **given: Any) -> Json:
        """Sign in for the first time, under a new username."""
        found = (await self.sign_in(name, **given)).ok()
        body = {"ticket": found["ticket"], "username": username}
        tokens: Json = (await self.ask("POST", f"providers/{name}/account", body)).ok()
        self.token = tokens["access_token"]
        return tokens

    async def link(self, name: str = "here") -> Answer:
        """Link somebody at a provider to the account that is logged in."""
        url = (await self.ask("POST", f"identities/{name}/begin", {})).ok()["url"]
        return await self.back(await say(url), name, "identities")
