"""The text check that comes before any decoding: JSON that every reader understands alike."""

import json
import math
import re
from typing import Annotated, Any, NoReturn

import msgspec

from services.errors import Flaw, Invalid

DEPTH_LIMIT = 16
"""Nested objects and arrays; our deepest request has three."""

VALUES_LIMIT = 5000
"""Values of a text: a hello with a cursor for each of as many rooms as fit into a frame has a third of that. A body of
values alone would take the loop for most of a second."""

# A string that does not end reaches to the end of the text, and what has matched is never given back (``++``): each
# byte is looked at once, whatever stands in it.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[{}\[\]]")
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1


_Scalar = str | bool | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
_Flat = dict[str, _Scalar | list[_Scalar]]
_read_request = msgspec.json.Decoder(dict[str, _Scalar | _Flat]).decode
_write = msgspec.json.Encoder().encode


class NotJson(Invalid):
    """The text is no JSON at all."""


def check(text: bytes) -> Any:
    """Return the value of a JSON text that is strict.

    Refused are duplicate keys, NaN and infinities, lone surrogates, whole numbers over 64 bits, depth over
    ``DEPTH_LIMIT``, more than ``VALUES_LIMIT`` values, and bytes that are not UTF-8.

    Raises:
        NotJson: If it is none.
        Invalid: With what is not strict about it.
    """
    try:
        # Nearly all requests: what is written again as it stands has no key twice. It takes a sixth of the time.
        request = _read_request(text)
        if _write(request) == text:
            return request
    except (msgspec.MsgspecError, UnicodeError):
        pass  # something else, or a mistake, of which the rest finds out what it is
    if text.count(b"{") + text.count(b"[") > DEPTH_LIMIT or text.count(b",") > VALUES_LIMIT:
        _check_shape(text)
    try:
        decoded = text.decode()
        value = _decode(decoded)
    except UnicodeDecodeError as error:
        raise NotJson("the text is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise NotJson("the text is not JSON") from error
    if b"\\u" in text:
        # Only an escape can make a lone surrogate: the bytes are UTF-8, which has none.
        _check_surrogates(value)
    return value


def _refused(why: str) -> Invalid:
    return Invalid(f"the text is {why}", flaws=(Flaw("", why),))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refused("not strict JSON: a key stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise _refused(f"not strict JSON: {name} is not a number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not _LOWEST <= (number := int(digits)) <= _HIGHEST:
        raise _refused("not strict JSON: a whole number has over 64 bits")
    return number


def _check_shape(text: bytes) -> None:
    bare = _STRING.sub(b"", text)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > VALUES_LIMIT:
        raise _refused(f"of over {VALUES_LIMIT} values")
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in b"{[" else -1
        if depth > DEPTH_LIMIT:
            raise _refused(f"nested over {DEPTH_LIMIT} deep")


def _fraction(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise _refused("not strict JSON: a number is too large to be told from infinity")
    return number


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _refused("not strict JSON: a surrogate stands alone") from error
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_surrogates(key)
            _check_surrogates(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_surrogates(inner)


# One decoder for all: ``json.loads`` with hooks makes a new one each time.
_decode = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer, parse_float=_fraction
).decode
