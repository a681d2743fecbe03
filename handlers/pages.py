"""The page and its files, under a strict policy.

The page's some two hundred modules come as they are written. So that a browser asks for them once, and not at each
reload, the page names them below an address that changes with them: what is there is kept for good.
"""

import datetime
import hashlib
import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tornado.web import HTTPError, StaticFileHandler

from handlers.answers import Answering

STATIC = Path(__file__).resolve().parent.parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


PERMISSIONS = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=(), payment=()"
"""What the page may ask a person for: what calls need, and nothing else."""


State = tuple[int, int]


def version_of(directory: Path) -> str:
    """Return what changes with the name or the content of any file below a directory."""
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        for part in (str(path.relative_to(directory)).encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def states_of(directory: Path) -> dict[str, State]:
    """Return when each file below a directory was written, and how long it is, by its path."""
    return {str(path): state_of(path) for path in directory.rglob("*") if path.is_file()}


def state_of(path: Path) -> State:
    """Return what changes where a file is written anew."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


VERSION: Final = version_of(STATIC)
"""Of the files as they were when the program started."""

STATES: Final = states_of(STATIC)
"""The same of each file by its path: what was changed since is not of this version."""

FRONT: Final = re.sub(
    r' (href|src)="/', rf' \1="/files/{VERSION}/', (STATIC / "index.html").read_text(encoding="utf-8")
).encode()
"""The page, which names its files with their version; they name each other beside themselves."""


class Guarded(Answering):
    """An answer of the page, with the headers that keep it to itself."""

    policy = POLICY

    def set_default_headers(self) -> None:
        """Let a page run its own scripts and nothing else; ask whether it has changed each time."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", self.policy)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Permissions-Policy", PERMISSIONS)
        self.set_header("Cache-Control", "no-cache")


class FrontHandler(Guarded):
    """Serves the page itself; Tornado adds the ETag, and answers 304 to whoever has it already."""

    def get(self) -> None:
        """Answer the page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(FRONT)

    head = get


class ReturnHandler(FrontHandler):
    """Serves the page to whoever comes back from a provider of sign-ins.

    What the provider gave stands in the address: it is in no log of ours, no referrer carries it on, no cache keeps the
    page, and the page takes it out of the address before it does anything else.
    """

    def set_default_headers(self) -> None:
        """Have nothing of it kept."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")


class PageHandler(Guarded, StaticFileHandler):
    """Serves a file of the page, to be asked about each time: its name does not change with it."""

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Return where a file is, if it can be anywhere: Tornado would ask the system for what it has no name for."""
        if "\0" in path:
            raise HTTPError(HTTPStatus.NOT_FOUND)
        return super().get_absolute_path(root, path)

    def get_cache_time(self, path: str, modified: datetime.datetime | None, mime_type: str) -> int:
        """Return no time at all, whatever the query: Tornado takes ``v`` for a version in it."""
        return 0


class FileHandler(PageHandler):
    """Serves a file of the page by the version of all of them, to be kept for good.

    Whoever has the page from a node of another version gets what there is here, and asks again the next time.
    """

    version = ""

    async def get(self, version: str, path: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Answer a file."""
        self.version = version
        await super().get(path, include_body)
        if self.get_status() == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.set_header("Cache-Control", "no-cache")

    async def head(self, version: str, path: str) -> None:  # type: ignore[override]
        """Answer a file's head."""
        await self.get(version, path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        """Let what is there be kept, as far as it is of that version: another one has another address."""
        file = self.absolute_path or ""
        if self.version == VERSION and STATES.get(file) == state_of(Path(file)):
            self.set_header("Cache-Control", "public, max-age=31536000, immutable")
