"""Errors as HTTP tells them: each kind has its status, each code its page."""

import json

import pytest

from handlers.problems import STATUS, problem, retry_header, status_of
from services import errors
from services.errors import Flaw, ServiceError, TooMany, Unavailable


def kinds(kind: type[ServiceError]) -> list[type[ServiceError]]:
    """Return a kind of error and all below it."""
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in kinds(below))]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Invalid, 400),
        (errors.BadCredentials, 401),
        (errors.NotMember, 403),
        (errors.Banned, 403),
        (errors.MessageNotFound, 404),
        (errors.CidConflict, 409),
        (errors.Gone, 410),
        (errors.TooLarge, 413),
        (errors.TooMany, 429),
        (errors.ServiceError, 500),
        (errors.Unavailable, 503),
    ],
)
def test_status_is_that_of_the_kind(error: type[ServiceError], status: int) -> None:
    assert status_of(error) == status


def test_every_error_has_a_status_and_a_code_of_its_own() -> None:
    every = kinds(ServiceError)
    assert {status_of(error) for error in every} == set(STATUS.values())
    codes = [error.code for error in every if "code" in vars(error)]
    assert len(set(codes)) == len(codes)


def test_problem_tells_what_is_wrong_and_where() -> None:
    body = json.loads(problem(400, "bad_request", "not so", (Flaw("/text", "is too long"),)))
    assert body == {
        "type": "/docs/protocol#bad_request",
        "title": "Bad Request",
        "status": 400,
        "code": "bad_request",
        "detail": "not so",
        "errors": [{"pointer": "/text", "detail": "is too long"}],
    }


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (ServiceError(), None),
        (TooMany(retry_after=0.1), "1"),
        (TooMany(retry_after=1.0), "1"),
        (TooMany(retry_after=1.1), "2"),
        (TooMany(retry_after=3600.0), "3600"),
        (Unavailable(), "1"),
    ],
)
def test_retry_is_told_in_whole_seconds_where_it_can_help(error: ServiceError, header: str | None) -> None:
    assert retry_header(error) == header
