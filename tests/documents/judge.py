"""Holds what a server said to what the documents say that it may say."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import jsonschema

Json = dict[str, Any]

ABOUT_VALUES = frozenset(
    {"enum", "const", "pattern", "minimum", "maximum", "minLength", "maxLength", "exclusiveMinimum", "exclusiveMaximum"}
)
"""Keywords that look at a value, where the others look at its type alone."""


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Validator: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # jsonschema has types for most
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def closed(part: Any) -> Any:
    """Return schemas that know no fields but theirs: what is not described may not be said."""
    if isinstance(part, list):
        return [closed(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    inner = {key: closed(value) for key, value in part.items()}
    if part.get("type") == "object" and isinstance(part.get("properties"), dict):
        inner.setdefault("additionalProperties", False)
    return inner


def parts(document: Any) -> Iterator[Json]:
    """Give every object of a document, itself first."""
    if isinstance(document, dict):
        yield document
        for inner in document.values():
            yield from parts(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from parts(inner)


def _valued(document: Any) -> set[str]:
    """Return the names of fields of answers whose values matter; what comes in is closed, and is not looked at."""
    names = set()
    for part in parts(document):
        if part.get("additionalProperties") is not False:
            for name, field in part.get("properties", {}).items():
                if any(ABOUT_VALUES & inner.keys() for inner in parts(field) if "properties" not in inner):
                    names.add(name)
    return names


class Judge:
    """Judges records of ``tests.recorder``. Of what has one shape one is looked at, for millions have few shapes."""

    def __init__(self, openapi: Json, asyncapi: Json) -> None:
        self._openapi = openapi
        self._messages = asyncapi["components"]["messages"]
        self._components = {
            "rest": {"schemas": closed(openapi["components"]["schemas"])},
            "ws": {"schemas": closed(asyncapi["components"]["schemas"])},
        }
        self._valued = _valued(openapi) | _valued(asyncapi)
        """Fields whose values are part of the shape: a ``code`` is one of a few, a ``text`` is any."""
        self._routes = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path, path.count("{")) for path in openapi["paths"]
        ]
        self._known: set[Any] = set()
        self.events: set[str] = set()
        """Kinds of events that were seen."""

    def judge(self, record: Json) -> str | None:
        """Return what is wrong with a record, or None where nothing is."""
        frame = record.get("frame")
        if frame is not None and "ev" in frame:
            self.events.add(frame["ev"])
        shape = self._shape_of(record)
        if shape in self._known:
            return None
        self._known.add(shape)
        wrong = self._wrong(record) if frame is None else self._wrong_frame(record["op"], frame)
        return None if wrong is None else f"{wrong}: {record}"[:1500]

    def _shape_of(self, record: Json) -> Any:
        if record["door"] == "ws":
            return record["op"], self._shape(record["frame"])
        answered = (record["method"], record["status"], record["type"])
        return answered, self._route(record["path"]), self._shape(record["body"])

    def _shape(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return frozenset((key, self._shape(inner, key)) for key, inner in value.items())
        if isinstance(value, list):
            return (list, frozenset(self._shape(inner, name) for inner in value))
        return value if name in self._valued else type(value)

    def _route(self, path: str) -> str | None:
        """Return the path of the document that an address is of: the one with the fewest parameters."""
        address = path.partition("?")[0]
        found = [(count, known) for pattern, known, count in self._routes if pattern.fullmatch(address)]
        return min(found)[1] if found else None

    def _wrong(self, record: Json) -> str | None:
        """Judge an answer of REST."""
        route, status, body = self._route(record["path"]), record["status"], record["body"]
        # A method is written in capitals: ``get`` is another one, which nobody knows.
        method = record["method"].lower() if record["method"].isupper() else None
        described = self._openapi["paths"].get(route, {}).get(method)
        if described is None:
            if status in (200, 201):
                return "an operation that is not described"
            codes = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}
            code = codes.get(status, "bad_request")
            (content,) = self._openapi["components"]["responses"][code]["content"].values()
            return None if body is None else self._check("rest", content["schema"], body)
        response = described["responses"].get(str(status))
        if response is None:
            return f"status {status} is not described"
        content = self._resolved(response).get("content", {})
        if body is None:
            return "there is no body" if content else None
        if record["type"] not in content:
            return f"media type {record['type']} is not described"
        return self._check("rest", content[record["type"]]["schema"], body)

    def _resolved(self, part: Json) -> Json:
        while "$ref" in part:
            part = functools.reduce(lambda inner, key: inner[key], part["$ref"].split("/")[1:], self._openapi)
        return part

    def _wrong_frame(self, op: str | None, frame: Json) -> str | None:
        """Judge a frame of the websocket."""
        if "ev" in frame:
            name = f"event.{frame['ev']}"
        elif op in self._messages:
            name = f"{op}.{'ok' if 'ok' in frame else 'err'}"
        elif frame.get("err", {}).get("code") in ("bad_request", "rate_limited"):
            name = "ping.err"  # an unknown op is refused as any other may be
        else:
            return "an op that is not described was not refused"
        if name not in self._messages:
            return f"{name} is not described"
        return self._check("ws", closed(self._messages[name]["payload"]), frame)

    def _check(self, door: str, schema: Json, value: Any) -> str | None:
        validator = Validator({**schema, "components": self._components[door]})
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        return None if error is None else f"{error.json_path} {error.message}"[:500]
