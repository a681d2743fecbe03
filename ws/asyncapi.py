"""The AsyncAPI 3 document of the websocket, made from the operations and the events."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services import OPERATIONS
from services.errors import AccountBanned, Flaw, Invalid, ServiceError, TooMany, Unauthenticated, Unavailable
from services.operations.inputs import Nothing
from services.operations.operation import Operation
from services.operations.schemas.published import LICENSE, VERSION, all_errors, components, errors_of, reached, said_of
from ws import events
from ws.events import EVENTS
from ws.sessions.greeting import AuthRefresh, Greeting, Hello
from ws.tables import close_codes
from ws.wire.codes import CloseCode
from ws.wire.handshake import PROTOCOL

Json = dict[str, Any]

CHANNEL: Final = "#/channels/socket"

INTRODUCTION: Final = """\
The websocket of Parley: a conversation as it happens. REST, for everything that need not be live, has
[a document of its own](/docs). [The protocol page](/docs/protocol) tells how to use both.

One compact JSON object per text frame. A client asks with `op`, and gets an answer with its `id` as `re`; answers may
overtake each other. Events have `ev`. Readers ignore fields they do not know; a request with one is refused."""

SPOKEN: Final = """\
The first frame is `hello`, within 10 s. Client frames have at most 64 KiB, server frames 1 MiB; 64 operations may be
open at once. After 25 s of silence the server sends a websocket ping, and closes after 20 s more.

Close codes 4000 to 4499 say: come back, and resume. From 4500 on something has to be put right first.

"""


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not done; programs match on ``code``."""

    code: str
    detail: str
    retry_after: float | msgspec.UnsetType = msgspec.UNSET
    errors: list[Flaw] | msgspec.UnsetType = msgspec.UNSET
    instance: str | msgspec.UnsetType = msgspec.UNSET
    """Under what the log has a mistake of the server."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What may be asked over the websocket, whoever answers it."""

    name: str
    input: Any
    output: Any
    said: str
    """What it does, in Markdown; the first line alone says it all in short."""
    errors: dict[str, type[ServiceError]]


def asked() -> list[Asked]:
    """Return everything that may be asked, hello first."""
    own = [
        Asked(
            "hello", Hello, Greeting, "Begin a session, or come back to one.",
            _by_code(Invalid, TooMany, Unavailable),
        ),
        Asked(
            "auth.refresh", AuthRefresh, Nothing, "Extend this session with a newer access token of the same person.",
            _by_code(Invalid, AccountBanned, Unauthenticated, TooMany, Unavailable),
        ),
    ]  # fmt: skip
    return [*own, *(_asked(operation) for operation in OPERATIONS if operation.socket)]


def _by_code(*kinds: type[ServiceError]) -> dict[str, type[ServiceError]]:
    return {ServiceError.code: ServiceError} | {kind.code: kind for kind in kinds}


def _asked(operation: Operation[Any]) -> Asked:
    output = Nothing if operation.output is None else operation.output
    return Asked(operation.name, operation.input, output, said_of(operation), errors_of(operation))


def document() -> Json:
    """Return the document."""
    all_asked = asked()
    types = [*(one.input for one in all_asked), *(one.output for one in all_asked), *EVENTS, Refusal]
    schemas, shared = components(types)
    known = dict(zip(types, schemas, strict=True))
    shared["Refusal"]["properties"]["code"]["enum"] = sorted(all_errors())
    messages: Json = {}
    operations: Json = {}
    for one in all_asked:
        messages |= _exchange(one, known, required=bool(shared[one.input.__name__]["required"]))
        operations[one.name] = _receiving(one)
    for event in EVENTS:
        name = f"event.{events.name_of(event)}"
        messages[name] = _message(name, events.said_of(event), known[event])
        operations[name] = _sending(name, events.said_of(event))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": LICENSE["name"]},
        },
        "defaultContentType": "application/json",
        "servers": {"node": {"host": "localhost:8080", "protocol": "ws", "description": "A node on this machine."}},
        "channels": {"socket": _channel(messages)},
        "operations": operations,
        "components": {"messages": messages, "schemas": _plain(reached(messages, shared))},
    }


def _channel(messages: Json) -> Json:
    return {
        "address": "/ws",
        "title": "The websocket",
        "summary": f"One session of one person; its sub-protocol is {PROTOCOL}.",
        "description": SPOKEN + close_codes(),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        "x-close-codes": [
            {"code": int(code), "meaning": code.meaning, "comes-back": code.comes_back} for code in CloseCode
        ],
    }


def _message(name: str, words: str, payload: Json, correlated: str = "") -> Json:
    described = {"name": name, "title": name, "summary": words, "payload": payload}
    if correlated:
        described["correlationId"] = {
            "description": "What an answer belongs to.",
            "location": f"$message.payload#/{correlated}",
        }
    return described


def _exchange(one: Asked, known: dict[Any, Json], *, required: bool) -> Json:
    """Describe a request and its two answers."""
    whole = {"type": "integer", "description": "The client's number of the request: 64 bits at most."}
    id_ = {**whole, "description": f"{whole['description']} Left out, no answer is sent."}
    request = _object(
        {"op": {"const": one.name, "description": "What is asked."}, "id": id_, "d": known[one.input]},
        ["op", *(["d"] if required else [])],
    )
    request["additionalProperties"] = False
    codes = {"properties": {"code": {"enum": sorted(one.errors)}}}
    refusal = {"allOf": [known[Refusal], codes], "description": "Why it was not done."}
    short = one.said.partition("\n")[0]
    return {
        one.name: _message(one.name, short, request, "id"),
        f"{one.name}.ok": _message(
            f"{one.name}.ok", f"`{one.name}` is done.", _object({"re": whole, "ok": known[one.output]}), "re"
        ),
        f"{one.name}.err": _message(
            f"{one.name}.err", f"`{one.name}` is refused.", _object({"re": whole, "err": refusal}), "re"
        ),
    }


def _object(properties: Json, required: list[str] | None = None) -> Json:
    return {"type": "object", "properties": properties, "required": required or list(properties)}


def _receiving(one: Asked) -> Json:
    """Describe what a client may ask, from the server's side."""
    answers = [{"$ref": f"{CHANNEL}/messages/{one.name}.{kind}"} for kind in ("ok", "err")]
    return {
        "action": "receive",
        "channel": {"$ref": CHANNEL},
        "summary": one.said.partition("\n")[0].rstrip("."),
        "description": one.said,
        "messages": [{"$ref": f"{CHANNEL}/messages/{one.name}"}],
        "reply": {"channel": {"$ref": CHANNEL}, "messages": answers},
    }


def _sending(name: str, words: str) -> Json:
    """Describe what the server tells by itself."""
    return {
        "action": "send",
        "channel": {"$ref": CHANNEL},
        "summary": words.rstrip("."),
        "description": words,
        "messages": [{"$ref": f"{CHANNEL}/messages/{name}"}],
    }


def _plain(part: Any) -> Any:
    """Return schemas without the hints that OpenAPI alone knows."""
    if isinstance(part, dict):
        return {key: _plain(inner) for key, inner in part.items() if key != "discriminator"}
    return [_plain(inner) for inner in part] if isinstance(part, list) else part
