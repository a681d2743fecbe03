"""The least that an operation takes, made from the schema that it publishes."""

import functools
import re
from collections.abc import Hashable, Mapping
from typing import Any, cast

from services.operations.operation import Operation
from services.operations.schemas.published import components
from tests.client.checks import Json

TEXTS = (
    "four words nobody guesses",
    "a",
    "aaaa",
    "ada-1",
    "ada@example.org",
    "123456",
    "2030-01-01T00:00:00.000Z",
    "https://example.org/",
    "PT",
    "0123456789abcdef0123456789abcdef",
    "0123-4567-89ab",
    "a" * 64,
)
"""What is tried where a text has to have a form; a new form may need another."""


@functools.cache
def _schemas(input_: Hashable) -> tuple[Json, Json]:
    (schema,), shared = components([input_])
    return schema, shared


def fields(operation: Operation[Any]) -> Json:
    """Return the fields of an operation's input, each with its schema."""
    found: Json = _resolved(*_schemas(cast("Hashable", operation.input)))["properties"]
    return found


def least(operation: Operation[Any], known: Mapping[str, Any] | None = None) -> Json:
    """Return what has to be given, and what is ``known`` of these fields; ``known["room.update.name"]`` is given too.

    Raises:
        LookupError: If a text has to have a form that none of ``TEXTS`` has.
    """
    schema, shared = _schemas(cast("Hashable", operation.input))
    known, whole = known or {}, _resolved(schema, shared)
    given = {}
    for name, field in whole["properties"].items():
        own = f"{operation.name}.{name}"
        if own in known:
            given[name] = known[own]
        elif name in whole.get("required", ()):
            given[name] = known[name] if name in known else _value(field, shared)
    return given


def _resolved(schema: Json, shared: Json) -> Json:
    while "$ref" in schema:
        schema = shared[schema["$ref"].rpartition("/")[2]]
    return schema


def _value(schema: Json, shared: Json) -> Any:
    schema = _resolved(schema, shared)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", [None]))))
    if "anyOf" in schema:
        return _value(next(part for part in schema["anyOf"] if part.get("type") != "null"), shared)
    match schema.get("type"):
        case "string":
            return _text(schema)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "array":
            return [_value(schema["items"], shared)] * schema.get("minItems", 0)
        case "object":
            return {name: _value(schema["properties"][name], shared) for name in schema.get("required", ())}
        case _:
            return None


def _text(schema: Json) -> str:
    for text in TEXTS:
        if schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)) and re.search(
            schema.get("pattern", ""), text
        ):
            return text
    raise LookupError(f"no text of tests/least.py is like {schema}")
