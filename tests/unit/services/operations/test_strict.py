"""The check of a text before it is read as anything: JSON that every reader understands alike."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.operations.schemas.strict import DEPTH_LIMIT, VALUES_LIMIT, NotJson, check

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_strict_text_is_read_as_everywhere(value: Any, escaped: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    assert same(check(text.encode()), json.loads(text))


FLAT = SCALARS | TEXTS | st.lists(SCALARS | TEXTS, max_size=3)
REQUESTS = st.dictionaries(TEXTS, FLAT | st.dictionaries(TEXTS, FLAT, max_size=4), max_size=4)


@given(REQUESTS)
def test_request_as_most_write_it_is_read_as_everywhere(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert same(check(text.encode()), json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        b'{"op":"a","op":"a"}',
        b'{"op":"a","d":{"x":1,"x":1}}',
        b'{"op":"a","id":18446744073709551616}',
        b'{"op":"a","d":{"x":[-9223372036854775809]}}',
        b'{"op":"\\ud800"}',
    ],
)
def test_request_that_is_not_strict_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        check(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = check(data)
    except Invalid:
        return
    assert same(value, json.loads(data))


@pytest.mark.parametrize(
    "text", [b"", b" ", b"{", b"nothing", b"{'a':1}", b'"a', b"[1,]", b"1 2", b"01", b"+1", b"\xff", b'"\xc3"']
)
def test_text_that_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotJson):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'[{"b":{"a":1,"c":2,"a":3}}]',
        b'{"a":1,"\\u0061":2}',
        b"NaN",
        b"[Infinity]",
        b'{"a":-Infinity}',
        b"1e400",
        b'{"a":-1e400}',
        b"18446744073709551616",
        b"-9223372036854775809",
        b"[1" + b"0" * 5000 + b"]",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b'["a",{"b":["\\udfff"]}]',
    ],
)
def test_json_that_is_not_strict_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        check(text)
    assert not isinstance(refused.value, NotJson)
    assert refused.value.flaws


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'"\\u0000"', "\0"),
        (b"-0", 0),
    ],
)
def test_what_is_just_strict_is_read(text: bytes, value: Any) -> None:
    assert check(text) == value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_has_a_bound(opening: str, closing: str) -> None:
    step = opening.count("[") + opening.count("{")
    assert check(nested(DEPTH_LIMIT // step, opening, closing))
    with pytest.raises(Invalid):
        check(nested(DEPTH_LIMIT // step + 1, opening, closing))
    with pytest.raises(Invalid):
        check(nested(100_000, opening, closing))


@pytest.mark.parametrize("text", [b'"' + b"[" * 50 + b'"', b'"' + b'\\"[' * 50 + b'"', b"[" + b"[]," * 50 + b"1]"])
def test_brackets_that_do_not_nest_are_no_depth(text: bytes) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 17 + b'\\"' * 500_000,
        b"[" * 17 + b'"' + b"\\" * 1_000_000,
        b"[" * 17 + b'"' * 1_000_001,
        b"[" * 10 + b"[]," * 300_000,
        b"[]" * 500_000,
        b"{" * 10 + b'"":[],' * 160_000,
        b"[" + b'"a",' * 250_000 + b"1]",
        b"[" + b"1," * 500_000 + b"1]",
        b'{"a":[' + b"1," * 500_000 + b"1]}",
        b"[" * 1_000_000,
        b"{" + b",".join(b'"%d":1' % number for number in range(100_000)) + b"}",
        b"-" * 1_000_000,
        b"1" * 1_000_000,
        b"[" + b" " * 1_000_000,
        b'"' + b"\\u0041" * 160_000,
    ],
    ids=[str(number) for number in range(15)],
)
def test_no_text_takes_the_loop_for_long(text: bytes) -> None:
    begun = time.thread_time()
    with contextlib.suppress(Invalid):
        check(text)
    assert time.thread_time() - begun < 0.25


def test_values_have_a_bound() -> None:
    assert len(check(b"[" + b'"[{,",' * (VALUES_LIMIT - 2) + b"1]")) == VALUES_LIMIT - 1
    with pytest.raises(Invalid, match="over 5000 values") as refused:
        check(b"[" + b"1," * (VALUES_LIMIT + 1) + b"1]")
    assert not isinstance(refused.value, NotJson)
