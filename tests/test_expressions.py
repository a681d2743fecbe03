"""Every regular expression of the program, on what is worst for it: none takes time that grows faster than its text."""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("handlers", "ws", "services", "store")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
"""All but the settings, which read the words of whoever runs the server."""

SIZE = 64 * 1024
LIMIT_S = 0.03
"""For one that is linear it takes 5 ms at most; for one that grows with the square, seconds."""
METHODS = {"fullmatch", "match", "search", "sub", "split", "findall", "finditer"}

PIECES = [
    *('"', "\\", "{", "}", "[", "]", "(", "a", "A", "0", "9", "_", "-", ".", ":", "@", "/", "?", "#", "%", " ", "\t"),
    *("\n", "\0", "é", "𝒳", "\ufe0f", "\u200d", "\U0001f1e6", "ß", "<!--", "<!-- made: a -->\n", "{a}", "{a", '"\\'),
    *(
        '\\"',
        "a.",
        ".a",
        "-.",
        "a-",
        "a@",
        "@a",
        "//",
        "/a",
        "://",
        "https://",
        "https://a",
        "a:",
        "::",
        ":a",
        "0,",
        ", ",
    ),
    *(
        "127.0.0.1:",
        "[::1]:",
        "parley_",
        "parley_0123456789abcdef",
        "mongodb://a@",
        "a b",
        "=?",
        "?a=",
        "0x",
        "-0",
        "1e",
    ),
]
ENDS = ["", "!", "\n"]
STARTS = ["", "https://a", "a@", '"']


def expressions(path: Path) -> Iterator[tuple[int, ast.expr, set[str]]]:
    """Give what stands for a regular expression in a file: line, node, and the methods that it is used by."""
    text = path.read_text()
    tree = ast.parse(text)
    names = {
        node.value: ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        # Of a field: msgspec searches for it, and what says what is wrong with a field does too.
        yield from ((node.lineno, key.value, {"search"}) for key in node.keywords if key.arg == "pattern")
        called = node.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re":
            if called.attr == "compile":
                yield node.lineno, node.args[0], set(re.findall(rf"\b{names.get(node)}\.([a-z]+)\(", text)) & METHODS
            elif called.attr in METHODS:
                yield node.lineno, node.args[0], {called.attr}


def evaluated(module: ModuleType, node: ast.expr) -> str | bytes:
    """Return the text of an expression, which may be put together from constants of its module."""
    found = eval(compile(ast.Expression(node), "<expression>", "eval"), vars(module))
    assert isinstance(found, str | bytes)
    return found


def module_of(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def found() -> dict[str, tuple[str | bytes, str]]:
    """Return every expression and method by where it stands."""
    return {
        f"{path.relative_to(ROOT)}:{line} {method}": (evaluated(module_of(path), node), method)
        for path in FILES
        for line, node, methods in expressions(path)
        for method in sorted(methods or {"search"})
    }


FOUND = found()


def test_expressions_are_found() -> None:
    assert len(FOUND) > 30
    assert any(method == "sub" for _, method in FOUND.values())


def apply(compiled: re.Pattern[Any], method: str, text: str | bytes) -> None:
    if method == "sub":
        compiled.sub(text[:0], text)
    elif method == "finditer":
        for _ in compiled.finditer(text):
            pass
    else:
        getattr(compiled, method)(text)


def worst(pattern: str | bytes, method: str) -> tuple[float, str]:
    """Return the longest time that an expression takes, and for what; it ends with the first that is too long."""
    compiled = re.compile(pattern)
    for piece in PIECES:
        for start in STARTS:
            for end in ENDS:
                text = start + (piece * SIZE)[: SIZE - len(start) - len(end)] + end
                given = text.encode() if isinstance(pattern, bytes) else text
                begun = time.thread_time()
                apply(compiled, method, given)
                took = time.thread_time() - begun
                if took > LIMIT_S:
                    return took, f"{start!r} {piece!r} {end!r}"
    return 0.0, ""


@pytest.mark.parametrize("place", FOUND)
def test_expression_takes_no_longer_than_its_text(place: str) -> None:
    took, of = worst(*FOUND[place])
    assert took <= LIMIT_S, of
