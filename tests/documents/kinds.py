"""The errors that a module declares."""

from typing import Any

from services.errors import ServiceError


def error_kinds(module: Any) -> set[type[ServiceError]]:
    """Return the kinds of errors that a module knows."""
    return {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, ServiceError)}
