"""Which address is answered by what."""

from typing import Any

from tornado.web import Application as Routes

from handlers.access import log_request
from handlers.compat.blog import blog_routes
from handlers.documents import documents
from handlers.health import LiveHandler, MetricsHandler, Readiness, ReadyHandler
from handlers.operations import NotFoundHandler, OperationHandler, pattern, routes
from handlers.pages import STATIC, FileHandler, FrontHandler, PageHandler, ReturnHandler
from services.application import Application


def build_routes(
    application: Application, readiness: Readiness, origins: frozenset[str], asyncapi: dict[str, Any], *, metrics: bool
) -> Routes:
    """Return the routes of a node, with those of ``/metrics`` where they have no port of their own."""
    api = {"parley": application, "origins": origins}
    found: list[tuple[Any, ...]] = [
        (pattern(path), OperationHandler, {**api, "methods": methods}) for path, methods in routes().items()
    ]
    found += [
        *documents.routes(asyncapi),
        (r"/api/.*", NotFoundHandler, api),
        *blog_routes(application, origins),
        (r"/compat/.*", NotFoundHandler, api),
        (r"/health/live", LiveHandler),
        (r"/health/ready", ReadyHandler, {"parley": application, "readiness": readiness}),
    ]
    if metrics:
        found.append((r"/metrics", MetricsHandler, {"parley": application}))
    files = {"path": str(STATIC)}
    found += [
        (r"/(?:index\.html)?", FrontHandler),
        (r"/auth/return/[a-z0-9-]+", ReturnHandler),
        (r"/files/([0-9a-f]+)/(.+)", FileHandler, files),
        (r"/(.+)", PageHandler, files),
    ]
    return Routes(found, default_handler_class=NotFoundHandler, default_handler_args=api, log_function=log_request)


def build_metrics_routes(application: Application) -> Routes:
    """Return the routes of a port that has ``/metrics`` alone."""
    return Routes([(r"/metrics", MetricsHandler, {"parley": application})])
