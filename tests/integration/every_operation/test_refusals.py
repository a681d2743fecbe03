"""Whoever is not to be let in is refused by every operation, through both doors, and nothing has changed."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services import OPERATIONS
from services.accounts.logins import api_tokens
from services.accounts.logins import families as logins
from services.accounts.logins.needs import CONFIRMED, MODERATOR
from services.ids import now_ms
from services.operations.operation import Operation
from tests.application import running
from tests.client.rest import Refused
from tests.client.socket import Socket
from tests.least import least
from tests.refusals import ENDED, FORGED, GIVEN, LACKS, Lack, Refusal, World, api_token, bearer, needs, rest, world_of
from ws.wire.codes import CloseCode

PUBLIC = {
    "auth.register",
    "auth.login",
    "auth.refresh",
    "auth.password.reset",
    "auth.password.reset.finish",
    "auth.second",
    "auth.second.mail",
    "auth.second.passkey",
    "auth.mail",
    "auth.mail.finish",
    "auth.signup",
    "auth.signup.finish",
    "auth.passkey.options",
    "auth.passkey",
    "auth.recover",
    "auth.recover.finish",
    "auth.providers",
    "auth.providers.begin",
    "auth.providers.finish",
    "auth.providers.account",
    "users.available",
}
"""What anybody may ask. Whatever is added here lets in people who have shown nothing: say to yourself why it may."""

FOR_API_TOKENS = {"auth.validate", "auth.logout"}
"""All that an API token may ask about its account: whether it is good still, and that it ends."""

ASKED: list[Operation[Any]] = [operation for operation in OPERATIONS if not operation.public]
ON_REST = [operation for operation in ASKED if operation.path is not None]
ON_SOCKETS = [operation for operation in ASKED if operation.socket]
SAID_AT_THE_GATE = {"unauthenticated", "account_banned", "scope_missing"} | {lack.code for lack in LACKS.values()}

OWN_WORDS = {"admin.proofs.reset": "email_unverified", "auth.confirm.mail": "confirmation_needed"}
"""What is said of something else than the caller, or says that there is a better proof: in words of the gate."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as parley:
        yield await world_of(parley, tmp_path)


async def called(world: World, socket: Socket, operation: Operation[Any]) -> str:
    """Ask for an operation on a socket; return ``ok`` or the code of the refusal."""
    try:
        await socket.call(operation.name, least(operation, world.known | GIVEN))
    except Refused as error:
        return error.code
    return "ok"


# Who is public, and the one gate


def test_every_public_operation_is_listed() -> None:
    assert {operation.name for operation in OPERATIONS if operation.public} == PUBLIC


def test_operations_about_the_account_and_administration_are_no_business_of_api_tokens() -> None:
    account = [one for one in ASKED if (one.path or "").startswith(("/api/auth/", "/api/admin/"))]
    assert {one.name for one in account if one.needed_scope != "account"} <= FOR_API_TOKENS


def test_administration_needs_a_role_but_for_the_first_admin() -> None:
    admin = [one for one in ASKED if (one.path or "").startswith("/api/admin/")]
    roles = LACKS["no role"].stops
    assert {one.name for one in admin if not needs(one) & roles} <= {"admin.claim"}


def test_nothing_but_the_gate_runs_an_operation() -> None:
    """``perform`` and ``begin`` are the only callers of what an operation does, and both admit first."""
    root = Path(__file__).parents[3]
    files = [path for folder in ("handlers", "services", "ws") for path in root.glob(f"{folder}/**/*.py")]
    used = {str(path.relative_to(root)) for path in files if any(map(_runs, ast.walk(ast.parse(path.read_text()))))}
    assert used == {"services/operations/operation.py"}


def _runs(node: ast.AST) -> bool:
    """Tell whether what an operation does is called here, or given to somebody who may call it."""
    used = [node.func, *node.args] if isinstance(node, ast.Call) else []
    return any(
        isinstance(one, ast.Attribute)
        and one.attr in ("run", "enter")
        and isinstance(one.value, ast.Name)
        and one.value.id == "operation"
        for one in used
    )


async def test_who_may_do_everything_is_refused_nothing_at_the_gate(world: World) -> None:
    """Without this the matrix below would hold of a server that refuses everybody."""
    codes = {}
    for operation in ON_REST:
        await world.change_login(live=True)  # ended by some of them
        world.parley.application.tokens._live_until.clear()
        codes[operation.name] = (await rest(world, operation, bearer(world.caller.account.token))).code
    assert {name: code for name, code in codes.items() if code in SAID_AT_THE_GATE | {"bad_request"}} == OWN_WORDS


async def test_moderators_do_what_they_may_and_a_proof_lasts_as_long_as_it_should(world: World) -> None:
    """What is refused for want of more is not refused to those who have enough, for as long as they have it."""
    await world.change(role="moderator")
    await world.change_login(created_at=now_ms() - 10 * 60_000, confirmed_at=now_ms() - 10 * 60_000)
    for operation in ON_REST:
        if MODERATOR.name in needs(operation) and CONFIRMED.name not in needs(operation):
            answer = await rest(world, operation, bearer(world.caller.account.token))
            assert answer.code not in SAID_AT_THE_GATE | {"forbidden"}, operation.name


