"""The documents of the interface: served, shown by two viewers from local files, and written into a directory."""

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from handlers.answers import Answering
from handlers.documents import openapi
from handlers.documents.tables import tables
from handlers.pages import STATIC, PageHandler

PROTOCOL: Final = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
"""The page for authors of clients; its tables are made from the code."""

_PLACE: Final = re.compile(r"(<!-- made: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class DocumentHandler(Answering):
    """Serves one document; Tornado adds the ETag, and answers 304 to whoever has it already."""

    def initialize(self, body: bytes, media: str) -> None:
        """Take the arguments of the route."""
        self.body = body
        self.media = media

    def set_default_headers(self) -> None:
        """Let it be kept, and asked about each time: it changes with the program."""
        super().set_default_headers()
        self.set_header("Cache-Control", "public, no-cache")

    def get(self) -> None:
        """Answer the document."""
        self.set_header("Content-Type", self.media)
        self.write(self.body)

    head = get


class ViewerHandler(PageHandler):
    """Serves the one page of a viewer, under a policy of its own."""

    page = ""

    async def get(self, path: str = "", include_body: bool = True) -> None:
        """Answer the page."""
        await super().get(path or self.page, include_body)

    async def head(self, path: str = "") -> None:
        """Answer the page's head."""
        await self.get(path, include_body=False)


class SwaggerHandler(ViewerHandler):
    """Serves Swagger UI. Its style sheet has pictures in it; "Try it out" asks this server."""

    page = "swagger.html"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class RedocHandler(ViewerHandler):
    """Serves Redoc. It makes a style element, empty (the hash is that of nothing), and adds its rules one by one.

    Its icons are a font in its program. Refused are the logo that it asks its makers for, any telling, and the worker
    that it would search in, which it makes with ``eval``: it searches without.
    """

    page = "redoc.html"
    policy = (
        "default-src 'none'; script-src 'self'; "
        "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; font-src data:; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def routes(asyncapi: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the routes of all documents; that of the websocket is given."""
    pages = str(STATIC / "documents")
    found: list[tuple[Any, ...]] = [
        (f"/{name}", DocumentHandler, {"body": msgspec.json.encode(document), "media": "application/json"})
        for name, document in (("openapi.json", openapi.document()), ("asyncapi.json", asyncapi))
    ]
    text = {"body": PROTOCOL.read_bytes(), "media": "text/plain; charset=utf-8"}
    return [
        *found,
        ("/docs/protocol", DocumentHandler, text),
        ("/docs/?", SwaggerHandler, {"path": pages}),
        ("/redoc(?:/websocket)?/?", RedocHandler, {"path": pages}),
    ]


def write(directory: Path, asyncapi: dict[str, Any], more: dict[str, str]) -> None:
    """Write all documents; ``more`` are the tables that the websocket knows.

    Raises:
        OSError: If the directory cannot be written.
        ValueError: If the protocol page has no place for a table, or a place for none.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in (("openapi.json", openapi.document()), ("asyncapi.json", asyncapi)):
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (directory / name).write_text(f"{text}\n", encoding="utf-8")
    page = filled(PROTOCOL.read_text(encoding="utf-8"), tables() | more)
    (directory / PROTOCOL.name).write_text(page, encoding="utf-8")


def filled(page: str, made: dict[str, str]) -> str:
    """Return a page with its tables made anew.

    Raises:
        ValueError: If it has no place for one of them, or a place for none.
    """
    places = [match[2] for match in _PLACE.finditer(page)]
    if sorted(places) != sorted(made):
        raise ValueError(f"the page has places for {sorted(places)}, the tables are {sorted(made)}")
    return _PLACE.sub(lambda match: f"{match[1]}{made[match[2]]}\n{match[3]}", page)
