"""The AsyncAPI document: valid, whole, and at one with the OpenAPI document."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services import OPERATIONS, errors
from tests.documents.judge import parts
from tests.documents.kinds import error_kinds
from ws.events import EVENTS, name_of
from ws.wire.codes import CloseCode

SCHEMA = Path(__file__).parent / "vendor" / "asyncapi" / "3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def rules() -> Any:
    """What the AsyncAPI Initiative demands of a document of version 3.0.0."""
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def resolved(document: Any, reference: str) -> Any:
    for key in reference.removeprefix("#/").split("/"):
        document = document[key]
    return document


def test_document_is_valid(rules: Any, asyncapi: Any) -> None:
    assert [f"{error.json_path} {error.message}"[:500] for error in rules.iter_errors(asyncapi)] == []


def test_validator_finds_what_is_wrong(rules: Any, asyncapi: Any) -> None:
    for broken in ({"operations": {"x": {"action": "receive"}}}, {"asyncapi": "2.6.0"}, {"unheard": 1}):
        assert not rules.is_valid(asyncapi | broken), broken


def test_references_lead_somewhere(asyncapi: Any) -> None:
    for part in parts(asyncapi):
        if "$ref" in part:
            assert resolved(asyncapi, part["$ref"]), part


def test_every_operation_of_the_socket_is_described(asyncapi: Any) -> None:
    asked = {name for name, operation in asyncapi["operations"].items() if operation["action"] == "receive"}
    assert asked == {operation.name for operation in OPERATIONS if operation.socket} | {"hello", "auth.refresh"}


def test_every_event_is_described(asyncapi: Any) -> None:
    told = {name for name, operation in asyncapi["operations"].items() if operation["action"] == "send"}
    assert told == {f"event.{name_of(event)}" for event in EVENTS}


def test_requests_and_answers_belong_together(asyncapi: Any) -> None:
    for name, operation in asyncapi["operations"].items():
        messages = [resolved(asyncapi, resolved(asyncapi, one["$ref"])["$ref"]) for one in operation["messages"]]
        assert [message["name"] for message in messages] == [name]
        if operation["action"] == "receive":
            assert messages[0]["payload"]["properties"]["op"] == {"const": name, "description": "What is asked."}
            answers = [one["$ref"].rpartition("/")[2] for one in operation["reply"]["messages"]]
            assert answers == [f"{name}.ok", f"{name}.err"]


def codes(asyncapi: Any, op: str) -> set[str]:
    err = asyncapi["components"]["messages"][f"{op}.err"]["payload"]["properties"]["err"]
    return {code for part in err["allOf"] for code in part.get("properties", {}).get("code", {}).get("enum", ())}


def test_codes_are_those_of_the_operation(asyncapi: Any) -> None:
    for operation in (operation for operation in OPERATIONS if operation.socket):
        own = {kind.code for kind in operation.raises}
        own |= {kind.code for need in operation.needs for kind in need.raises}
        known = {"unauthenticated", "account_banned", "scope_missing"}
        always = {"bad_request", "rate_limited", "unavailable", "internal"} | known
        assert codes(asyncapi, operation.name) == own | always, operation.name


def test_every_code_of_the_services_is_told_of(asyncapi: Any) -> None:
    enum = asyncapi["components"]["schemas"]["Refusal"]["properties"]["code"]["enum"]
    assert set(enum) == {kind.code for kind in error_kinds(errors)}


def test_every_close_code_is_told_of(asyncapi: Any) -> None:
    channel = asyncapi["channels"]["socket"]
    assert [close["code"] for close in channel["x-close-codes"]] == [int(code) for code in CloseCode]
    assert all(f"| {int(code)} | {code.meaning} |" in channel["description"] for code in CloseCode)


def test_everything_has_words(asyncapi: Any) -> None:
    assert all(operation["summary"] and operation["description"] for operation in asyncapi["operations"].values())
    assert all(message["summary"] for message in asyncapi["components"]["messages"].values())
    for name, message in asyncapi["components"]["messages"].items():
        for field, inner in message["payload"].get("properties", {}).items():
            assert "$ref" in inner or inner["description"], (name, field)


def test_types_of_both_documents_are_one(openapi: Any, asyncapi: Any) -> None:
    ours, theirs = (document["components"]["schemas"] for document in (openapi, asyncapi))
    for name in ours.keys() & theirs.keys():
        plain = {key: value for key, value in ours[name].items() if key != "discriminator"}
        assert plain == theirs[name], name
    assert openapi["info"]["version"] == asyncapi["info"]["version"]
