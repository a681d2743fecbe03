"""What is logged of requests."""

import logging

from tornado.web import RequestHandler

log = logging.getLogger("tornado.access")


def log_request(handler: RequestHandler) -> None:
    """Log a request that failed by a mistake of ours.

    A 503 is none: it is an answer, asked for twice a second while a node drains, and whatever causes another one is
    logged where it happens.
    """
    if handler.get_status() >= 500 and handler.get_status() != 503:
        request = handler.request
        said = {"status": handler.get_status(), "method": request.method, "path": request.path}
        log.error("a request failed", extra=said | {"seconds": round(request.request_time(), 3)})
