"""What is decoded is what is published: both accept the same values, for every kind of input."""

import functools
import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import OPERATIONS
from services.errors import Invalid
from services.operations.inputs import Input
from services.operations.schemas.published import components
from services.operations.schemas.schemas import convert, decode, validator
from tests.documents.judge import Validator
from ws.sessions.greeting import AuthRefresh, Hello

INPUTS = sorted({operation.input for operation in OPERATIONS} | {Hello, AuthRefresh}, key=lambda type_: type_.__name__)
QUERIES = sorted({op.input for op in OPERATIONS if op.method == "GET"}, key=lambda type_: type_.__name__)

SAMPLES = (
    "ada", "ada_1-B", "ab", "ada\n", "ada ", "ädä", "ada@example.org", "a@b\n", "a@b c", "@b", "c-1", "~c", "c~",
    "c\x7f", "c\n", " ", "https://example.org/p.png", "http://x", "http://x\n", "HTTP://x", "ftp://x", "", "\n", "\0",
    "\u2028", "é", "e\u0301", "😀👍🏽", "🇦🇶", "null", "true", "1", "1.0", "owner", "public", "mine", "all", "me",
    "eight or more",
)  # fmt: skip
"""Texts that are right for some fields and nearly right for others."""

CHARACTERS = st.sampled_from(["a", "-", " ", "\n", "é", "\u0301", "😀", "~", "\x7f"])

NUMBERS = (0, 1, -1, 99, 100, 101, 500, 501, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63))

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.sampled_from((1.0, 0.0, -0.0, 0.5, 1e300, 50.0)),
    st.sampled_from(SAMPLES),
    st.sampled_from(([], [[]], ["ada"], [None], [1], {}, {"ada": 1}, {"": None}, {"ada": True}, {"ada": 1.0})),
)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that fit a schema, or that nearly do."""
    if "anyOf" in schema:
        return st.one_of(*map(values, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "string":
            return texts(schema.get("minLength", 0), schema.get("maxLength", 100))
        case "integer":
            edges = {schema.get(name, 0) + step for name in ("minimum", "maximum") for step in (-1, 0, 1)}
            return st.sampled_from(sorted(edges | set(NUMBERS)))
        case "array":
            return lists(schema)
        case "object":
            return objects(schema)
        case "boolean":
            return st.booleans()
    return st.none()


def objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects of what has to be in them, or where that is free of anything."""
    if "properties" in schema:
        return st.fixed_dictionaries({name: values(schema["properties"][name]) for name in schema.get("required", ())})
    inner = values(schema["additionalProperties"]) if "additionalProperties" in schema else JUNK
    return st.dictionaries(st.sampled_from(SAMPLES), inner, max_size=3)


def texts(least: int, most: int) -> st.SearchStrategy[str]:
    """Return samples, and texts about as short and as long as they may be: counted in characters, not in bytes."""
    edges = st.sampled_from([max(least - 1, 0), least, most, most + 1])
    repeated = st.builds(lambda size, character: character * size, edges, CHARACTERS)
    return st.one_of(st.sampled_from(SAMPLES), repeated, st.text(CHARACTERS, min_size=least, max_size=least + 3))


