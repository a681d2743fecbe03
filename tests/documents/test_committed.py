"""What is committed is what the program says."""

import json
from pathlib import Path

import pytest

import server
from handlers.documents import documents, openapi
from settings import Settings
from tests.processes import ROOT
from ws import asyncapi
from ws.tables import tables

DOCS = ROOT / "docs"


def test_documents_are_those_of_the_code() -> None:
    assert json.loads((DOCS / "openapi.json").read_text(encoding="utf-8")) == openapi.document(), "run make docs"
    assert json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8")) == asyncapi.document(), "run make docs"


def test_command_writes_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["server.py", "documents", str(tmp_path / "new")])
    assert server.main() == 0
    for name in ("openapi.json", "asyncapi.json", "protocol.md"):
        assert (tmp_path / "new" / name).read_bytes() == (DOCS / name).read_bytes(), f"{name}: run make docs"
    assert Settings.read(["documents", "new"]).command.path == Path("new")


def test_command_says_where_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["server.py", "documents", str(tmp_path / "file" / "new")])
    assert server.main() == 2
    assert "server.py: " in capsys.readouterr().err


def test_page_without_a_place_for_a_table_is_refused() -> None:
    page = "<!-- made: events -->\n<!-- end -->\n"
    assert documents.filled(page, {"events": "|"}) == "<!-- made: events -->\n|\n<!-- end -->\n"
    with pytest.raises(ValueError, match="places"):
        documents.filled(page, tables())
