"""Answers other than success, as ``application/problem+json`` (RFC 9457)."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

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
    ticket: str | None = None
    """What a client goes on with, where a second proof is needed."""
    methods: tuple[str, ...] = ()
    """The proofs that would do."""
    until: str | None = None
    """When what stands in the way ends by itself."""
    reason: str | None = None
    instance: str | None = None
    """Under what the log has a mistake of the server."""


def status_of(error: type[ServiceError]) -> int:
    """Return the status of a kind of error."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def problem(
    status: int, code: str, detail: str, flaws: tuple[Flaw, ...] = (), more: Mapping[str, Any] | None = None
) -> bytes:
    """Return the body of an answer other than success; ``more`` are further fields of it."""
    title = HTTPStatus(status).phrase
    return msgspec.json.encode(Problem(f"/docs/protocol#{code}", title, status, code, detail, flaws, **(more or {})))


def retry_header(error: ServiceError) -> str | None:
    """Return the value of ``Retry-After`` in whole seconds, where a retry can help."""
    return None if error.retry_after is None else str(max(1, math.ceil(error.retry_after)))
