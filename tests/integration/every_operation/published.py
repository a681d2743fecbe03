"""The operations that a server publishes in its own documents."""

from collections.abc import Iterator
from typing import Any

from tests.client.rest import Rest

SAME = {"message.reaction.put": "message.react", "message.reaction.delete": "message.react"}
"""Operations of one door that are another one of the other."""

METHODS = frozenset({"get", "put", "post", "delete", "patch"})


async def documents(rest: Rest) -> tuple[Any, Any]:
    """Return ``/openapi.json`` and ``/asyncapi.json``."""
    openapi, asyncapi = await rest.request("GET", "/openapi.json"), await rest.request("GET", "/asyncapi.json")
    return openapi.ok(), asyncapi.ok()


def rest_operations(openapi: Any) -> dict[str, tuple[str, str, Any]]:
    """Return method, path and description of each operation below ``/api`` by its id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in METHODS and path.startswith("/api/")
    }


def socket_operations(asyncapi: Any) -> dict[str, Any]:
    """Return the operations that a client may send, by name; ``hello`` is one."""
    return {name: operation for name, operation in asyncapi["operations"].items() if operation["action"] == "receive"}


def codes_of(operation: Any, document: Any) -> set[str]:
    """Return the error codes that an operation of a document says it may answer."""
    answers = operation["responses"] if "responses" in operation else operation["reply"]["messages"]
    return set(_codes(answers, document, frozenset()))


def _codes(value: Any, document: Any, seen: frozenset[str]) -> Iterator[str]:
    """Yield what the schemas below ``value`` allow as ``code``, references followed."""
    if isinstance(value, list):
        for inner in value:
            yield from _codes(inner, document, seen)
    elif isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            yield from _codes(_at(document, reference), document, seen | {reference})
        branches = [set(_codes(branch, document, seen)) for branch in value.get("allOf", ())]
        yield from set.intersection(*[branch for branch in branches if branch] or [set()])
        for key, inner in value.items():
            if key == "allOf":
                continue
            if key == "code" and isinstance(inner, dict):
                yield from inner.get("enum", [inner["const"]] if "const" in inner else [])
            yield from _codes(inner, document, seen)


def _at(document: Any, reference: str) -> Any:
    """Return what a reference within a document points at."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document
