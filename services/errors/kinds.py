"""Errors that clients may read: a closed set of kinds, which adapters know, and codes, which clients match on.

ServiceError
    Invalid           the request cannot be meant so
    Unauthenticated   nobody is asking, as far as we know
    Forbidden         known, and not allowed
    NotFound          not there, or not to be known by the one who asks
    Conflict          stands against what is there
    Gone              the place asked from is no longer kept
    TooLarge          over a size
    TooMany           over a rate; a later try helps
    Unavailable       not now; a later try helps
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class Flaw(msgspec.Struct, frozen=True):
    """One thing wrong with a request: where (a JSON pointer) and what."""

    pointer: str
    detail: str


class ServiceError(Exception):
    """An answer other than success. ``retry_after`` is in seconds, where a retry can help."""

    code: ClassVar[str] = "internal"
    detail: ClassVar[str] = "something went wrong on our side"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        flaws: tuple[Flaw, ...] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.reason = detail or self.detail
        self.name = code or self.code
        self.retry_after = retry_after
        self.flaws = flaws
        self.more = more or {}
        """What else a client needs to go on; it stands in the answer beside the code."""
        super().__init__(self.name, self.reason)


class Invalid(ServiceError):
    """The request cannot be meant so."""

    code = "bad_request"
    detail = "the request is not as described"


class Unauthenticated(ServiceError):
    """Nobody is asking, as far as we know."""

    code = "unauthenticated"
    detail = "a valid access token is needed"


class Forbidden(ServiceError):
    """Known, and not allowed."""

    code = "forbidden"
    detail = "you may not do that"


class NotFound(ServiceError):
    """Not there, or not to be known by the one who asks."""

    code = "not_found"
    detail = "there is no such thing"


class Conflict(ServiceError):
    """Stands against what is there."""

    code = "conflict"
    detail = "this stands against what is there now"


class Gone(ServiceError):
    """The place asked from is no longer kept: forget it and fetch the newest page."""

    code = "reset"
    detail = "changes are not kept from there on; fetch the newest page"


class TooLarge(ServiceError):
    """Over a size."""

    code = "too_large"
    detail = "this is too large"


class TooMany(ServiceError):
    """Over a rate; ``retry_after`` says when the next try can succeed."""

    code = "rate_limited"
    detail = "too many requests"


class Unavailable(ServiceError):
    """Not now: the store does not answer, or a queue is full. It may have happened: repeat it with the same cid."""

    code = "unavailable"
    detail = "not available at the moment"

    def __init__(self, detail: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(detail, retry_after=retry_after)
