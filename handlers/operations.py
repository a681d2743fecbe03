"""The REST adapter: one class serves every operation."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from handlers.answers import Answering
from handlers.cookies import BROWSER_NAME, BROWSER_S, from_page, keep, kept
from handlers.origins import is_welcome
from handlers.problems import MethodNotAllowed, UnsupportedMediaType, problem, retry_header, status_of
from services import OPERATIONS
from services.application import Application
from services.errors import CrossSite, Flaw, Invalid, ServiceError, Unauthenticated, Unavailable
from services.ids import new_id
from services.logs import network, security
from services.loop.turns import FLEETING_PATIENCE_S, PATIENCE_S
from services.operations.context import Context, Cookie, Principal
from services.operations.eager import Waits, rest, step
from services.operations.operation import Operation, perform, tell_refused
from services.operations.schemas.schemas import convert
from services.operations.schemas.strict import check
from store.errors import StoreError

log = logging.getLogger(__name__)

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_encode = msgspec.json.Encoder().encode

CLEARED = '"storage"'
"""What a browser is told to forget at a log-out. Its ``"cookies"`` would be those of all hosts of the domain."""

Methods = dict[str, Operation[Any]]


def routes() -> dict[str, Methods]:
    """Return the operations of each path, by method."""
    found: dict[str, Methods] = {}
    for operation in OPERATIONS:
        if operation.method is not None and operation.path is not None:
            found.setdefault(operation.path, {})[operation.method] = operation
    return found


def pattern(path: str) -> str:
    """Return the expression that a path with ``{names}`` is matched by."""
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


class ApiHandler(Answering):
    """What all answers under ``/api`` have in common: headers, origins, and problems instead of pages."""

    def initialize(self, parley: Application, origins: frozenset[str]) -> None:
        """Take the arguments of the route."""
        self.parley = parley
        self.origins = origins

    def set_default_headers(self) -> None:
        """Keep answers out of caches."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Let pages of the listed origins read the answer."""
        origin = self.request.headers.get("Origin")
        if origin is not None and origin.lower() in self.origins:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Vary", "Origin")
            self.set_header("Access-Control-Expose-Headers", "Retry-After, Location")

    def refuse(self, error: ServiceError) -> None:
        """Answer an error."""
        self._say(status_of(type(error)), error.name, error.reason, error.flaws, retry_header(error), error.more)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer what Tornado refuses, without a word about the cause."""
        codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}
        code = codes.get(status_code, "internal" if status_code >= 500 else "bad_request")
        self._say(status_code, code, ServiceError.detail if status_code >= 500 else "there is no such thing to ask")

    def _say(
        self,
        status: int,
        code: str,
        detail: str,
        flaws: tuple[Flaw, ...] = (),
        retry: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if retry is not None:
            self.set_header("Retry-After", retry)
        self._sent = self.finish(problem(status, code, detail, flaws, more))


class NotFoundHandler(ApiHandler):
    """Any path that is none of ours."""

    def prepare(self) -> None:
        """Answer at once, whatever the method."""
        super().prepare()
        self._say(404, "not_found", "there is nothing at this address")


class OperationHandler(ApiHandler):
    """Serves the operations of one path."""

    SUPPORTED_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def initialize(self, parley: Application, origins: frozenset[str], methods: Methods | None = None) -> None:
        """Take the arguments of the route."""
        super().initialize(parley, origins)
        self.methods = methods or {}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Name the methods there are, where another was asked for."""
        if status_code == 405:
            self.set_header("Allow", ", ".join([*self.methods, "OPTIONS"]))
            self.refuse(MethodNotAllowed())
            return
        super().write_error(status_code, **kwargs)

    def prepare(self) -> None:
        """Refuse what a page of another site has a browser ask, unless it only reads."""
        super().prepare()
        if self.request.method in _CHANGING and not is_welcome(self.request, self.origins, self.parley.url):
            security.info("cross-site request", extra={"network": network(self.request.remote_ip or "")})
            self.refuse(CrossSite())

    async def get(self, **path: str) -> None:
        """Answer the operation of this method."""
        await self._serve(path)

    post = put = patch = delete = get

    def options(self, **_path: str) -> None:
        """Answer a browser that asks what a page of another origin may send."""
        self.set_status(204)
        self.set_header("Allow", ", ".join([*self.methods, "OPTIONS"]))
        origin = self.request.headers.get("Origin", "")
        if origin.lower() in self.origins:
            self.set_header("Access-Control-Allow-Methods", ", ".join(self.methods))
            self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.set_header("Access-Control-Max-Age", "600")

    async def _serve(self, path: dict[str, str]) -> None:
        operation = self.methods.get(self.request.method or "")
        if operation is None:
            self.write_error(405)
            return
        try:
            await self._turn(operation)
            context = self._context()
            await self._authenticate(operation, context)
            result = await perform(operation, context, self._given(operation, path))
        except ServiceError as error:
            self.refuse(error)
            return
        except (StoreError, TimeoutError):
            self.refuse(Unavailable())
            return
        except Exception:
            # The one who asked can name it, and the log says what it was.
            id_ = new_id()
            log.exception("an operation failed", extra={"operation": operation.name, "instance": id_})
            self.refuse(ServiceError(more={"instance": id_}))
            return
        self._answer(context, result)

    def _answer(self, context: Context, result: Any) -> None:
        self.set_status(context.status)
        if context.set_cookie is not None:
            keep(self, context.set_cookie)
            if not context.set_cookie.value:
                self.set_header("Clear-Site-Data", CLEARED)
        if context.set_browser is not None:
            keep(self, Cookie(context.set_browser, BROWSER_S), BROWSER_NAME)
        if context.status != 204:
            self.set_header("Content-Type", "application/json")
            self.write(b"{}" if result is None else _encode(result))

    def compute_etag(self) -> None:
        """Spare the hash of an answer that may not be kept (``no-store``), and is compared with none."""

    def _context(self) -> Context:
        own = from_page(self.request)
        return Context(
            self.parley,
            None,
            self.request.remote_ip or "",
            agent=self.request.headers.get("User-Agent", ""),
            cookie=kept(self) if own else None,
            browser=kept(self, BROWSER_NAME) if own else None,
            from_page=own,
        )

    async def _turn(self, operation: Operation[Any]) -> None:
        turns = self.parley.turns
        if turns.crowded:
            await turns.next()
            if turns.waited_s > (FLEETING_PATIENCE_S if operation.fleeting else PATIENCE_S):
                raise Unavailable

    async def _authenticate(self, operation: Operation[Any], context: Context) -> None:
        try:
            try:
                context.principal = step(self._principal(operation))
            except Waits as waits:
                async with asyncio.timeout_at(context.until):
                    context.principal = await rest(waits)
        except ServiceError as error:
            tell_refused(operation.name, context, error.name)
            raise

    async def _principal(self, operation: Operation[Any]) -> Principal | None:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if operation.public:
            return None
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        return await self.parley.tokens.authenticate(token.strip())

    def _given(self, operation: Operation[Any], path: dict[str, str]) -> Any:
        if self.request.method == "GET" or (self.request.method == "DELETE" and not self.request.body):
            return convert(operation.input, {**self._query(), **path}, strict=False)
        body = self._body()
        taken = sorted(body.keys() & path.keys())
        if taken:
            raise Invalid(flaws=(Flaw(f"/{taken[0]}", "stands in the address, not in the body"),))
        if self.request.query_arguments:
            raise Invalid("this takes no query", flaws=(Flaw("", "the query is not known here"),))
        return convert(operation.input, {**body, **path})

    def _query(self) -> dict[str, str]:
        found = {}
        for name, values in self.request.query_arguments.items():
            if len(values) > 1:
                raise Invalid(flaws=(Flaw(f"/{name}", "stands more than once"),))
            try:
                found[name] = values[0].decode()
            except UnicodeDecodeError as error:
                raise Invalid(flaws=(Flaw(f"/{name}", "is not UTF-8"),)) from error
        return found

    def _body(self) -> dict[str, Any]:
        if not self.request.body:
            return {}
        media = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise UnsupportedMediaType
        value = check(self.request.body)
        if not isinstance(value, dict):
            raise Invalid(flaws=(Flaw("", "has to be an object"),))
        return value
