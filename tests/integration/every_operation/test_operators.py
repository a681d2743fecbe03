"""Operators of a database in every field of every operation: refused, or taken as the text that they are."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from services import OPERATIONS
from services.operations.operation import Operation
from tests.client.site import Site
from tests.integration.conftest import Store
from tests.people import Person
from tests.processes import ServerProcess, running

OBJECTS: list[Any] = [
    {"$ne": None},
    {"$gt": ""},
    {"$regex": ".*"},
    {"$where": "sleep(10000) || true"},
    {"$expr": {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}},
    {"$in": ["a"]},
    {"$exists": True},
    {"$or": [{}, {}]},
    {"__proto__": {"admin": True}},
    {"constructor": {"prototype": {}}},
    ["a", "b"],
    [{"$ne": 1}],
    [],
    {},
]
"""What is no text: no field of a text may take it."""

TEXTS = [
    '{"$ne": null}',
    "$where",
    "$ne",
    "a.b",
    "members.role",
    "_id",
    "__proto__",
    ".*",
    "^a",
    "(a+)+$",
    "'; return true; var x='",
    "' OR '1'='1",
    "%",
    "_",
    "1; DROP TABLE users",
    '" OR "" = "',
    "*",
    'NEAR("a" "b")',
]
"""Texts that mean something to a database: here they mean themselves."""

ASKED = [operation for operation in OPERATIONS if operation.name not in ("auth.logout", "admin.claim")]


@pytest.fixture
async def server(store: Store) -> AsyncIterator[ServerProcess]:
    async with running(store.server()) as process:
        yield process


def texts_of(operation: Operation[Any]) -> list[str]:
    """Return the fields of an operation that are text."""
    fields = msgspec.json.schema(operation.input)["$defs"][operation.input.__name__]["properties"]
    return [name for name, schema in fields.items() if "string" in str(schema)]


def whole(operation: Operation[Any], known: dict[str, str]) -> dict[str, Any]:
    """Return a request with something plausible in every field that there has to be."""
    schema = msgspec.json.schema(operation.input)["$defs"][operation.input.__name__]
    return {name: known.get(name, "x" * 12) for name in schema.get("required", ())}


async def ask(person: Person, operation: Operation[Any], given: dict[str, Any]) -> int:
    """Ask over REST; return the status."""
    rest = dict(given)
    path = re.sub(r"{(\w+)}", lambda found: quote(str(rest.pop(found[1], "x")), safe=""), str(operation.path))
    if operation.method in ("GET", "DELETE"):
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in rest.items())
        nested = "&".join(f"{name}[$ne]=x&{name}[$regex]=.*" for name in rest)
        if nested:
            answer = await person.account.request(str(operation.method), f"{path}?{nested}")
            assert answer.status in (400, 401, 403, 404), (operation.name, nested, answer.status)
        return (await person.account.request(str(operation.method), f"{path}?{query}" if query else path)).status
    return (await person.account.request(str(operation.method), path, rest)).status


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["objects", "texts"])
async def test_operators_are_refused_or_mean_themselves(server: ServerProcess, kind: str) -> None:
    async with Site(server.address) as site:
        ann = Person(site, await site.register("ann"))
        room = await ann.create("a.b")
        item = await ann.say(room, "words")
        known = {"room": room, "message": item["id"], "user": ann.id, "cid": "c1", "text": "words", "kind": "public"}
        asked = 0
        for operation in ASKED:
            if operation.path is None:
                continue
            base = whole(operation, known)
            for name in texts_of(operation):
                if f"{{{name}}}" in operation.path and kind == "objects":
                    continue  # what stands in an address is text
                for value in OBJECTS if kind == "objects" else TEXTS:
                    status = await ask(ann, operation, base | {name: value})
                    asked += 1
                    assert status < 500, (operation.name, name, value)
                    if kind == "objects" and operation.method in ("POST", "PUT", "PATCH") and value not in ([], {}):
                        takes_more = "array" in str(msgspec.json.schema(operation.input))
                        assert status in (400, 401, 403, 404) or takes_more, (operation.name, name, value, status)
        assert asked > 300
        assert (await ann.account.request("GET", "/api/users/me")).status in (200, 401)


async def test_nobody_logs_in_by_an_operator(server: ServerProcess) -> None:
    async with Site(server.address) as site:
        ann = await site.register("ann")
        for value in OBJECTS + TEXTS:
            for body in (
                {"login": value, "password": value},
                {"login": ann.username, "password": value},
                {"login": value, "password": ann.password},
            ):
                assert (await site.rest.request("POST", "/api/auth/login", body)).status in (400, 401), body
            for path, body in {
                "/api/auth/refresh": {"refresh_token": value},
                "/api/auth/password/reset/finish": {"token": value, "password": "four words nobody guesses"},
                "/api/auth/mail/finish": {"ticket": value, "code": value},
                "/api/auth/login/second": {"ticket": value, "method": "totp", "code": value},
                "/api/auth/signup/finish": {"ticket": value, "code": value},
                "/api/auth/recover/finish": {"ticket": value, "code": value, "recovery_code": value},
            }.items():
                assert (await site.rest.request("POST", path, body)).status in (400, 401), (path, value)
