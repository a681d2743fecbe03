"""The published JSON Schemas of our types, and what else both API documents say alike.

They are msgspec's own schemas of the same Structs that decode and encode, with the words of the glossary. In an answer
every field is required that is always there, also where the Struct has a default for it.
"""

from typing import Any, Final

import msgspec
from msgspec import inspect

from services import errors
from services.errors import (
    AccountBanned,
    Invalid,
    ScopeMissing,
    ServiceError,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from services.operations.glossary.glossary import FIELDS, FORMATS
from services.operations.inputs import Input
from services.operations.limits import Limit
from services.operations.operation import Operation
from services.streams.items.items import Item

VERSION: Final = "1.0.0"
"""Of the interface, not of the program: the first number rises when a client has to change."""

LICENSE: Final = {"name": "MIT", "identifier": "MIT"}

REFERENCE: Final = "#/components/schemas/{name}"
"""Where both documents keep what schemas share."""


RFC_3339: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
"""What a time that is given looks like: a schema's ``format`` is but a hint to those who read it."""

UNIONS: Final = {"Item": (Item, "A message, or a notice of something that happened: `kind` says which.")}
"""Types of several Structs that have a name of their own, and what they are."""


def components(types: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the JSON Schemas of types and the definitions they share, for ``#/components/schemas``."""
    unions = [union for union, _ in UNIONS.values()]
    schemas, shared = msgspec.json.schema_components([*types, *unions], ref_template=REFERENCE)
    for struct in _structs([*types, *unions]):
        _finish(shared[struct.cls.__name__], struct)
    whole = dict(zip(UNIONS, schemas[len(types) :], strict=True))
    document = {"schemas": list(schemas[: len(types)]), "shared": shared}
    named = _named(document, whole)
    for name, (_, words) in UNIONS.items():
        named["shared"][name] = {"title": name, "description": words, **whole[name]}
    return named["schemas"], reached(named["schemas"], named["shared"])


def _named(part: Any, unions: dict[str, Any]) -> Any:
    """Return a part of a document with references in the place of unions that have a name."""
    if isinstance(part, dict):
        name = next((name for name, union in unions.items() if union == part), None)
        if name is not None:
            return {"$ref": REFERENCE.format(name=name)}
        return {key: _named(inner, unions) for key, inner in part.items()}
    return [_named(inner, unions) for inner in part] if isinstance(part, list) else part


def _structs(types: list[Any]) -> list[inspect.StructType]:
    """Return every Struct that is reached from types."""
    found: dict[type, inspect.StructType] = {}
    pending: list[inspect.Type] = list(inspect.multi_type_info(types))
    while pending:
        match pending.pop():
            case inspect.StructType() as struct:
                if struct.cls not in found:
                    found[struct.cls] = struct
                    pending += [field.type for field in struct.fields]
            case inspect.UnionType(types=union):
                pending += union
            case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
                pending.append(item)
            case inspect.DictType(value_type=value):
                pending.append(value)
            case _:
                pass
    return list(found.values())


def _finish(schema: dict[str, Any], struct: inspect.StructType) -> None:
    """Add the words of a type's fields, and in an answer say which are always there."""
    schema["description"] = markdown(schema["description"])
    for name, field in schema["properties"].items():
        words = words_of(struct.cls, name)
        if words and not field.keys() & {"$ref", "discriminator"}:  # what it points to, or may be, has words of its own
            field["description"] = words
        if form := FORMATS.get(f"{struct.cls.__name__}.{name}", FORMATS.get(name)):
            _typed(field)["format"] = form
        if isinstance(field.get("default"), tuple):
            field["default"] = list(field["default"])  # as JSON has it
    if issubclass(struct.cls, Input):
        _form_times(schema)
        return
    whole = not struct.cls.__struct_config__.omit_defaults
    always = {field.encode_name for field in struct.fields if field.required or (whole and _has_default(field))}
    always |= {struct.tag_field} if struct.tag_field else set()
    schema["required"] = [name for name in schema["properties"] if name in always]
    for field in schema["properties"].values():
        field.pop("default", None)


def _form_times(schema: dict[str, Any]) -> None:
    for field in map(_typed, schema["properties"].values()):
        if field.get("format") == "date-time":
            field["pattern"] = RFC_3339


def _has_default(field: inspect.Field) -> bool:
    """Tell whether a field that is left out has a value all the same; UNSET is none, and is never encoded."""
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _typed(field: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a field's schema that says what it is where it is not null."""
    return next((part for part in field.get("anyOf", ()) if part.get("type") != "null"), field)


def reached(document: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """Return of the shared definitions those that a document refers to, and what they refer to in turn."""
    found: dict[str, Any] = {}
    pending = [document]
    while pending:
        match pending.pop():
            case dict() as part:
                name = str(part.get("$ref", "")).removeprefix(REFERENCE.format(name=""))
                if name in shared and name not in found:
                    found[name] = shared[name]
                    pending.append(shared[name])
                pending += part.values()
            case list() as parts:
                pending += parts
            case _:
                pass
    return dict(sorted(found.items()))


def words_of(type_: type, field: str) -> str | None:
    """Return what a field of a type means; None where the glossary does not say."""
    own = (f"{kind.__name__}.{field}" for kind in type_.__mro__)
    return next((FIELDS[name] for name in (*own, field) if name in FIELDS), None)


def errors_of(operation: Operation[Any]) -> dict[str, type[ServiceError]]:
    """Return the errors that an operation may answer through either door, by their codes."""
    always = (Invalid, TooMany, Unavailable, ServiceError)
    known = () if operation.public else (Unauthenticated, AccountBanned)
    needed = (error for need in operation.needs for error in need.raises)
    scoped = () if operation.public else (ScopeMissing,)
    return {error.code: error for error in (*operation.raises, *needed, *scoped, *always, *known)}


def all_errors() -> dict[str, type[ServiceError]]:
    """Return the errors that services may answer, by their codes."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError))
    return {kind.code: kind for kind in kinds}


def markdown(docstring: str) -> str:
    """Return a docstring with its code marked as in Markdown."""
    return docstring.replace("``", "`")


def said_of(operation: Operation[Any]) -> str:
    """Return what an operation does, what it needs and how often it may be asked, in Markdown."""
    needs = f"\n\nNeeds {' and '.join(need.name for need in operation.needs)}." if operation.needs else ""
    limits = [f"`{limit.name}` ({pace(limit)})" for limit in operation.counts_against]
    counted = f"\n\nCounts against {' and '.join(limits)}." if limits else ""
    return f"{markdown(operation.summary)}{needs}{counted}"


def pace(limit: Limit) -> str:
    """Return a limit in words."""
    each = f"{limit.every_s:g} s" if limit.every_s >= 1 else f"{limit.every_s * 1000:.0f} ms"
    return f"{limit.burst} at once, then one each {each}"