def lists(schema: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    """Return lists about as short and as long as they may be."""
    items = values(schema["items"])
    sizes = [schema.get("minItems", 0), schema.get("maxItems", 3), schema.get("maxItems", 3) + 1]
    long = st.builds(lambda size, item: [item] * size, st.sampled_from(sizes), items)
    return st.one_of(st.lists(items, max_size=3), long)


def published(type_: type[Input]) -> dict[str, Any]:
    """Return the published schema of an input, with what it refers to in its place."""
    shared = components([type_])[1]

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            return whole(shared[name]) if name else {key: whole(inner) for key, inner in part.items()}
        return [whole(inner) for inner in part] if isinstance(part, list) else part

    schema: dict[str, Any] = whole(shared[type_.__name__])
    return schema


FITTING = ("BR", "/", "AAAA", "A" * 43, "2030-01-01T00:00:00Z", "123456")
"""Texts that fit the fields that few others do."""

POOL: tuple[Any, ...] = (*SAMPLES, *FITTING, *NUMBERS, True, False, None, ["ada"], ["ada", "me"], {}, {"ada": 1})


def right(field: dict[str, Any]) -> list[Any]:
    """Return values that are right for a field."""
    found = [value for value in (*POOL, *field.get("enum", ())) if Validator(field).is_valid(value)]
    for part in (field, *field.get("anyOf", ())):
        if "properties" in part:
            found.append({name: right(part["properties"][name])[-1] for name in part.get("required", ())})
        if "items" in part:
            found.append([right(part["items"])[-1]])
    return found


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may be drawn from."""

    required: bool
    right: st.SearchStrategy[Any]
    any: st.SearchStrategy[Any]


@functools.cache
def fields(type_: type[Input]) -> dict[str, Field]:
    """Return the fields of an input; to look for what is right takes longer than all that is done with a drawn one."""
    schema = published(type_)
    return {
        name: Field(name in schema["required"], st.sampled_from(right(field)), values(field))
        for name, field in schema["properties"].items()
    }


@st.composite
def requests(draw: st.DrawFn, type_: type[Input]) -> Any:
    """Draw an input: half of them right, the others perhaps not, and some of all spoilt on purpose."""
    drawn: Any = {}
    good = draw(st.booleans())
    for name, field in fields(type_).items():
        if field.required or draw(st.booleans()):
            drawn[name] = draw(field.right if good else field.any)
    match draw(st.integers(0, 9)):
        case 0:
            return draw(JUNK)
        case 1:
            drawn[draw(st.sampled_from(SAMPLES))] = draw(JUNK)
        case 2 | 3 if drawn:
            drawn[draw(st.sampled_from(sorted(drawn)))] = draw(JUNK)
        case 4 if drawn:
            drawn.pop(draw(st.sampled_from(sorted(drawn))))
    return drawn


@pytest.mark.parametrize("type_", INPUTS, ids=lambda type_: type_.__name__)
def test_decoder_and_published_schema_accept_the_same(type_: type[Input]) -> None:
    outcomes = set()

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(requests(type_))
    def agree(value: Any) -> None:
        accepted = accepts(type_, value)
        assert accepted == validator(type_).is_valid(value)
        outcomes.add(accepted)

    agree()
    assert outcomes == {True, False}, "nothing was shown: make the values better"


def accepts(type_: type[Input], value: Any) -> bool:
    """Tell whether a value is accepted, as a value and as a text; a refusal has to say what is wrong, in our words."""
    typed, text = _outcome(type_, value), json.dumps(value).encode()
    if isinstance(typed, Input):
        assert decode(type_, text) == typed
        return True
    assert all("`" not in flaw.detail for flaw in typed), "the decoder's words: the schema had none"
    with pytest.raises(Invalid) as refused:
        decode(type_, text)
    assert refused.value.flaws == typed
    return False


@pytest.mark.parametrize("type_", QUERIES, ids=lambda type_: type_.__name__)
def test_query_means_what_a_body_would(type_: type[Input]) -> None:
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(requests(type_).filter(lambda value: isinstance(value, dict) and None not in value.values()))
    def agree(value: Any) -> None:
        texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in value.items()}
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(type_)}
        if any(isinstance(value[name], str) != _is_text(kinds.get(name)) for name in value):
            return  # a text where a number belongs, or the other way round, looks like the right thing in a query
        assert _outcome(type_, texts, strict=False) == _outcome(type_, value)

    agree()


def _is_text(kind: Any) -> bool:
    return "int" not in str(kind) and "bool" not in str(kind)


def _outcome(type_: type[Input], value: Any, *, strict: bool = True) -> Any:
    """Return the typed input, or what is wrong."""
    try:
        return convert(type_, value, strict=strict)
    except Invalid as error:
        return error.flaws


def test_query_reads_whole_numbers_as_json_has_them() -> None:
    (listing,) = (type_ for type_ in QUERIES if type_.__name__ == "ListMessages")
    assert convert(listing, {"room": "r", "limit": "20"}, strict=False) == convert(listing, {"room": "r", "limit": 20})
    for text in ("", " 5", "+5", "05", "5.0", "5e0", "0x5", "\uff15", "1_0", "null", "9" * 30, "0", "101", "-1"):
        with pytest.raises(Invalid) as refused:
            convert(listing, {"room": "r", "limit": text}, strict=False)
        assert refused.value.flaws[0].pointer == "/limit", text
