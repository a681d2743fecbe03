"""A person with an account: the tokens, and REST with them."""

from typing import Any

from tests.client.checks import Json, demand
from tests.client.rest import Answer, Rest, path_of

PASSWORD = "four words nobody guesses"


class Account:
    """A logged-in person. ``Account.register`` and ``Account.log_in`` make one."""

    def __init__(self, rest: Rest, username: str, password: str, tokens: Json) -> None:
        self.rest = rest
        self.username = username
        self.password = password
        self.token = ""
        """The access token."""
        self.refresh_token = ""
        self.id = ""
        self._keep(tokens)

    @classmethod
    async def register(
        cls, rest: Rest, username: str, *, password: str = PASSWORD, email: str | None = None
    ) -> "Account":
        """Make an account.

        Raises:
            Refused: If the server refuses.
        """
        body = {"username": username, "email": email or f"{username}@example.org", "password": password}
        answer = await rest.request("POST", "/api/auth/register", body)
        tokens = answer.ok()
        demand(answer.status == 201, "201 created", answer.status)
        return cls(rest, username, password, tokens)

    @classmethod
    async def log_in(cls, rest: Rest, username: str, *, password: str = PASSWORD) -> "Account":
        """Begin another session of an account.

        Raises:
            Refused: If the server refuses.
        """
        body = {"login": username, "password": password}
        return cls(rest, username, password, (await rest.request("POST", "/api/auth/login", body)).ok())

    def _keep(self, tokens: Json) -> None:
        for key in ("user", "access_token", "token_type", "expires_in", "refresh_token"):
            demand(key in tokens, f"tokens without {key}", sorted(tokens))
        demand(tokens["token_type"] == "Bearer" and tokens["expires_in"] > 0, "a bearer token", tokens["expires_in"])
        demand(tokens["user"]["username"] == self.username, "the username as it was given", tokens["user"])
        self.id = tokens["user"]["id"]
        self.token = tokens["access_token"]
        self.refresh_token = tokens["refresh_token"]

    async def refresh(self) -> None:
        """Change the tokens for fresh ones."""
        body = {"refresh_token": self.refresh_token}
        self._keep((await self.rest.request("POST", "/api/auth/refresh", body)).ok())

    async def log_out(self) -> None:
        """End this session."""
        (await self.request("POST", "/api/auth/logout")).ok()

    async def request(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> Answer:
        """Send a request with the access token."""
        return await self.rest.request(method, path, body, token=self.token, raw=raw)

    async def get(self, *parts: str, **query: object) -> Any:
        """Return what ``GET /api/…`` answers."""
        return (await self.request("GET", path_of("api", *parts, **query))).ok()

    async def post(self, *parts: str, body: object) -> Any:
        """Return what ``POST /api/…`` answers."""
        return (await self.request("POST", path_of("api", *parts), body)).ok()

    async def history(self, room: str) -> list[Json]:
        """Return all items of a room by paging ``GET …/messages`` from the start."""
        items: list[Json] = []
        seq = 0
        while True:
            page = await self.get("rooms", room, "messages", after=seq, limit=100)
            seqs = [item["seq"] for item in page["items"]]
            demand(seqs == sorted(set(seqs)) and all(value > seq for value in seqs), "rising seq", seqs)
            items += page["items"]
            if not page["has_more"]:
                return items
            demand(bool(seqs), "has_more after an empty page", page)
            seq = seqs[-1]

    async def changes(self, room: str, since: int = 0) -> list[Json]:
        """Return every item changed since a rev by paging ``GET …/changes``."""
        items: list[Json] = []
        while True:
            page = await self.get("rooms", room, "changes", since=since, limit=100)
            revs = [item["rev"] for item in page["items"]]
            demand(revs == sorted(set(revs)) and all(rev > since for rev in revs), "rising rev", revs)
            items += page["items"]
            if page["complete"]:
                return items
            demand(bool(revs), "an empty page that is not complete", page)
            since = min(revs[-1], page["head"])