# REST


async def told_by_all(world: World, token: str) -> dict[str, tuple[int, str | None]]:
    """Ask for every operation with a token that is none; return what else than 401 is told, and check the headers."""
    headers = bearer(token.encode().decode("latin-1"))
    answers = {operation.name: await rest(world, operation, headers) for operation in ON_REST}
    for answer in answers.values():
        assert answer.status != 401 or answer.headers.get("www-authenticate") == "Bearer"
        assert world.things.secret not in answer.body.decode()
    return {name: (answer.status, answer.code) for name, answer in answers.items()}


async def test_every_operation_refuses_what_is_no_token_over_rest(world: World) -> None:
    before = world.rows()
    for name, make in FORGED.items():
        told = await told_by_all(world, make(world))
        assert told == dict.fromkeys(told, (401, "unauthenticated")), name
    assert world.rows() == before


@pytest.mark.parametrize("refusal", ENDED.values(), ids=ENDED.keys())
async def test_every_operation_refuses_what_was_a_token_over_rest(world: World, refusal: Refusal) -> None:
    token = await refusal.token(world)
    before = world.rows()
    told = await told_by_all(world, token)
    assert told == dict.fromkeys(told, (refusal.status, refusal.code))
    assert world.rows() == before


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Basic dXNlcjpwYXNz", "{token}", "Token {token}", "Bearer{token}", "Bearer {token} more"],
    ids=str,
)
async def test_every_operation_refuses_who_shows_no_token(world: World, header: str | None) -> None:
    token = world.caller.account.token
    headers = {} if header is None else {"Authorization": header.format(token=token)}
    headers["Cookie"] = f"parley={world.caller.account.refresh_token}; access_token={token}"
    before = world.rows()
    told = {operation.name: (await rest(world, operation, headers)).code for operation in ON_REST}
    assert told == dict.fromkeys(told, "unauthenticated")
    assert world.rows() == before


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS.keys())
async def test_every_operation_refuses_whom_it_needs_more_of(world: World, lack: Lack) -> None:
    await lack.make(world)
    stopped = [operation for operation in ON_REST if needs(operation) & lack.stops]
    before = world.rows()
    answers = {one.name: await rest(world, one, bearer(world.caller.account.token)) for one in stopped}
    told = {name: (answer.status, answer.code) for name, answer in answers.items()}
    assert told == dict.fromkeys(told, (403, lack.code))
    assert world.rows() == before


@pytest.mark.parametrize("scopes", [(), ("read",), ("write",), ("read", "write")], ids=str)
async def test_every_operation_refuses_an_api_token_that_is_not_for_it(world: World, scopes: tuple[str, ...]) -> None:
    headers = bearer(await api_token(world, *scopes))
    refused = [operation for operation in ON_REST if operation.needed_scope not in scopes]
    before = world.rows()
    told = {operation.name: (await rest(world, operation, headers)).code for operation in refused}
    assert told == dict.fromkeys(told, "scope_missing")
    assert world.rows() == before


async def test_public_operations_heed_no_token(world: World) -> None:
    """A token that is none is no reason to refuse what anybody may ask; so nothing is learned by trying some."""
    for operation in OPERATIONS:
        if operation.public and operation.name != "auth.register":
            without, with_one = [await rest(world, operation, headers) for headers in ({}, bearer("nonsense"))]
            assert (without.status, without.code) == (with_one.status, with_one.code), operation.name


async def test_no_public_operation_lets_in_who_proves_nothing(world: World) -> None:
    for operation in OPERATIONS:
        if operation.public and operation.name != "auth.register":
            answer = await rest(world, operation, {"Sec-Fetch-Site": "same-origin"})
            assert b"access_token" not in answer.body, operation.name
            assert "parley=" not in answer.headers.get("set-cookie", "").replace("parley=;", ""), operation.name


# The socket


async def greeted(world: World, token: str) -> int:
    """Say hello with a token that is none; return the code that closes the socket."""
    socket = await world.parley.site.open()
    _never_answered = socket.start("hello", {"token": token or " "})
    return (await socket.closed).code


async def test_hello_refuses_what_is_no_token(world: World) -> None:
    before = world.rows()
    codes = {name: await greeted(world, make(world)) for name, make in FORGED.items()}
    assert codes == dict.fromkeys(codes, CloseCode.NOT_AUTHENTICATED)
    assert world.rows() == before


@pytest.mark.parametrize("refusal", ENDED.values(), ids=ENDED.keys())
async def test_hello_refuses_what_was_a_token(world: World, refusal: Refusal) -> None:
    token = await refusal.token(world)
    before = world.rows()
    assert await greeted(world, token) == refusal.close
    assert world.rows() == before


