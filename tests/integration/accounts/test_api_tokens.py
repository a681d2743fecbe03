"""Personal API tokens: for programs, scoped, ending, and never able to make more of themselves."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services import OPERATIONS
from services.accounts.logins.needs import CONFIRMED_MS
from services.accounts.sessions.api_tokens import TOKENS_LIMIT
from services.ids import now_ms
from services.operations.operation import Operation
from store.tables import ACTS, API_TOKENS, LOGINS, USERS
from tests.application import Parley, running
from tests.client.account import Account
from tests.client.checks import Json
from tests.client.wire import Closed
from tests.least import least
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import verified

ACCOUNT = [
    operation
    for operation in OPERATIONS
    if operation.needed_scope == "account"
    and operation.method in ("GET", "DELETE")
    and all(f"{{{name}}}" in (operation.path or "") for name in least(operation))
]
"""Those that need no body; of the others tests/integration/every_operation/test_refusals.py asks."""


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley


async def make(person: Person, *scopes: str, **more: Any) -> Json:
    made: Json = await person.do("auth.tokens.make", name="robot", scopes=list(scopes or ("read", "write")), **more)
    return made


def robot(person: Person, made: Json) -> Person:
    """Return a program that has a token of somebody's."""
    user = {"id": person.id, "username": person.account.username}
    tokens = {"user": user, "access_token": made["token"], "token_type": "Bearer", "expires_in": 600}
    return Person(person.site, Account(person.site.rest, user["username"], "", tokens | {"refresh_token": ""}))


async def test_token_is_shown_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = await make(ann)
    (listed,) = (await ann.do("auth.tokens"))["items"]
    assert made["token"].startswith("parley_")
    assert "token" not in listed
    assert (listed["id"], listed["name"], listed["scopes"]) == (made["id"], "robot", ["read", "write"])


async def test_tokens_are_listed_the_latest_first(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = [(await make(ann))["id"] for _ in range(2)]
    await parley.database.update(API_TOKENS, made[0], {"created_at": now_ms() - 1000})
    assert [item["id"] for item in (await ann.do("auth.tokens"))["items"]] == made[::-1]


async def test_token_is_not_in_the_store(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = await make(ann)
    kept = await parley.database.get(API_TOKENS, made["id"])
    assert made["token"] not in repr(kept)
    assert made["token"][23:66] not in repr(kept)


async def test_program_speaks_as_its_person_through_both_doors(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    program = robot(ann, await make(ann))
    item = await program.say(room, "beep")
    assert item["author"]["id"] == ann.id
    live = await program.connect()
    assert (await live.call("message.send", room=room, text="boop", cid="b1"))["text"] == "boop"


async def test_token_for_reading_writes_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    program = robot(ann, await make(ann, "read"))
    assert await program.room(room)
    assert await program.code("message.send", room=room, text="x", cid="x") == "scope_missing"
    live = await program.connect()
    assert await live.refused("message.send", room=room, text="x", cid="y") == "scope_missing"
    assert await ann.texts(room) == []


async def test_token_for_writing_reads_nothing(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    room = await ann.create()
    program = robot(ann, await make(ann, "write"))
    assert await program.code("room.get", room=room) == "scope_missing"
    assert await program.code("message.send", room=room, text="x", cid="x") == "ok"


@pytest.mark.parametrize("scope", ["write", "service"])
async def test_token_that_is_not_for_reading_has_no_session(parley: Parley, scope: str) -> None:
    (ann,) = await parley.people("ann")
    await parley.database.update(USERS, ann.id, {"role": "admin"})
    made = await make(ann, scope)
    socket = await parley.site.open()
    with pytest.raises(Closed) as caught:
        await socket.hello(made["token"])
    assert caught.value.code == 4501


@pytest.mark.parametrize("operation", ACCOUNT, ids=lambda operation: operation.name)
async def test_token_is_for_nothing_that_concerns_the_account(one_robot: Person, operation: Operation[Any]) -> None:
    path = re.sub(r"\{\w+\}", "x", operation.path or "")
    answer = await one_robot.account.request(operation.method or "", path)
    assert (answer.status, answer.code) == (403, "scope_missing")


@pytest.fixture
async def one_robot(parley: Parley) -> Person:
    (ann,) = await parley.people("ann")
    return robot(ann, await make(ann))


async def test_ended_token_is_good_for_nothing_at_once(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = await make(ann)
    program = robot(ann, made)
    live = await program.connect()
    await ann.do("auth.tokens.end", token=made["id"])
    assert await live.code() == 4504
    assert (await program.answer("users.me")).status == 401
    assert (await ann.do("auth.tokens"))["items"] == []


async def test_token_ends_by_itself(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = await make(ann, days=1)
    program = robot(ann, made)
    assert (await program.answer("users.me")).status == 200
    await parley.database.update(API_TOKENS, made["id"], {"expires_at": now_ms() - 1})
    assert (await program.answer("users.me")).status == 401
    assert (await ann.do("auth.tokens"))["items"] == []


async def test_token_that_never_was_does_not_exist(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.code("auth.tokens.end", token="never") == "token_not_found"


async def test_token_of_somebody_else_does_not_exist(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    made = await make(bob)
    assert await ann.code("auth.tokens.end", token=made["id"]) == "token_not_found"
    assert (await robot(bob, made).answer("users.me")).status == 200


async def test_token_with_another_secret_under_a_known_name_is_refused(parley: Parley) -> None:
    ann, bob = await parley.people("ann", "bob")
    first, second = await make(ann), await make(bob)
    forged = first["token"][:23] + second["token"][23:]
    assert (await robot(ann, first | {"token": forged}).answer("users.me")).status == 401


async def test_so_many_tokens_and_no_more(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    for _ in range(TOKENS_LIMIT):
        await make(ann)
    assert await ann.code("auth.tokens.make", name="more", scopes=["read"]) == "too_many_tokens"


async def test_token_is_made_only_by_who_proved_who_they_are_lately(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    (session,) = (await ann.do("auth.sessions"))["items"]
    await parley.database.update(LOGINS, session["id"], {"created_at": now_ms() - CONFIRMED_MS - 1})
    assert await ann.code("auth.tokens.make", name="robot", scopes=["read"]) == "confirmation_needed"


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["account"]}, {"days": 0}, {"days": 366}, {"name": ""}])
async def test_token_that_cannot_be_is_refused(parley: Parley, wrong: dict[str, Any]) -> None:
    (ann,) = await parley.people("ann")
    assert await ann.code("auth.tokens.make", **({"name": "robot", "scopes": ["read"]} | wrong)) == "bad_request"


async def test_socket_of_a_token_is_not_extended_by_another_log_in(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    live = await robot(ann, await make(ann)).connect()
    assert await live.refused("auth.refresh", token=ann.account.token) == "unauthenticated"


async def test_making_and_ending_a_token_are_written_down(parley: Parley) -> None:
    (ann,) = await parley.people("ann")
    made = await make(ann, "read")
    await ann.do("auth.tokens.end", token=made["id"])
    acts = await parley.database.find(ACTS, {"subject": ann.id}, by="id")
    told = {act.action: act.details for act in acts if act.action.startswith("token.")}
    assert told == {"token.made": {"token": made["id"], "scopes": "read"}, "token.ended": {"token": made["id"]}}


async def test_new_token_is_told_by_mail(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    made = await make(ann)
    letter = await postbox.letter_to(email, about="changed")
    assert made["token"] not in letter.message.as_string()
