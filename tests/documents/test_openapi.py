"""The OpenAPI document: valid, whole, and without gaps in its words."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from handlers import problems
from handlers.operations import routes
from services import OPERATIONS, errors
from tests.documents.judge import parts
from tests.documents.kinds import error_kinds

METHODS = {"get", "put", "post", "delete", "patch"}


def described(document: Any) -> dict[str, Any]:
    """Return every operation of a document by its id."""
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_document_is_valid(openapi: Any) -> None:
    validate(openapi, cls=OpenAPIV31SpecValidator)


def test_validator_finds_what_is_wrong(openapi: Any) -> None:
    broken = openapi | {"paths": openapi["paths"] | {"/x/{y}": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_every_operation_with_a_route_is_described(openapi: Any) -> None:
    found = described(openapi)
    assert {op.name for op in OPERATIONS if op.path} == {name for name in found if not name.startswith("health.")}
    for path, methods in routes().items():
        assert {method.lower() for method in methods} == openapi["paths"][path].keys()


def test_answers_are_those_of_the_operation(openapi: Any) -> None:
    for operation in (operation for operation in OPERATIONS if operation.path):
        answers = {int(status) for status in described(openapi)[operation.name]["responses"]}
        failures = {problems.status_of(kind) for kind in operation.raises} | {400, 429, 500, 503}
        failures |= set() if operation.public else {401, 403}
        failures |= set() if operation.method == "GET" else {403}  # from another site
        failures |= {problems.status_of(kind) for need in operation.needs for kind in need.raises}
        failures |= {413, 415} if operation.method in ("POST", "PUT", "PATCH") else set()
        assert answers == {*operation.statuses, *failures}, operation.name


def test_every_code_is_told_of(openapi: Any) -> None:
    codes = {kind.code for kind in error_kinds(errors) | error_kinds(problems)}
    assert codes == openapi["components"]["responses"].keys()
    assert codes == set(openapi["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])


def test_only_public_operations_need_no_token(openapi: Any) -> None:
    open_to_all = {name for name, operation in described(openapi).items() if not operation["security"]}
    assert open_to_all == {op.name for op in OPERATIONS if op.path and op.public} | {"health.live", "health.ready"}


def test_parameters_of_a_path_stand_in_it(openapi: Any) -> None:
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert names == set(re.findall(r"{(\w+)}", path)), path


def test_what_stands_in_the_path_is_not_asked_for_in_the_body(openapi: Any) -> None:
    body = described(openapi)["message.send"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"].keys() == {"text", "cid", "reply_to", "anonymous"}
    assert body["required"] == ["text", "cid"]


def test_what_may_be_left_out_of_a_query_is_not_null(openapi: Any) -> None:
    for operation in described(openapi).values():
        for parameter in operation.get("parameters", ()):
            assert "anyOf" not in parameter["schema"], (operation["operationId"], parameter["name"])


def test_everything_has_words(openapi: Any) -> None:
    for name, operation in described(openapi).items():
        assert operation["summary"], name
        assert operation["description"], name
        assert all(one["description"] for one in operation.get("parameters", ())), name
        assert operation.get("requestBody", {"description": "none"})["description"], name
        for status, answer in operation["responses"].items():
            assert "$ref" in answer or answer["description"], (name, status)
    assert all(answer["description"] for answer in openapi["components"]["responses"].values())
    assert all(tag["description"] for tag in openapi["tags"])
    assert {tag["name"] for tag in openapi["tags"]} == {op["tags"][0] for op in described(openapi).values()}


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_every_type_and_every_field_has_words(request: pytest.FixtureRequest, name: str) -> None:
    document = request.getfixturevalue(name)
    for type_, schema in document["components"]["schemas"].items():
        assert schema["description"], type_
        for field, inner in schema.get("properties", {}).items():
            assert "$ref" in inner or inner.get("description"), (
                f"{type_}.{field} has no words: see services/operations/glossary/glossary.py"
            )


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_no_list_has_places_that_differ(request: pytest.FixtureRequest, name: str) -> None:
    assert not [part for part in parts(request.getfixturevalue(name)) if "prefixItems" in part]


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_every_definition_is_used(request: pytest.FixtureRequest, name: str) -> None:
    document = request.getfixturevalue(name)
    used = {part["$ref"].rpartition("/")[2] for part in parts(document) if "/schemas/" in str(part.get("$ref"))}
    assert used == document["components"]["schemas"].keys()
    assert all(re.fullmatch("[A-Z][A-Za-z]+", type_) for type_ in used), "two types have one name"


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_secrets_are_in_no_answer(request: pytest.FixtureRequest, name: str) -> None:
    kept = {"password", "digest", "name_key", "pair", "hidden", "forgiven"}
    for type_, schema in request.getfixturevalue(name)["components"]["schemas"].items():
        if schema.get("additionalProperties") is not False:  # an answer: what comes in is closed
            told = {field for field, inner in schema.get("properties", {}).items() if inner.get("type") != "boolean"}
            assert not kept & told, type_  # whether there is one is no secret
