"""The keys of access tokens: one a day, and nothing that a token says of itself chooses another."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from services.accounts.logins import tokens as tokens_module
from services.accounts.logins.tokens import Tokens
from services.errors import Unauthenticated
from store.tables import LOGINS, Login
from tests.unstable import Unstable

KEY = bytes(range(32))
DAY = 20_000


def key_of(day: int, key: bytes = KEY) -> bytes:
    return hmac.digest(key, f"day {day}".encode(), "sha256")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def token(header: str, day: int = DAY, key: bytes = KEY) -> str:
    """Return a token with this header, signed as one of a day: the signature is right, whatever the header says."""
    now = int(time.time())
    whole = {"iss": "parley", "aud": "parley", "sub": "u1", "name": "ann", "sid": "l1", "jti": "j"}
    said = f"{encoded(header)}.{encoded(json.dumps(whole | {'iat': now, 'exp': now + 60}))}"
    digest = hmac.digest(key_of(day, key), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def header(kid: object = str(DAY), **more: Any) -> str:
    return json.dumps({"alg": "HS256", "kid": kid, "typ": "at+jwt"} | more, separators=(",", ":"))


@pytest.fixture
def tokens(unstable: Unstable, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    monkeypatch.setattr(tokens_module, "today", lambda: DAY)
    return Tokens(KEY, unstable.database)


# Days


def test_header_of_a_token_is_the_same_all_day(tokens: Tokens) -> None:
    """It is compared whole: a library that wrote it otherwise would end the tokens of nodes that have the old one."""
    issued = tokens.issue("u1", "ann", "l1")
    assert issued.partition(".")[0] == encoded(header())


@pytest.mark.parametrize("day", [DAY - 1, DAY, DAY + 1])
def test_token_of_a_day_nearby_is_good(tokens: Tokens, day: int) -> None:
    assert tokens.read(token(header(str(day)), day)).user == "u1"


@pytest.mark.parametrize("day", [DAY - 1, DAY, DAY + 1])
@pytest.mark.parametrize("signed", [DAY - 2, DAY - 1, DAY, DAY + 1, DAY + 2])
def test_key_of_one_day_does_not_sign_for_another(tokens: Tokens, day: int, signed: int) -> None:
    if day != signed:
        with pytest.raises(Unauthenticated):
            tokens.read(token(header(str(day)), signed))


@pytest.mark.parametrize(
    "kid", [DAY - 2, DAY + 2, 0, -1, 10**30, f"0{DAY}", f" {DAY}", f"{DAY}.0", "", None, [DAY], {}]
)
async def test_unknown_key_is_refused_without_asking_anybody(tokens: Tokens, unstable: Unstable, kid: Any) -> None:
    unknown = str(kid) if isinstance(kid, int) else kid
    days = [kid] if isinstance(kid, int) and abs(kid) < 10**9 else [DAY]
    for made in (token(header(unknown), days[0]), token(header(kid), days[0])):
        with pytest.raises(Unauthenticated):
            await tokens.authenticate(made)
    assert unstable.calls == []


def test_number_for_a_key_is_no_name_of_one(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(token(header(DAY)))


async def test_token_is_good_over_midnight_and_no_longer(
    unstable: Unstable, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unstable.real.insert(LOGINS, Login(id="l1", user="u1", live=True, created_at=1, expires_at=10**15))
    issued = tokens.issue("u1", "ann", "l1")
    monkeypatch.setattr(tokens_module, "today", lambda: DAY + 1)
    another_node = Tokens(KEY, unstable.database)
    for node in (tokens, another_node):
        assert (await node.authenticate(issued)).user == "u1"
        assert json.loads(base64.urlsafe_b64decode(node.issue("u1", "ann", "l1").partition(".")[0] + "=="))["kid"] == (
            str(DAY + 1)
        )
    monkeypatch.setattr(tokens_module, "today", lambda: DAY + 2)
    for node in (Tokens(KEY, unstable.database), another_node):
        if node is not another_node:  # which has read it before, and lets it end with its own time
            with pytest.raises(Unauthenticated):
                await node.authenticate(issued)
        assert (await node.authenticate(node.issue("u1", "ann", "l1"))).user == "u1"


def test_node_that_knows_a_day_alone_signs_for_no_other(tokens: Tokens) -> None:
    """Whoever learns the key of one day has neither the key that it is derived from nor that of the next."""
    known = key_of(DAY)
    for guessed in (known, hmac.digest(known, f"day {DAY + 1}".encode(), "sha256"), hashlib.sha256(known).digest()):
        assert guessed != key_of(DAY + 1)


# Headers


@pytest.mark.parametrize(
    "made",
    [
        header(crit=["exp"]),
        header(crit=["b64"], b64=False),
        header(b64=False),
        header(b64=True),
        header(jku="https://keys.example/jwks.json"),
        header(x5u="https://keys.example/key.pem"),
        header(jwk={"kty": "oct", "k": encoded("x" * 32)}),
        header(x5c=["AAAA"]),
        header(cty="JWT"),
        header(zip="DEF"),
        header(alg="HS384"),
        header(alg="none"),
        header(alg="RS256"),
        header(alg="EdDSA"),
        header(alg="hs256"),
        header(alg=None),
        header(typ="JWT"),
        header(typ="AT+JWT"),
        header(typ="application/at+jwt"),
        header(typ=None),
        header().replace('"typ":"at+jwt"', '"typ":"at+jwt","typ":"at+jwt"'),
        header().replace(",", ", "),
        header() + " ",
        json.dumps({"typ": "at+jwt", "alg": "HS256", "kid": str(DAY)}, separators=(",", ":")),
        json.dumps({"alg": "HS256", "typ": "at+jwt"}, separators=(",", ":")),
        "{}",
        "[]",
        "null",
        "",
        "x" * 70_000,
    ],
)  # fmt: skip
async def test_header_other_than_ours_is_refused_whatever_it_asks_for(
    tokens: Tokens, unstable: Unstable, made: str
) -> None:
    assert tokens.read(token(header())).user == "u1", "the same with a header of ours is good"
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(token(made))
    assert unstable.calls == []


@pytest.mark.parametrize(
    "cut", ["{0}.{1}", "{0}.{1}.", "{0}..{2}", ".{1}.{2}", "{0}.{1}.{2}.", "{0}.{1}.{2}.{2}", "{0}"]
)
def test_token_of_other_than_three_parts_is_refused(tokens: Tokens, cut: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(cut.format(*token(header()).split(".")))


def test_huge_token_is_refused_fast(tokens: Tokens) -> None:
    start, _, rest = token(header()).partition(".")
    begun = time.perf_counter()
    for made in (start + "." + "A" * 10**6 + "." + rest, "A" * 10**6 + "." + rest, start + "." * 10**6):
        with pytest.raises(Unauthenticated):
            tokens.read(made)
    assert time.perf_counter() - begun < 1.0


def test_token_of_another_service_with_the_same_key_is_refused(tokens: Tokens) -> None:
    now = int(time.time())
    foreign = {"iss": "billing", "aud": "billing", "sub": "u1", "name": "a", "sid": "l", "jti": "j", "iat": now}
    made = jwt.encode(
        foreign | {"exp": now + 60}, key_of(DAY), algorithm="HS256", headers={"typ": "at+jwt", "kid": str(DAY)}
    )
    with pytest.raises(Unauthenticated):
        tokens.read(made)
