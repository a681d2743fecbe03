"""Decoding into typed input, and saying what is wrong with what does not fit.

msgspec decodes; where it refuses, ``jsonschema`` reads the raw value against the same Struct's published schema and its
best error, with a JSON pointer, is what the caller reads.
"""

import functools
import json
import re
from collections.abc import Hashable
from typing import Any, TypeVar, cast

import jsonschema
import jsonschema.exceptions
import msgspec

from services.errors import Flaw, Invalid
from services.operations.schemas.published import components

T = TypeVar("T")


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# As JSON has them, with digits enough for 64 bits: fields say themselves how much they take.
_FORMS: dict[type[msgspec.inspect.Type], re.Pattern[str]] = {
    msgspec.inspect.IntType: re.compile(r"-?(?:0|[1-9][0-9]{0,19})"),
    msgspec.inspect.BoolType: re.compile("true|false"),
}

# In JSON Schema 1.0 is an integer; on our wire it is not, as msgspec has it.
_Validator: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # jsonschema has types for most
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


@functools.cache
def validator(type_: Any) -> jsonschema.protocols.Validator:
    """Return the validator of a type's published schema."""
    (schema,), shared = components([type_])
    validator_: jsonschema.protocols.Validator = _Validator({**schema, "components": {"schemas": shared}})
    return validator_


@functools.cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def decode(type_: type[T], text: bytes | msgspec.Raw) -> T:
    """Return typed input from a JSON text that passed ``strict.check``.

    Raises:
        Invalid: With the places that are wrong.
    """
    try:
        decoded: T = _decoder(cast("Hashable", type_)).decode(text)
    except msgspec.MsgspecError as error:
        raise explained(type_, msgspec.json.decode(text), error) from error
    return decoded


def convert(type_: type[T], value: Any, *, strict: bool = True) -> T:
    """Return typed input from a JSON value; with ``strict=False`` numbers and booleans come as text (a query).

    Raises:
        Invalid: With the places that are wrong.
    """
    if not strict:
        value = _read(type_, value)
    try:
        return msgspec.convert(value, type_)
    except msgspec.MsgspecError as error:
        raise explained(type_, value, error) from error


def _read(type_: Any, texts: dict[str, str]) -> dict[str, Any]:
    """Read the numbers and booleans of a query as JSON would; what is neither stays text, and is refused as such."""
    kinds = _kinds(type_)
    return {
        name: json.loads(text) if name in kinds and kinds[name].fullmatch(text) else text
        for name, text in texts.items()
    }


@functools.cache
def _kinds(type_: Any) -> dict[str, re.Pattern[str]]:
    """Return the fields of a type that are no text, each with what its text has to look like."""
    struct = msgspec.inspect.type_info(type_)
    assert isinstance(struct, msgspec.inspect.StructType)
    found = {}
    for field in struct.fields:
        union = field.type.types if isinstance(field.type, msgspec.inspect.UnionType) else (field.type,)
        forms = [_FORMS[type(kind)] for kind in union if type(kind) in _FORMS]
        if forms:
            found[field.encode_name] = forms[0]
    return found


def explained(type_: Any, value: Any, refusal: Exception) -> Invalid:
    """Return the error that says what is wrong with a value that msgspec refused."""
    best = jsonschema.exceptions.best_match(validator(type_).iter_errors(value))
    if best is None:
        # What no schema says, as what a time is: msgspec's words end with the place.
        said, _, place = str(refusal).partition(" - at `$")
        return Invalid(flaws=(Flaw(place.rstrip("`").replace(".", "/"), said),))
    while others := [part for part in best.context or () if part.validator_value != "null"]:
        # What may be left empty and is not has to be the other thing: that is what is wrong with it.
        best = jsonschema.exceptions.best_match(others) or others[0]
    return Invalid(flaws=(Flaw(_pointer(best), _words(best)),))


def _pointer(error: jsonschema.exceptions.ValidationError) -> str:
    path = [str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path]
    return "".join(f"/{part}" for part in path)


def _words(error: jsonschema.exceptions.ValidationError) -> str:
    # jsonschema's own message repeats the whole value, which may be long and somebody's secret.
    wanted = {
        "type": "has to be of type {}",
        "minLength": "has to have at least {} characters",
        "maxLength": "has at most {} characters",
        "pattern": "has to match {}",
        "minimum": "has to be at least {}",
        "maximum": "is at most {}",
        "minItems": "has to have at least {} entries",
        "maxItems": "has at most {} entries",
        "enum": "has to be one of {}",
        "required": "lacks a field of {}",
    }
    if error.validator == "additionalProperties":
        return "has a field that is not known here"
    return wanted.get(str(error.validator), "is not as described").format(error.validator_value)
