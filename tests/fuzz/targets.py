"""What is fuzzed: the parts that read bytes of anybody, and what has to hold whatever these are."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

import jwt
import msgspec
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, RequestStartLine

from handlers.cookies import from_page
from services import OPERATIONS
from services.accounts.logins import api_tokens
from services.accounts.logins.tokens import ACCESS_S, ISSUER, Tokens
from services.errors import Invalid, Unauthenticated
from services.operations.inputs import Input
from services.operations.schemas.schemas import convert, decode
from services.operations.schemas.strict import check
from ws.sessions.greeting import AuthRefresh, Hello
from ws.wire import handshake
from ws.wire.frames import MESSAGE_LIMIT, FrameError, FrameReader, Message, Text

INPUTS: Final[list[type[Input]]] = sorted(
    {operation.input for operation in OPERATIONS} | {Hello, AuthRefresh}, key=lambda input_: input_.__name__
)


# Frames


def _read(pieces: list[bytes]) -> tuple[list[Message], FrameError | None]:
    """Return the messages of bytes that come in pieces, and how reading them ended."""
    reader, messages = FrameReader(), list[Message]()
    for piece in pieces:
        try:
            messages += reader.feed(piece)
        except FrameError as error:
            return [*messages, *error.before], error
        assert len(reader._rest) <= MESSAGE_LIMIT + 14 + len(piece), "more is held than one message"
    return messages, None


def frames(data: bytes) -> None:
    """Read frames: the first byte says where they are cut, and how they are cut makes no difference."""
    if not data:
        return
    step, rest = data[0] % 16 + 1, data[1:]
    whole, wrong = _read([rest])
    cut, wrong_cut = _read([rest[at : at + step] for at in range(0, len(rest), step)])
    assert whole == cut
    assert (wrong and (wrong.code, wrong.reason)) == (wrong_cut and (wrong_cut.code, wrong_cut.reason))
    for message in whole:
        if isinstance(message, Text):
            message.payload.decode()


# Requests


def requests(data: bytes) -> None:
    """Read JSON for an input: the first byte says for which. What is not refused reads alike wherever it is read."""
    if not data:
        return
    input_, text = INPUTS[data[0] % len(INPUTS)], data[1:]
    try:
        value = check(text)
    except Invalid:
        return
    assert json.loads(text) == value, "strict JSON reads alike everywhere"
    outcomes = [_outcome(lambda: convert(input_, value)), _outcome(lambda: decode(input_, text))]
    assert outcomes[0] == outcomes[1], "a value is taken as its text is"
    if isinstance(value, dict):
        query = {key: inner for key, inner in value.items() if isinstance(inner, str)}
        _outcome(lambda: convert(input_, query, strict=False))


def _outcome(read: Callable[[], Input]) -> Any:
    try:
        return read()
    except Invalid as error:
        return [flaw.pointer for flaw in error.flaws]


# Who asks

_KEY: Final = b"k" * 32
_TOKENS: Final = Tokens(_KEY, None)  # type: ignore[arg-type]  # what is read here asks no store


def _claims() -> dict[str, object]:
    """Return what a token of ours says. It is good now: a run of many inputs takes longer than a token lasts."""
    now = int(time.time())
    return {"iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + ACCESS_S, "sub": "u", "name": "n"}


def tokens(data: bytes) -> None:
    """Read access tokens, and API tokens by their form: as they are, and signed as ours with claims of anybody's."""
    text = data.decode("utf-8", "replace")
    assert not _is_token(text), "nobody can make one without the key"
    api = api_tokens.id_of(text)
    assert api is None or text.startswith(api_tokens.PREFIX)
    try:
        claims = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if isinstance(claims, dict):
        header, key = _TOKENS._keys.signing()
        _is_token(jwt.encode(_claims() | {"sid": "s", "jti": "j"} | claims, key, algorithm="HS256", headers=header))


def _is_token(text: str) -> bool:
    try:
        principal = _TOKENS.read(text)
    except Unauthenticated:
        return False
    finally:
        _TOKENS._read.clear()
    assert all(isinstance(part, str) for part in (principal.user, principal.username, principal.login))
    return True


# Heads of requests


def _request(data: bytes) -> HTTPServerRequest | None:
    try:
        headers = HTTPHeaders.parse(data.decode("latin-1"))
        line = RequestStartLine("GET", "/ws", "HTTP/1.1")
        return HTTPServerRequest(start_line=line, headers=headers)
    except HTTPInputError:
        return None


def heads(data: bytes) -> None:
    """Read the head of a request: its cookies, whose page asks, and whether it opens a websocket."""
    request = _request(data)
    if request is None:
        return
    _cookies = request.cookies
    own = from_page(request)
    origin = request.headers.get("Origin")
    assert not own or origin is None or origin.lower() == f"{request.protocol}://{request.host}".lower()
    refused = handshake.refusal(request, frozenset({"https://app.example.org"}))
    if refused is None:
        answer = handshake.answer(request.headers)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert answer.endswith(b"\r\n\r\n")
        assert answer.count(b"\r\n\r\n") == 1, "nothing of the request stands in the answer"
    else:
        handshake.problem(*refused)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "frames": frames,
    "requests": requests,
    "tokens": tokens,
    "heads": heads,
}
