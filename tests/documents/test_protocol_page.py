"""The page for authors of clients: its examples are true, and it leaves nothing out."""

import json
from typing import Any

import pytest

from tests.client.site import Site
from tests.documents.examples import Reader, examples, fits
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


async def test_examples_are_what_a_server_answers(site: Site) -> None:
    reader = Reader(site)
    count = 0
    for example in examples(PAGE):
        await reader.run(example)
        count += 1
    reader.close()
    assert count == PAGE.count("```") / 2, "a block that is no example"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('{"a": 1}', {"a": 2}),
        ('{"a": 1}', {"a": True}),
        ('{"a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, "b": 2}', {"a": 1}),
        ('{"a": [1]}', {"a": [1, 2]}),
        ('{"a": "<x>", "b": "<x>"}', {"a": 1, "b": 2}),
        ('{"a": null}', {"a": {}}),
    ],
)
def test_example_that_is_not_true_is_found(wanted: str, found: Any) -> None:
    assert not fits(json.loads(wanted), found, {})


def test_every_operation_is_told_of(openapi: Any, asyncapi: Any) -> None:
    for path, methods in openapi["paths"].items():
        if path.startswith("/api"):
            assert all(f"`{method.upper()} {path}`" in PAGE for method in methods), path
    for name in asyncapi["operations"]:
        assert f"`{name.removeprefix('event.')}`" in PAGE or f'"{name}"' in PAGE, name


def test_every_code_is_told_of(openapi: Any, asyncapi: Any) -> None:
    assert all(f"| `{code}` |" in PAGE for code in openapi["components"]["responses"])
    assert all(f"| {close['code']} |" in PAGE for close in asyncapi["channels"]["socket"]["x-close-codes"])
