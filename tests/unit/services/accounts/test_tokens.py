"""Access tokens: what is ours and whole passes, everything else does not; a log-in that ended ends them."""

import asyncio
import base64
import hmac
import json
import time
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from services.accounts.logins import tokens as tokens_module
from services.accounts.logins.tokens import ACCESS_S, LEEWAY_S, Tokens, today
from services.errors import Unauthenticated
from services.operations.context import Principal
from store.errors import Unavailable
from store.tables import LOGINS, Login
from tests.unstable import Fault, Unstable

KEY = bytes(range(32))


def header() -> dict[str, Any]:
    return {"typ": "at+jwt", "kid": str(today())}


def of_today(key: bytes) -> bytes:
    """Return the key that tokens of today are signed with."""
    return hmac.digest(key, f"day {today()}".encode(), "sha256")


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": "parley",
        "aud": "parley",
        "sub": "u1",
        "name": "ann",
        "sid": "l1",
        "jti": "j1",
        "iat": now,
        "exp": now + 60,
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


def signed(of: dict[str, Any] | None = None, key: bytes = KEY, algorithm: str = "HS256", **changed: Any) -> str:
    return jwt.encode(claims(**changed), of_today(key), algorithm=algorithm, headers=header() | (of or {}))


@pytest.fixture
async def tokens(unstable: Unstable) -> Tokens:
    login = Login(id="l1", user="u1", live=True, created_at=1, expires_at=10**15)
    await unstable.real.insert(LOGINS, login)
    return Tokens(KEY, unstable.database)


# What passes


async def test_issued_token_says_whose_it_is(tokens: Tokens) -> None:
    before = time.monotonic()
    principal = await tokens.authenticate(tokens.issue("u1", "ann", "l1"))
    assert (principal.user, principal.username, principal.login) == ("u1", "ann", "l1")
    assert before - 1 + ACCESS_S <= principal.expires_at <= time.monotonic() + ACCESS_S


async def test_issued_tokens_differ(tokens: Tokens) -> None:
    assert tokens.issue("u1", "ann", "l1") != tokens.issue("u1", "ann", "l1")


def test_whole_token_is_read(unstable: Unstable) -> None:
    assert Tokens(KEY, unstable.database).read(signed()).user == "u1"


# What does not


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "name", "sid", "jti", "iat", "exp"])
def test_token_without_a_claim_is_refused(unstable: Unstable, claim: str) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(_unchecked(claims(**{claim: None})))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody"),
        ("iss", ["parley"]),
        ("aud", "another"),
        ("sub", 7),
        ("sid", ["l1"]),
        ("name", {"a": 1}),
        ("name", 7),
        ("exp", 1),
        ("exp", "tomorrow"),
        ("iat", "yesterday"),
        ("iat", 10**11),
        ("nbf", 10**11),
    ],
)
def test_token_with_a_wrong_claim_is_refused(unstable: Unstable, claim: str, value: Any) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(_unchecked(claims(**{claim: value})))


def _unchecked(payload: dict[str, Any]) -> str:
    return jwt.api_jws.encode(json.dumps(payload).encode(), of_today(KEY), algorithm="HS256", headers=header())


@pytest.mark.parametrize("typ", [None, "JWT", "rt+jwt", "AT+JWT"])
def test_token_of_another_type_is_refused(unstable: Unstable, typ: str | None) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(signed({"typ": typ}))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_token_of_another_algorithm_is_refused(unstable: Unstable, algorithm: str) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(signed(algorithm=algorithm))


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_token_without_a_signature_is_refused(unstable: Unstable, algorithm: str, signature: str) -> None:
    token = f"{_part(header() | {'alg': algorithm})}.{_part(claims())}.{signature}"
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(token)


def test_token_of_another_key_is_refused(unstable: Unstable) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(signed(key=KEY[::-1]))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_token_that_was_changed_is_refused(unstable: Unstable, place: int) -> None:
    parts = signed().split(".")
    middle = len(parts[place]) // 2
    parts[place] = parts[place][:middle] + ("A" if parts[place][middle] != "A" else "B") + parts[place][middle + 1 :]
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(".".join(parts))


@pytest.mark.parametrize("token", ["", ".", "..", "...", "x", "a.b.c", "ü.ü.ü", "\ud800", "x" * 5000, "\0"])
def test_nonsense_is_refused(unstable: Unstable, token: str) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(token)


# Log-ins


@pytest.mark.parametrize("login", ["none", "ended"])
async def test_token_of_a_log_in_that_is_none_or_ended_is_refused(
    unstable: Unstable, tokens: Tokens, login: str
) -> None:
    await unstable.real.insert(LOGINS, Login(id="ended", user="u1", live=False, created_at=1, expires_at=10**15))
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await tokens.authenticate(tokens.issue("u1", "ann", login))
    assert unstable.count("get_many", "get") == 1, "what has ended is remembered"


