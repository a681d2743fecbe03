"""What the page's own files must not contain, read without a browser."""

import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
SCRIPTS = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)
SHEETS = sorted((STATIC / "style").rglob("*.css"))
LINES_MOST = 300

FORBIDDEN = {
    "text becomes HTML": r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc)",
    "text becomes a program": r"\b(eval\(|new Function|setTimeout\(['\"`])",
    "tokens would lie open": r"\b(localStorage|sessionStorage|document\.cookie)\b",
    "code of others": r"""(from|import)\s*\(?\s*['"](?!\.{1,2}/)""",
    "left to be done": r"\b(TODO|FIXME|XXX|console\.|debugger)",
    "a style the policy refuses": r"""setAttribute\(['"]style""",
    "a password manager is hindered": r"""['"]paste['"]|\bonpaste\b|type: 'password', autocomplete: 'off'""",
}

ALLOWED = {("here.js", "tokens would lie open")}
"""The one file that keeps something for a tab: which call it is in, and how."""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_script_keeps_the_rules(path: Path) -> None:
    text = path.read_text("utf-8")
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", text, flags=re.DOTALL | re.MULTILINE)
    rules = {why: pattern for why, pattern in FORBIDDEN.items() if (path.name, why) not in ALLOWED}
    found = {why: match[0] for why, pattern in rules.items() if (match := re.search(pattern, code))}
    assert not found
    assert len(text.splitlines()) <= LINES_MOST


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: str(path.relative_to(STATIC)))
def test_sheet_fetches_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"@import|url\(\s*['\"]?(https?:|//)", text)
    for address in re.findall(r"url\(['\"]?([^'\")]+)", text):
        assert (path.parent / address).is_file()


LAYERS = ("signal.js", "types.js", "wire", "kept", "account", "state", "calls", "page", "app.js")
"""Each may use those before it, and itself."""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_script_uses_what_stands_below_it(path: Path) -> None:
    layer = path.relative_to(STATIC).parts[0]
    if layer == "documents":
        return  # pages of their own
    for address in re.findall(r"^import .* from '([^']+)'", path.read_text("utf-8"), re.MULTILINE):
        used = (path.parent / address).resolve().relative_to(STATIC)
        assert LAYERS.index(used.parts[0]) <= LAYERS.index(layer), f"{path.name} uses {used}"


def test_page_has_nothing_inline_and_every_file_it_names() -> None:
    text = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
    for address in re.findall(r'(?:href|src)="([^"]+)"', text):
        assert address.startswith("/"), "it is served at other addresses too"
        assert (STATIC / address[1:]).is_file(), address
    assert {f"/{path.relative_to(STATIC)}" for path in SHEETS} <= set(re.findall(r'href="([^"]+)"', text))


def test_manifest_names_files_that_exist() -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text("utf-8"))
    assert all((STATIC / icon["src"]).is_file() for icon in manifest["icons"])
