"""Answers other than success, as ``application/problem+json`` (RFC 9457)."""

import math
from http import HTTPStatus

import msgspec

from services.errors import (
    Conflict,
    Flaw,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServiceError,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class UnsupportedMediaType(Invalid):
    """The body is not said to be JSON."""

    code = "unsupported_media_type"
    detail = "the body has to be application/json"


class MethodNotAllowed(Invalid):
    """The address is known, and does not do that."""

    code = "method_not_allowed"
    detail = "this address does not know the method"


STATUS: dict[type[ServiceError], int] = {
    UnsupportedMediaType: 415,
    MethodNotAllowed: 405,
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    TooMany: 429,
    Unavailable: 503,
    ServiceError: 500,
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong; clients match on ``code``."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[Flaw, ...] = ()


def status_of(error: type[ServiceError]) -> int:
    """Return the status of a kind of error."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def problem(status: int, code: str, detail: str, flaws: tuple[Flaw, ...] = ()) -> bytes:
    """Return the body of an answer other than success."""
    title = HTTPStatus(status).phrase
    return msgspec.json.encode(Problem(f"/docs/protocol#{code}", title, status, code, detail, flaws))


def retry_header(error: ServiceError) -> str | None:
    """Return the value of ``Retry-After`` in whole seconds, where a retry can help."""
    return None if error.retry_after is None else str(max(1, math.ceil(error.retry_after)))
