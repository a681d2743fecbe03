"""Everything that does not let somebody in: credentials that are not, no more, or not enough."""

import base64
import hashlib
import hmac
import json
import re
import sqlite3
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from handlers.documents.openapi import BODIES
from services.accounts.logins import api_tokens
from services.accounts.logins import families as logins
from services.accounts.logins.needs import (
    ADMIN,
    ADMIN_CONFIRMED_MS,
    CONFIRMED,
    CONFIRMED_MS,
    LATELY,
    MODERATOR,
    VERIFIED,
)
from services.accounts.logins.tokens import ACCESS_S, BANNED, DAY_S, LEEWAY_S, Tokens, today
from services.ids import now_ms
from services.operations.operation import Operation
from store.tables import API_TOKENS, LOGINS, USERS, ApiToken
from tests.application import Parley
from tests.client.checks import Json
from tests.client.rest import Answer
from tests.least import least
from tests.people import Person
from tests.things import Things, things_of
from ws.wire.codes import CloseCode

Rows = dict[str, dict[str, tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class World:
    """A node, somebody who may do everything, what is theirs, and somebody else."""

    parley: Parley
    file: Path
    """The node's database."""
    caller: Person
    things: Things
    other: Person

    @property
    def login(self) -> str:
        """The id of the caller's log-in."""
        return str(claims(self.caller.account.token)["sid"])

    @property
    def known(self) -> Json:
        """What fields of these names are to hold: what is there, so that it would be missed."""
        other = self.other.id
        return dict(self.things.ids) | {"user": other, "users": [other], "text": "hello", "report.make.target": other}

    async def change(self, **fields: Any) -> None:
        """Change the caller's account in the store."""
        await self.parley.database.update(USERS, self.caller.id, fields)

    async def change_login(self, **fields: Any) -> None:
        """Change the caller's log-in in the store."""
        await self.parley.database.update(LOGINS, self.login, fields)

    def forget(self) -> None:
        """Have the node ask the store again about log-ins, as it does every few seconds."""
        self.parley.application.tokens._live_until.clear()

    def rows(self) -> Rows:
        """Return all that is kept, but for letters under way and when somebody was last there."""
        with sqlite3.connect(self.file) as kept:
            names = [name for (name,) in kept.execute("select name from sqlite_master where type = 'table'")]
            names = [name for name in names if not name.startswith("sqlite_") and "_words" not in name]
            found: Rows = {}
            for name in names:
                columns = [column for _, column, *_ in kept.execute(f"pragma table_info({name})")]
                if "doc" in columns and name not in ("jobs", "seen"):
                    at = columns.index("id")
                    found[name] = {row[at]: row for row in kept.execute(f"select * from {name}")}
        kept.close()
        return found


async def world_of(parley: Parley, folder: Path) -> World:
    """Make a world whose caller may do everything: an admin, logged in with two proofs just now, with proved mail."""
    caller, other = await parley.people("caller", "other")
    things = await things_of(parley, caller, "public")
    await other.do("room.join", room=things.ids["room"])
    made = World(parley, folder / "data" / "parley.db", caller, things, other)
    await made.change(role="admin", email_verified=True)
    await made.change_login(methods=("password", "totp"), confirmed_at=now_ms())
    await parley.application.marks.flush()  # else it comes in the middle
    return made


GIVEN: Json = {
    "post.publish.text": "hello",
    "post.create.text": "hello",
    "vote.mine.ids": "none",
    "report.make.kind": "user",
    "emoji": "👍",
    "room.role.role": "member",
    "room.create.kind": "private",
    "auth.confirm.password": "wrong",
}
"""What has to be given beside the least, for a request to mean something."""


async def rest(world: World, operation: Operation[Any], headers: dict[str, str]) -> Answer:
    """Ask for an operation through REST, with what it takes."""
    assert operation.method is not None
    assert operation.path is not None
    given = least(operation, world.known | GIVEN)
    path = re.sub(r"{(\w+)}", lambda name: quote(str(given.pop(name[1])), safe=""), operation.path)
    if operation.method in BODIES:
        body = json.dumps(given).encode()
        return await world.parley.site.rest.request(operation.method, path, raw=body, headers=headers)
    path += f"?{urlencode(given)}" if given else ""
    return await world.parley.site.rest.request(operation.method, path, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}".rstrip()}


def claims(token: str) -> Json:
    """Return what a token says, without checking anything."""
    body = token.split(".")[1]
    said: Json = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


# Access tokens that are forged with the node's own key, so that one thing alone is wrong with each


def forged(world: World, header: Json | None = None, key: bytes | None = None, **other: Any) -> str:
    """Return the caller's token with some claims, parts of its header or its key changed; None takes a claim away."""
    known, own = world.parley.application.tokens._keys.signing()
    said = {name: value for name, value in (claims(world.caller.account.token) | other).items() if value is not None}
    head = {"alg": "HS256", **known, **(header or {})}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (head, said)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    algorithm = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(head["alg"], hashlib.sha256)
    mark = b"" if head["alg"].lower() == "none" else hmac.new(key or own, text, algorithm).digest()
    return f"{text.decode()}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def _altered(token: str, place: int) -> str:
    """Return a token with one character of a part changed; the last one of a part may mean nothing."""
    parts = token.split(".")
    middle = len(parts[place]) // 2
    other = "A" if parts[place][middle] != "A" else "B"
    parts[place] = parts[place][:middle] + other + parts[place][middle + 1 :]
    return ".".join(parts)


NOW = time.time
FORGED: dict[str, Callable[[World], str]] = {
    "empty": lambda _: "",
    "nonsense": lambda _: "this-is-no-token",
    "dots alone": lambda _: "..",
    "not ASCII": lambda _: "tokén",
    "very long": lambda _: "a" * 4096,
    "signature altered": lambda world: _altered(world.caller.account.token, 2),
    "claims altered": lambda world: _altered(world.caller.account.token, 1),
    "header altered": lambda world: _altered(world.caller.account.token, 0),
    "signature missing": lambda world: world.caller.account.token.rpartition(".")[0] + ".",
    "two parts": lambda world: world.caller.account.token.rpartition(".")[0],
    "expired": lambda world: forged(world, exp=int(NOW() - LEEWAY_S - 1), iat=int(NOW() - ACCESS_S)),
    "from the future": lambda world: forged(world, iat=int(NOW() + LEEWAY_S + 60), exp=int(NOW() + 2 * ACCESS_S)),
    "not yet": lambda world: forged(world, nbf=int(NOW() + LEEWAY_S + 60)),
    "algorithm none": lambda world: forged(world, {"alg": "none"}),
    "algorithm None": lambda world: forged(world, {"alg": "None"}),
    "algorithm HS384": lambda world: forged(world, {"alg": "HS384"}),
    "algorithm HS512": lambda world: forged(world, {"alg": "HS512"}),
    "algorithm RS256": lambda world: forged(world, {"alg": "RS256"}),
    "another installation's": lambda world: Tokens(b"k" * 32, world.parley.database).issue(
        world.caller.id, world.caller.account.username, world.login
    ),
    "an empty key": lambda world: forged(world, key=b"\0"),
    "the day before yesterday's key": lambda world: forged(
        world, {"kid": str(today() - 2)}, world.parley.application.tokens._keys._of(today() - 2)
    ),
    "a key named, another used": lambda world: forged(world, {"kid": str(today() - 1)}),
    "another type": lambda world: forged(world, {"typ": "JWT"}),
    "an extension": lambda world: forged(world, {"crit": ["exp"]}),
    "a key from elsewhere": lambda world: forged(world, {"jku": "https://example.org/keys"}),
    "another audience": lambda world: forged(world, aud="elsewhere"),
    "another issuer": lambda world: forged(world, iss="elsewhere"),
    "a subject that is a number": lambda world: forged(world, sub=1),
    "an unknown log-in": lambda world: forged(world, sid="0" * 30),
    "an end in words": lambda world: forged(world, exp="soon"),
    **{f"without {name}": lambda world, name=name: forged(world, **{name: None})  # type: ignore[misc]  # it is bound here
       for name in ("exp", "iat", "sub", "sid", "iss", "aud", "name")},
    "a refresh token": lambda world: world.caller.account.refresh_token,
    "the secret of a JWT library's example": lambda world: jwt.encode(claims(world.caller.account.token), "s" * 32),
}  # fmt: skip
"""Texts that stand where an access token has to stand, and are none."""


# Log-ins and people that were good once


async def _logged_out(world: World) -> str:
    await logins.end(world.parley.application, world.login, "logged out")
    return world.caller.account.token


async def _ended_elsewhere(world: World) -> str:
    await world.change_login(live=False, reason="logged out")
    world.forget()
    return world.caller.account.token


async def _banned(world: World) -> str:
    await world.change(banned_at=now_ms(), ban_reason="spam")
    await logins.revoke(world.parley.application, world.caller.id, BANNED)
    return world.caller.account.token


async def _banned_elsewhere(world: World) -> str:
    await world.change(banned_at=now_ms(), ban_reason="spam")
    await world.change_login(live=False, reason=BANNED)
    world.forget()
    return world.caller.account.token


async def api_token_of(parley: Parley, user: str, *scopes: str, ends_in_ms: int = DAY_S * 1000, **other: Any) -> str:
    """Make an API token of somebody's."""
    made, now = api_tokens.make(), now_ms()
    kept: Json = {"id": made.id, "user": user, "digest": made.digest, "name": "t", "scopes": scopes}
    kept |= {"created_at": now, "expires_at": now + ends_in_ms}
    await parley.database.insert(API_TOKENS, ApiToken(**kept | other))
    return made.text


async def api_token(world: World, *scopes: str, **other: Any) -> str:
    """Make an API token of the caller's."""
    return await api_token_of(world.parley, world.caller.id, *scopes, **other)


async def _api_token_ended(world: World) -> str:
    return await api_token(world, "read", "write", live=False, reason="ended")


async def _api_token_over(world: World) -> str:
    return await api_token(world, "read", "write", ends_in_ms=-1000)


async def _api_token_of_the_banned(world: World) -> str:
    token = await api_token(world, "read", "write")
    await world.change(banned_at=now_ms())
    await logins.revoke_tokens(world.parley.application, world.caller.id, BANNED)
    return token


async def _api_token_unknown(_world: World) -> str:
    return api_tokens.make().text


async def _api_token_altered(world: World) -> str:
    token = await api_token(world, "read", "write")
    return token[:-1] + ("0" if token[-1] != "0" else "1")


async def _api_token_of_another_secret(world: World) -> str:
    """Give the name of one that there is, with another secret and the checksum of both."""
    text = (await api_token(world, "read", "write"))[:23] + api_tokens.make().text[23:-8]
    return f"{text}{zlib.crc32(text.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody who is not let in: with what token, and how each door says so."""

    token: Callable[[World], Awaitable[str]]
    status: int = 401
    code: str = "unauthenticated"
    close: CloseCode = CloseCode.NOT_AUTHENTICATED


_BANNED = {"status": 403, "code": "account_banned", "close": CloseCode.BANNED}

ENDED: dict[str, Refusal] = {
    "logged out": Refusal(_logged_out),
    "ended on another node": Refusal(_ended_elsewhere),
    "banned": Refusal(_banned, **_BANNED),  # type: ignore[arg-type]  # of several types
    "banned on another node": Refusal(_banned_elsewhere, **_BANNED),  # type: ignore[arg-type]  # of several types
    "an API token that was ended": Refusal(_api_token_ended),
    "an API token that is over": Refusal(_api_token_over),
    "an API token of nobody": Refusal(_api_token_unknown),
    "an API token altered": Refusal(_api_token_altered),
    "an API token with another secret": Refusal(_api_token_of_another_secret),
    "an API token of somebody banned": Refusal(_api_token_of_the_banned, **_BANNED),  # type: ignore[arg-type]  # as above
}
"""What was good once, or looks like it; each changes the world that it is made in."""


# People who are let in, and lack one thing


async def _unverified(world: World) -> None:
    await world.change(email_verified=False)


async def _one_proof(world: World) -> None:
    await world.change_login(methods=("password",))


async def _by_mail_alone(world: World) -> None:
    await world.change_login(methods=("password", "mail"))


async def _one_strong_proof(world: World) -> None:
    await world.change_login(methods=("totp",))


async def _no_role(world: World) -> None:
    await world.change(role="user")


async def _moderator(world: World) -> None:
    await world.change(role="moderator")


async def _proved_long_ago(world: World) -> None:
    await world.change_login(created_at=now_ms() - DAY_S * 1000, confirmed_at=now_ms() - CONFIRMED_MS)


async def _proved_longer_ago(world: World) -> None:
    await world.change_login(created_at=now_ms() - DAY_S * 1000, confirmed_at=now_ms() - ADMIN_CONFIRMED_MS)


async def _never_confirmed(world: World) -> None:
    await world.change_login(created_at=now_ms() - DAY_S * 1000, confirmed_at=None)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the caller lacks: how, whom it stops, and what is said."""

    make: Callable[[World], Awaitable[None]]
    stops: frozenset[str]
    code: str


LACKS: dict[str, Lack] = {
    "unverified": Lack(_unverified, frozenset({VERIFIED.name}), "email_unverified"),
    "second factor missing": Lack(_one_proof, frozenset({MODERATOR.name, ADMIN.name}), "second_factor_missing"),
    "two proofs of which a mailbox is enough for both": Lack(
        _by_mail_alone, frozenset({MODERATOR.name, ADMIN.name}), "second_factor_missing"
    ),
    "one proof, though it is no mailbox": Lack(
        _one_strong_proof, frozenset({MODERATOR.name, ADMIN.name}), "second_factor_missing"
    ),
    "no role": Lack(_no_role, frozenset({MODERATOR.name, ADMIN.name}), "forbidden"),
    "a moderator, where an admin is needed": Lack(_moderator, frozenset({ADMIN.name}), "forbidden"),
    "not confirmed for five minutes": Lack(_proved_long_ago, frozenset({CONFIRMED.name}), "confirmation_needed"),
    "not confirmed for a quarter of an hour": Lack(
        _proved_longer_ago, frozenset({CONFIRMED.name, LATELY.name}), "confirmation_needed"
    ),
    "never confirmed": Lack(_never_confirmed, frozenset({CONFIRMED.name, LATELY.name}), "confirmation_needed"),
}
"""What the caller of a world may lack, one at a time; names of needs tell which operations are refused for it."""


def needs(operation: Operation[Any]) -> frozenset[str]:
    """Return the names of what an operation needs."""
    return frozenset(need.name for need in operation.needs)
