"""The OpenAPI 3.1 document of REST, made from the operations."""

import re
from typing import Any, Final

from handlers.health import Health
from handlers.operations import routes
from handlers.problems import MethodNotAllowed, Problem, UnsupportedMediaType, status_of
from services import OPERATIONS
from services.errors import CrossSite, ServiceError, TooLarge
from services.operations.operation import Operation
from services.operations.schemas.published import (
    LICENSE,
    REFERENCE,
    VERSION,
    all_errors,
    components,
    errors_of,
    markdown,
    reached,
    said_of,
)

Json = dict[str, Any]

SUCCESS: Final = {
    200: "Done, and this is the answer.",
    201: "Made, and this is what was made.",
    202: "It will be done, if there is anything to do.",
    204: "Done; there is nothing to say.",
}

TAGS: Final = {
    "auth": "Accounts and log-ins.",
    "users": "People, and what they say of themselves.",
    "follow": "Following people.",
    "friend": "Friends, and asking to be friends.",
    "admin": "What admins and moderators do about accounts; all of it is written down.",
    "room": "Rooms and their members.",
    "topic": "Topics, and the rooms in them.",
    "invitation": "Invitations to rooms and topics.",
    "message": "Messages.",
    "post": "Posts, in topics and on pages.",
    "comment": "Comments on posts.",
    "vote": "What one thinks of posts and comments.",
    "feed": "The latest of those whom one follows, and of one's topics.",
    "alias": "Other names that people have in topics.",
    "stance": "How one stands to what others say and do; nobody else is told.",
    "report": "Reports of what people said, and those who decide them.",
    "notification": "What one was told of: items of one's own stream.",
    "call": "Calls, as far as they are read: all else about them goes through the websocket.",
    "health": "For load balancers, and for those who watch over a node.",
}

BODIES: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose input stands in a body; with the others it stands in the query."""

ERRORS: Final = all_errors() | {kind.code: kind for kind in (MethodNotAllowed, UnsupportedMediaType)}
"""Every error of REST by its code."""

INTRODUCTION: Final = """\
The REST half of Parley. Live events, and most of these operations too, come over the websocket, which has
[a document of its own](/redoc/websocket). [The protocol page](/docs/protocol) tells how to use both.

