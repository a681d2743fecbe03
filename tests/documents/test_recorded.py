"""Whatever the suite saw a server say stands in the documents. This comes last: see ``last.py``."""

import json
import shutil
from typing import Any

import pytest

from tests import recorder
from tests.documents.alike import form
from tests.documents.judge import Judge
from tests.documents.kinds import UNTOLD
from tests.documents.last import is_whole, wait_for_all

WAIT_S = 900.0
"""How long the other processes may need for the tests that they have begun."""


@pytest.mark.last
@pytest.mark.timeout(WAIT_S + 300)
def test_everything_that_was_said_is_described(request: pytest.FixtureRequest, openapi: Any, asyncapi: Any) -> None:
    left = wait_for_all(request.session, recorder.directory(), WAIT_S)
    assert left == [], "these tests were not finished in time"
    judge = Judge(openapi, asyncapi)
    records = {form(line): line for line in recorder.read()}
    wrong = [text for line in records.values() if (text := judge.judge(json.loads(line))) is not None]
    assert wrong[:10] == []
    kinds = {name.removeprefix("event.") for name in asyncapi["operations"] if name.startswith("event.")}
    assert not judge.events & UNTOLD, "take it from the list: it is said"
    if is_whole(request.config):
        assert judge.events == kinds - UNTOLD, "kinds of events that no test has seen"
    if hasattr(request.config, "workerinput"):
        shutil.rmtree(recorder.directory(), ignore_errors=True)


def answer(status: int, body: Any, path: str = "/api/rooms/r", method: str = "GET") -> Any:
    kind = "application/problem+json" if status >= 400 else "application/json"
    return {"door": "rest", "method": method, "path": path, "status": status, "type": kind, "body": body}


ID = "01a1fcc2254890a1d063b40adf259a"
ITEM = {"id": ID, "rev": 7, "text": "hello", "cid": "c-1", "created_at": "2026-11-21T06:11:04.123Z"}


@pytest.mark.parametrize(
    "other",
    [{"id": ID[::-1]}, {"rev": 8}, {"text": "hello there"}, {"cid": "c-2"}, {"created_at": "2027-01-01T00:00:00.000Z"}],
    ids=str,
)
def test_records_that_no_document_tells_apart_are_judged_once(other: dict[str, Any]) -> None:
    assert form(json.dumps(ITEM | other)) == form(json.dumps(ITEM))


@pytest.mark.parametrize(
    "other",
    [
        *({"id": ID[1:]}, {"id": ID.upper()}, {"id": None}, {"rev": 0}, {"rev": -7}, {"rev": "7"}, {"rev": 7.5}),
        *({"text": ""}, {"text": "\0"}, {"text": None}, {"text": "x" * 5000}, {"cid": ""}, {"cid": "~"}, {"more": ID}),
        *({"created_at": f"2026-{day}T06:11:04.123Z"} for day in ("13-01", "02-30", "1-1")),
        {"created_at": "2026-11-21 06:11:04"},
    ],
    ids=lambda other: str(other)[:40],
)
def test_records_that_a_document_may_tell_apart_are_judged_each(other: dict[str, Any]) -> None:
    assert form(json.dumps(ITEM | other)) != form(json.dumps(ITEM))


PROBLEM = {"type": "t", "title": "t", "status": 404, "code": "room_not_found", "detail": "d"}
TYPING = {"ev": "typing", "room": "r", "d": {"user": {"id": "u", "username": "ada"}, "for": 6000}}


@pytest.mark.parametrize(
    "record",
    [
        answer(404, PROBLEM | {"code": "banned"}),
        answer(404, PROBLEM | {"more": 1}),
        answer(418, PROBLEM),
        answer(200, {"id": "r"}),
        answer(200, {}, "/api/unheard"),
        answer(204, {}, "/api/auth/logout", "POST"),
        {"door": "ws", "op": None, "frame": TYPING | {"rev": 1}},
        {"door": "ws", "op": None, "frame": TYPING | {"d": {"for": 6000}}},
        {"door": "ws", "op": None, "frame": {"ev": "unheard"}},
        {"door": "ws", "op": "ping", "frame": {"re": 1.0, "ok": {}}},
        {"door": "ws", "op": "ping", "frame": {"re": 1, "err": {"code": "banned", "detail": "d"}}},
        {"door": "ws", "op": "unheard", "frame": {"re": 1, "ok": {}}},
    ],
    ids=str,
)
def test_what_is_not_described_is_found(record: Any, openapi: Any, asyncapi: Any) -> None:
    assert Judge(openapi, asyncapi).judge(record) is not None


@pytest.mark.parametrize(
    "record",
    [
        answer(404, PROBLEM),
        answer(404, PROBLEM | {"code": "not_found"}, "/api/unheard"),
        answer(405, PROBLEM | {"code": "method_not_allowed", "status": 405}, "/api/users/me", "PUT"),
        answer(204, None, "/api/auth/logout", "POST"),
        {"door": "ws", "op": None, "frame": TYPING},
        {"door": "ws", "op": "ping", "frame": {"re": 1, "ok": {}}},
        {"door": "ws", "op": "unheard", "frame": {"re": 1, "err": {"code": "bad_request", "detail": "d"}}},
    ],
    ids=str,
)
def test_what_is_described_is_found_right(record: Any, openapi: Any, asyncapi: Any) -> None:
    assert Judge(openapi, asyncapi).judge(record) is None
