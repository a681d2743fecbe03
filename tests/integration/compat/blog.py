"""A client of the older blog's wire, as its gateway is one."""

from typing import Any

from store.tables import USERS
from tests.application import Parley
from tests.client.rest import Answer, Rest
from tests.people import Person

PASSWORD = "six words that nobody ever guesses"


class Blog:
    """A client of the blog's wire."""

    def __init__(self, rest: Rest, token: str) -> None:
        self.rest = rest
        self.token = token

    async def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to a request."""
        return await self.rest.request(method, f"/compat/blog{path}", body, token=self.token)

    async def user(self, name: str, **more: Any) -> Any:
        """Make a user; return their data."""
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD} | more
        answer = await self.ask("POST", "/users", body)
        assert answer.status == 201, answer.json
        return answer.json["data"]

    async def post(self, author: Any, title: str = "title", content: str = "content") -> Any:
        """Post for somebody; return the post's data."""
        body = {"user_id": author["id"], "title": title, "content": content}
        answer = await self.ask("POST", "/posts", body)
        assert answer.status == 201, answer.json
        return answer.json["data"]


async def service_of(parley: Parley, admin: Person) -> Blog:
    """Return a service, whose token an admin has made."""
    await parley.database.update(USERS, admin.id, {"role": "admin"})
    made = await admin.account.request(
        "POST", "/api/auth/tokens", {"name": "gateway", "scopes": ["service"], "days": 7}
    )
    return Blog(parley.site.rest, made.json["token"])
