"""The page and its files, under a strict policy."""

from pathlib import Path

from tornado.web import StaticFileHandler

from handlers.answers import Answering

STATIC = Path(__file__).resolve().parent.parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


PERMISSIONS = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=(), payment=()"
"""What the page may ask a person for: what calls need, and nothing else."""


class PageHandler(Answering, StaticFileHandler):
    """Serves a file of the page, with the headers that keep it to itself."""

    policy = POLICY

    def set_default_headers(self) -> None:
        """Let a page run its own scripts and nothing else."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", self.policy)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Permissions-Policy", PERMISSIONS)

    def set_extra_headers(self, path: str) -> None:
        """Ask whether a file has changed each time: its name does not change with it."""
        self.set_header("Cache-Control", "no-cache")


class ReturnHandler(PageHandler):
    """Serves the page to whoever comes back from a provider of sign-ins.

    What the provider gave stands in the address: it is in no log of ours, no referrer carries it on, no cache keeps the
    page, and the page takes it out of the address before it does anything else.
    """

    async def get(self, path: str = "", include_body: bool = True) -> None:
        """Answer the page."""
        await super().get("index.html", include_body)

    async def head(self, path: str = "") -> None:
        """Answer the page's head."""
        await self.get(path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        """Have nothing of it kept."""
        self.set_header("Cache-Control", "no-store")
