"""The wire of the older blog's two services, under ``/compat/blog``: its routes, bodies and status codes."""

from typing import Any

import msgspec

from handlers.operations import OperationHandler, pattern
from handlers.problems import retry_header, status_of
from services.application import Application
from services.blog.acting import admitted
from services.blog.doors import BLOG
from services.errors import Conflict, Flaw, Invalid, ServiceError
from services.operations.context import Context, Principal
from services.operations.operation import Operation
from services.operations.schemas.schemas import convert


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the blog said of an error, with the code that ours have."""

    message: str
    code: str
    errors: tuple[Flaw, ...] = ()


class BlogHandler(OperationHandler):
    """Serves the blog's operations of one path: numbers in the address, its envelope around answers."""

    def refuse(self, error: ServiceError) -> None:
        """Answer an error as the blog did: what is taken, or stands against what is there, is 400."""
        status = 400 if isinstance(error, Conflict) else status_of(type(error))
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if (retry := retry_header(error)) is not None:
            self.set_header("Retry-After", retry)
        self._sent = self.finish(msgspec.json.encode(Message(error.reason, error.name, error.flaws)))

    async def _authenticate(self, operation: Operation[Any], context: Context) -> None:
        await super()._authenticate(operation, context)
        context.principal = await _admitted(context)

    def _given(self, operation: Operation[Any], path: dict[str, str]) -> Any:
        address: dict[str, Any] = {name: _whole(name, text) for name, text in path.items()}
        if self.request.method != "GET":
            return convert(operation.input, {**self._body(), **address})
        if self.request.body:  # the blog asked whether a password is right with a body to a GET
            return convert(operation.input, {**self._body(), **self._query(), **address})
        return convert(operation.input, {**self._query(), **path}, strict=False)


async def _admitted(context: Context) -> Principal:
    return await admitted(context)


def _whole(name: str, text: str) -> int | str:
    if name == "username":
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise Invalid(flaws=(Flaw(f"/{name}", "has to be a whole number"),))
    return int(text)


def blog_routes(application: Application, origins: frozenset[str]) -> list[tuple[Any, ...]]:
    """Return the routes, each with and without a slash at its end."""
    found: dict[str, dict[str, Operation[Any]]] = {}
    for operation in BLOG:
        assert operation.method is not None
        assert operation.path is not None
        found.setdefault(operation.path, {})[operation.method] = operation
    api = {"parley": application, "origins": origins}
    return [(pattern(path) + "/?", BlogHandler, {**api, "methods": methods}) for path, methods in found.items()]
