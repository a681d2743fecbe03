"""The operations that a server publishes in its own documents."""

from typing import Any

from tests.client.rest import Rest

METHODS = frozenset({"get", "put", "post", "delete", "patch"})


async def documents(rest: Rest) -> tuple[Any, Any]:
    """Return ``/openapi.json`` and ``/asyncapi.json``."""
    openapi, asyncapi = await rest.request("GET", "/openapi.json"), await rest.request("GET", "/asyncapi.json")
    return openapi.ok(), asyncapi.ok()


def rest_operations(openapi: Any) -> dict[str, tuple[str, str, Any]]:
    """Return method, path and description of each operation below ``/api`` by its id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in METHODS and path.startswith("/api/")
    }


def socket_operations(asyncapi: Any) -> dict[str, Any]:
    """Return the operations that a client may send, by name; ``hello`` is one."""
    return {name: operation for name, operation in asyncapi["operations"].items() if operation["action"] == "receive"}


def codes_of(operation: Any, openapi: Any, asyncapi: Any) -> set[str]:
    """Return the codes that a published operation says it may answer."""
    raise NotImplementedError