Answers are the object itself. An error is `application/problem+json`; programs match on its `code`. Ids are opaque,
times are RFC 3339 in UTC with milliseconds. Readers ignore fields they do not know; a request with one is refused."""


def document() -> Json:
    """Return the document."""
    asked = [operation for operation in OPERATIONS if operation.path]
    types = [*(o.input for o in asked), *(o.output for o in asked if o.output is not None), Problem, Health]
    schemas, shared = components(types)
    shared["Problem"]["properties"]["code"]["enum"] = sorted(ERRORS)
    known = dict(zip(types, schemas, strict=True))
    paths: Json = {
        path: {method.lower(): _operation(operation, known, shared) for method, operation in methods.items()}
        for path, methods in routes().items()
    }
    paths |= _health(known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": VERSION, "description": INTRODUCTION, "license": LICENSE},
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": paths,
        "components": {
            "responses": {code: _failure(error) for code, error in sorted(ERRORS.items())},
            "schemas": reached([paths, {"$ref": REFERENCE.format(name="Problem")}], shared),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The `access_token` of the latest `auth.register`, `auth.login` or `auth.refresh`.",
                }
            },
        },
    }


def _operation(operation: Operation[Any], known: dict[Any, Json], shared: Json) -> Json:
    fields = shared[operation.input.__name__]
    in_path = re.findall(r"{(\w+)}", operation.path or "")
    rest = [name for name in fields["properties"] if name not in in_path]
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": markdown(operation.summary).rstrip("."),
        "description": said_of(operation),
        "security": [] if operation.public else [{"bearer": []}],
    }
    parameters = [_parameter(name, "path", fields) for name in in_path]
    if operation.method not in BODIES:
        parameters += [_parameter(name, "query", fields) for name in rest]
    elif rest:
        described["requestBody"] = _body(operation, known, fields, rest)
    if parameters:
        described["parameters"] = parameters
    described["responses"] = _responses(operation, known)
    return described


def _parameter(name: str, place: str, fields: Json) -> Json:
    schema = dict(fields["properties"][name])
    words = schema.pop("description", "")
    if "anyOf" in schema:
        # Nothing in an address can be null: it is left out.
        (given,) = (part for part in schema["anyOf"] if part.get("type") != "null")
        schema = given
    return {
        "name": name,
        "in": place,
        "required": place == "path" or name in fields["required"],
        "description": words,
        "schema": schema,
    }


def _body(operation: Operation[Any], known: dict[Any, Json], fields: Json, names: list[str]) -> Json:
    """Describe what of the input does not stand in the address."""
    schema = known[operation.input]
    required = [name for name in fields["required"] if name in names]
    if len(names) < len(fields["properties"]):
        schema = {
            "type": "object",
            "title": f"{operation.input.__name__}Body",
            "description": fields["description"],
            "properties": {name: fields["properties"][name] for name in names},
            "required": required,
            "additionalProperties": False,
        }
    return {
        "required": bool(required),
        "description": fields["description"],
        "content": {"application/json": {"schema": schema}},
    }


def _responses(operation: Operation[Any], known: dict[Any, Json]) -> Json:
    answers: Json = {}
    for status in sorted(operation.statuses):
        answers[str(status)] = {"description": SUCCESS[status]}
        if status != 204:
            schema = {"type": "object", "maxProperties": 0} if operation.output is None else known[operation.output]
            answers[str(status)]["content"] = {"application/json": {"schema": schema}}
    if len(operation.statuses) > 1:
        answers["200"]["description"] = "It was there already, and this is it."
    errors = list(errors_of(operation).values())
    if operation.method in BODIES:
        errors += [TooLarge, UnsupportedMediaType]
    if operation.method != "GET" and CrossSite not in errors:
        errors.append(CrossSite)
    by_status: dict[int, list[type[ServiceError]]] = {}
    for error in errors:
        by_status.setdefault(status_of(error), []).append(error)
    for status, kinds in sorted(by_status.items()):
        alone = {"$ref": f"#/components/responses/{kinds[0].code}"}
        answers[str(status)] = alone if len(kinds) == 1 else _failure(*kinds)
    return answers


def _failure(*kinds: type[ServiceError]) -> Json:
    """Describe an answer of one status with the codes it may have."""
    status = status_of(kinds[0])
    codes = {kind.code: kind.detail for kind in kinds}
    narrowed = {"properties": {"status": {"const": status}, "code": {"enum": sorted(codes)}}}
    schema = {"allOf": [{"$ref": REFERENCE.format(name="Problem")}, narrowed]}
    failure: Json = {
        "description": "; ".join(f"`{code}`: {codes[code]}" for code in sorted(codes)),
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in {429, 503}:
        words = "Whole seconds to the next try."
        failure["headers"] = {"Retry-After": {"description": words, "schema": {"type": "integer"}}}
    if status == 401:
        words = "How to show who is asking."
        failure["headers"] = {"WWW-Authenticate": {"description": words, "schema": {"const": "Bearer"}}}
    return failure


def _health(known: dict[Any, Json]) -> Json:
    def get(name: str, words: str, statuses: dict[int, str]) -> Json:
        content = {"application/json": {"schema": known[Health]}}
        answers = {str(status): {"description": said, "content": content} for status, said in statuses.items()}
        asked = {"operationId": name, "tags": ["health"], "summary": words.rstrip("."), "description": words}
        return {"get": asked | {"security": [], "responses": answers}}

    ready = {200: "The node may be sent clients.", 503: "It may not, for these reasons."}
    return {
        "/health/live": get("health.live", "Tell whether the process is alive.", {200: "It is."}),
        "/health/ready": get("health.ready", "Tell whether the node should be sent anybody.", ready),
    }
