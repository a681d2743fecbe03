"""The page and its files, under a strict policy."""

from pathlib import Path

from tornado.web import StaticFileHandler

STATIC = Path(__file__).resolve().parent.parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


class PageHandler(StaticFileHandler):
    """Serves a file of the page, with the headers that keep it to itself."""

    policy = POLICY

    def set_default_headers(self) -> None:
        """Let a page run its own scripts and nothing else."""
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", self.policy)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Permissions-Policy", "camera=(), microphone=(), geolocation=()")

    def set_extra_headers(self, path: str) -> None:
        """Ask whether a file has changed each time: its name does not change with it."""
        self.set_header("Cache-Control", "no-cache")