async def test_nothing_is_asked_before_hello(world: World) -> None:
    before = world.rows()
    asked = {one.name: least(one, world.known | GIVEN) for one in ON_SOCKETS}
    for name, given in (asked | {"auth.refresh": {"token": world.caller.account.token}}).items():
        socket = await world.parley.site.open()
        _never_answered = socket.start(name, given)
        assert (await socket.closed).code == CloseCode.NOT_AUTHENTICATED, name
    assert world.rows() == before


async def test_sockets_know_the_operations_that_are_for_them_alone(world: World) -> None:
    socket = await world.parley.site.connect(world.caller.account)
    before = world.rows()
    told = {one.name: await called(world, socket, one) for one in OPERATIONS if not one.socket}
    assert told.pop("auth.refresh") == "bad_request", "sockets have another of this name, which takes a token"
    assert told == dict.fromkeys(told, "bad_request")
    assert world.rows() == before


@pytest.mark.parametrize(
    ("ended", "code"), [("ended on another node", "unauthenticated"), ("banned on another node", "account_banned")]
)
async def test_a_session_whose_log_in_was_ended_elsewhere_is_refused_everything(
    world: World, ended: str, code: str
) -> None:
    socket = await world.parley.site.connect(world.caller.account)
    await ENDED[ended].token(world)
    before = world.rows()
    told = {operation.name: await called(world, socket, operation) for operation in ON_SOCKETS}
    assert told == dict.fromkeys(told, code)
    assert world.rows() == before


@pytest.mark.parametrize("ended", ["logged out", "banned"])
async def test_a_session_ends_with_its_log_in_whatever_it_has_asked(world: World, ended: str) -> None:
    """Its requests come in the same moment as the end: each is done before it or refused, and none after."""
    socket = await world.parley.site.connect(world.caller.account)
    await ENDED[ended].token(world)
    before = world.rows()
    waiting = [socket.start(one.name, least(one, world.known | GIVEN)) for one in ON_SOCKETS]
    closed = await socket.closed
    assert closed.code == (CloseCode.BANNED if ended == "banned" else CloseCode.SESSION_ENDED)
    assert all(future.done() and future.exception() is not None for future in waiting)
    assert world.rows() == before


async def test_a_session_ends_with_its_api_token(world: World) -> None:
    socket = await world.parley.site.open()
    token = await api_token(world, "read", "write")
    await socket.hello(token)
    await logins.end(world.parley.application, api_tokens.id_of(token) or "", "ended")
    assert (await socket.closed).code == CloseCode.SESSION_ENDED
    assert await greeted(world, token) == CloseCode.NOT_AUTHENTICATED


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS.keys())
async def test_sockets_refuse_whom_an_operation_needs_more_of(world: World, lack: Lack) -> None:
    socket = await world.parley.site.connect(world.caller.account)
    await lack.make(world)
    before = world.rows()
    told = {one.name: await called(world, socket, one) for one in ON_SOCKETS if needs(one) & lack.stops}
    assert told == dict.fromkeys(told, lack.code)
    assert world.rows() == before


@pytest.mark.parametrize("scopes", [(), ("write",)], ids=str)
async def test_hello_refuses_an_api_token_that_is_not_for_reading(world: World, scopes: tuple[str, ...]) -> None:
    token = await api_token(world, *scopes)
    before = world.rows()
    assert await greeted(world, token) == CloseCode.NOT_AUTHENTICATED
    assert world.rows() == before


async def test_sockets_refuse_an_api_token_that_is_not_for_it(world: World) -> None:
    socket = await world.parley.site.open()
    await socket.hello(await api_token(world, "read"))
    before = world.rows()
    told = {one.name: await called(world, socket, one) for one in ON_SOCKETS if one.needed_scope != "read"}
    assert told, "there is something to refuse"
    assert told == dict.fromkeys(told, "scope_missing")
    assert world.rows() == before


async def renewed(world: World, token: str) -> str:
    """Give the other's session a next token; return with what it is refused, when it goes on with what it had."""
    socket = await world.parley.site.connect(world.other.account)
    with pytest.raises(Refused) as caught:
        await socket.call("auth.refresh", {"token": token or " "})
    await socket.call("ping", {})
    socket.cut()
    return caught.value.code


async def test_a_session_takes_no_such_token_for_its_next(world: World) -> None:
    codes = {name: await renewed(world, make(world)) for name, make in FORGED.items()}
    codes["another person's"] = await renewed(world, world.caller.account.token)
    again = await world.parley.site.log_in(world.other.account)
    codes["of another log-in"] = await renewed(world, again.token)
    assert codes == dict.fromkeys(codes, "unauthenticated")


@pytest.mark.parametrize("refusal", ENDED.values(), ids=ENDED.keys())
async def test_a_session_takes_no_ended_token_for_its_next(world: World, refusal: Refusal) -> None:
    assert await renewed(world, await refusal.token(world)) == refusal.code
