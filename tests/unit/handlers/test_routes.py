"""Routes: each operation with a path is found there, and nowhere else."""

import re

import pytest

from handlers.operations import pattern, routes
from services import OPERATIONS

WITH_ROUTE = [operation for operation in OPERATIONS if operation.path is not None]


@pytest.mark.parametrize("operation", WITH_ROUTE, ids=lambda operation: operation.name)
def test_operation_is_found_at_its_path(operation: object) -> None:
    path, method = getattr(operation, "path", ""), getattr(operation, "method", "")
    names = re.findall(r"\{(\w+)\}", path)
    asked = re.sub(r"\{(\w+)\}", r"the-\1", path)
    first = next(known for known in routes() if re.fullmatch(pattern(known), asked))
    assert routes()[first][method] is operation
    match = re.fullmatch(pattern(first), asked)
    assert match is not None
    assert match.groupdict() == {name: f"the-{name}" for name in names}


def test_every_operation_with_a_route_is_there_once() -> None:
    found = [operation for methods in routes().values() for operation in methods.values()]
    assert sorted(operation.name for operation in found) == sorted(operation.name for operation in WITH_ROUTE)


@pytest.mark.parametrize("asked", ["/api/rooms/", "/api/rooms/a/b", "/api/rooms//messages", "/api/rooms/x/messages/"])
def test_part_of_a_path_is_never_empty_nor_several(asked: str) -> None:
    assert not [path for path in routes() if re.fullmatch(pattern(path), asked)]