async def test_log_in_found_live_is_not_asked_about_for_a_while(
    unstable: Unstable, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tokens.issue("u1", "ann", "l1")
    for _ in range(5):
        await tokens.authenticate(token)
    assert unstable.count("get") == 1
    monkeypatch.setattr(tokens_module, "LIVE_S", -1.0)
    fresh = Tokens(KEY, unstable.database)
    await fresh.authenticate(token)
    await unstable.real.update(LOGINS, "l1", {"live": False})
    with pytest.raises(Unauthenticated):
        await fresh.authenticate(token)


async def test_ended_log_in_ends_its_tokens_at_once(tokens: Tokens) -> None:
    token = tokens.issue("u1", "ann", "l1")
    await tokens.authenticate(token)
    tokens.end("l1")
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(token)


async def test_log_in_that_ends_while_it_is_asked_about_has_ended(unstable: Unstable, tokens: Tokens) -> None:
    gate = unstable.hold("get")
    asking = asyncio.create_task(tokens.authenticate(tokens.issue("u1", "ann", "l1")))
    await gate.reached.wait()
    tokens.end("l1")
    gate.release()
    with pytest.raises(Unauthenticated):
        await asking


async def test_principal_is_good_only_as_long_as_its_token(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.require_live(Principal("u1", "ann", "l1", time.monotonic() - LEEWAY_S - 0.001))


async def test_token_that_was_read_before_ends_all_the_same(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.issue("u1", "ann", "l1")
    assert tokens.read(token) == tokens.read(token)
    later = SimpleNamespace(time=time.time, monotonic=lambda: time.monotonic() + ACCESS_S + LEEWAY_S + 1)
    monkeypatch.setattr(tokens_module, "time", later)
    with pytest.raises(Unauthenticated):
        tokens.read(token)


@pytest.mark.parametrize("off", [-LEEWAY_S + 3, LEEWAY_S - 3])
def test_token_of_a_node_whose_clock_is_a_little_off_is_good(unstable: Unstable, off: float) -> None:
    now = int(time.time() + off)
    assert Tokens(KEY, unstable.database).read(signed(iat=now, exp=now + ACCESS_S)).user == "u1"
    assert Tokens(KEY, unstable.database).read(signed(iat=now - ACCESS_S, exp=now)).user == "u1"


@pytest.mark.parametrize(("iat", "exp"), [(LEEWAY_S + 3, 600), (-600, -LEEWAY_S - 3)])
def test_token_is_not_good_beyond_that(unstable: Unstable, iat: float, exp: float) -> None:
    now = time.time()
    with pytest.raises(Unauthenticated):
        Tokens(KEY, unstable.database).read(signed(iat=int(now + iat), exp=int(now + exp)))


@pytest.mark.parametrize("hours", [-8766, -1, 1, 8766])
async def test_clock_that_jumps_ends_nothing_that_is_under_way(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    token = tokens.issue("u1", "ann", "l1")
    principal = await tokens.authenticate(token)
    jumped = SimpleNamespace(time=lambda: time.time() + hours * 3600, monotonic=time.monotonic)
    monkeypatch.setattr(tokens_module, "time", jumped)
    assert await tokens.authenticate(token) == principal


async def test_only_so_many_tokens_are_remembered(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "READ_LIMIT", 2)
    issued = [tokens.issue("u1", f"ann{number}", "l1") for number in range(3)]
    for _ in range(2):
        assert [tokens.read(token).username for token in issued] == ["ann0", "ann1", "ann2"]
    assert len(tokens._read) == 2


async def test_store_that_is_away_is_no_refusal(unstable: Unstable, tokens: Tokens) -> None:
    token = tokens.issue("u1", "ann", "l1")
    unstable.fail(Fault.UNAVAILABLE, "get")
    with pytest.raises(Unavailable):
        await tokens.authenticate(token)
    assert (await tokens.authenticate(token)).user == "u1"


async def test_only_so_many_log_ins_are_remembered(
    unstable: Unstable, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "KNOWN_LIMIT", 2)
    for login in ("a", "b", "c"):
        tokens.end(login)
    assert len(tokens._live_until) == 2
    await unstable.real.insert(LOGINS, Login(id="a", user="u1", live=True, created_at=1, expires_at=10**15))
    await tokens.authenticate(tokens.issue("u1", "ann", "a"))


async def test_log_ins_asked_about_at_once_are_one_question(unstable: Unstable, tokens: Tokens) -> None:
    dead = Login(id="l2", user="u2", live=False, created_at=1, expires_at=10**15)
    await unstable.real.insert(LOGINS, dead)
    issued = [tokens.issue("u", "ann", login) for login in ("l1", "l2", "l1", "l3")]
    found = await asyncio.gather(*(tokens.authenticate(token) for token in issued), return_exceptions=True)
    assert [type(one) for one in found] == [Principal, Unauthenticated, Principal, Unauthenticated]
    assert [verb for verb, _ in unstable.calls] == ["get_many"]


async def test_token_is_over_when_clocks_that_are_apart_agree_that_it_is(tokens: Tokens) -> None:
    """It is good for ``LEEWAY_S`` longer than it says, and no longer, however it was read."""
    tokens._remember("l1", time.monotonic() + 60)
    now = time.monotonic()
    await tokens.require_live(Principal("u1", "ann", "l1", now - LEEWAY_S + 5))
    with pytest.raises(Unauthenticated):
        await tokens.require_live(Principal("u1", "ann", "l1", now - LEEWAY_S - 1))
