"""The table of the older systems' endpoints, events and fields names what there is, and every operation answers."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from handlers.documents.openapi import BODIES
from services import OPERATIONS
from services.operations.operation import Operation
from tests.application import Parley, running
from tests.client.rest import Refused
from tests.least import least
from tests.people import Person
from tests.things import things_of
from ws.events import EVENTS, name_of

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("\n## Line by line\n")[2]
STATES = {"kept", "better", "refused", "planned"}
BY_NAME: dict[str, Operation[Any]] = {one.name: one for one in OPERATIONS}

_NAMED = re.compile(r"`([^`]+)`")
_FIELD = re.compile(r"[A-Z]\w+\.\w+")


def rows(text: str | None = None) -> list[list[str]]:
    lines = [line for line in (text or TABLE).splitlines() if line.startswith("| ") and not line.startswith("| then")]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def named() -> set[str]:
    return {name for _, ours, _ in rows() for name in _NAMED.findall(ours)}


def operations() -> list[str]:
    return sorted(name for name in named() if not name.startswith("event ") and not _FIELD.fullmatch(name))


def test_each_line_says_what_is_ours_or_why_not() -> None:
    found = rows()
    assert len(found) > 150
    assert [row for row in found if len(row) != 3 or not row[0] or row[2] not in STATES] == []
    assert [row for row in found if not row[1] and row[2] != "planned"] == []


def test_no_line_is_there_twice() -> None:
    for section in TABLE.split("## "):
        then = [row[0] for row in rows(section)]
        assert sorted({one for one in then if then.count(one) > 1}) == []


def test_operations_that_are_named_are_there() -> None:
    assert len(operations()) > 120
    assert [name for name in operations() if name not in BY_NAME] == []


def test_events_that_are_named_are_there() -> None:
    told = {name.removeprefix("event ") for name in named() if name.startswith("event ")}
    assert told - {name_of(event) for event in EVENTS} == set()
    assert len(told) > 12


def test_fields_that_are_named_are_there(openapi: Any, asyncapi: Any) -> None:
    schemas = asyncapi["components"]["schemas"] | openapi["components"]["schemas"]
    fields = sorted(name for name in named() if _FIELD.fullmatch(name))
    assert len(fields) > 40
    missing = [
        name for name in fields if name.split(".")[1] not in schemas.get(name.split(".")[0], {}).get("properties", {})
    ]
    assert missing == []


async def asked(parley: Parley, operation: Operation[Any]) -> str:
    """Ask for an operation as somebody new, with the least that it takes; return ``ok`` or the code."""
    (person,) = await parley.people("asker")
    given = least(operation, (await things_of(parley, person)).ids | {"emoji": "👍", "provider": "nowhere"})
    if operation.path is None or operation.method is None:
        return await _by_socket(person, operation.name, given)
    path = re.sub(r"{(\w+)}", lambda name: quote(str(given.pop(name[1])), safe=""), operation.path)
    headers = {"Authorization": f"Bearer {person.account.token}"}
    if operation.method in BODIES:
        answer = await parley.site.rest.request(operation.method, path, raw=json.dumps(given).encode(), headers=headers)
    else:
        answer = await parley.site.rest.request(
            operation.method, f"{path}?{urlencode(given)}" if given else path, headers=headers
        )
    return answer.code or "ok"


async def _by_socket(person: Person, name: str, given: Any) -> str:
    live = await person.connect()
    try:
        await live.call(name, **given)
    except Refused as refused:
        return refused.code
    return "ok"


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_every_operation_that_is_named_answers(tmp_path: Path) -> None:
    """With something, or with a refusal of its own: no address is nobody's, and nothing goes wrong."""
    codes: dict[str, str] = {}
    async with running(tmp_path) as parley:
        for name in operations():
            codes[name] = await asked(parley, BY_NAME[name])
    published = {name: {one.code for one in BY_NAME[name].raises} for name in codes}
    usual = {"ok", "bad_request", "forbidden", "second_factor_missing", "confirmation_needed", "email_unverified"}
    assert {name: code for name, code in codes.items() if code not in usual | published[name]} == {}
