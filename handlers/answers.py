"""What all answers have in common, whoever gives them: headers that bind browsers, and logs that tell no address."""

import logging
from types import TracebackType
from typing import Any

from tornado.web import HTTPError, RequestHandler

log = logging.getLogger(__name__)

HSTS = "max-age=31536000; includeSubDomains"
"""A year in which a browser asks over TLS alone; told only where it did so, for a machine by itself has none."""


class Answering(RequestHandler):
    """A handler whose answers say neither by what program they are made nor why that failed."""

    def set_default_headers(self) -> None:
        """Let no browser guess what an answer is, tell others of it, or ask without TLS where there is TLS."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        if self.request.protocol == "https":
            self.set_header("Strict-Transport-Security", HSTS)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Log mistakes of ours; Tornado would add the whole address with its query, and whose request it was."""
        if not isinstance(value, HTTPError):
            log.error("a request failed", exc_info=value, extra={"method": self.request.method})

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Say nothing but the status; where the method is not known, those that are."""
        if status_code == 405:
            own = ((method, getattr(type(self), method.lower())) for method in self.SUPPORTED_METHODS)
            known = [method for method, does in own if does is not getattr(RequestHandler, method.lower())]
            self.set_header("Allow", ", ".join(known))
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self._sent = self.finish(f"{status_code} {self._reason}\n")
