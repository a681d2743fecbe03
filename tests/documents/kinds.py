"""Kinds of events and errors, as the tests of the documents count them."""

from typing import Any

from services.errors import ServiceError

UNTOLD = frozenset({"behind", "reset"})
"""Events that clients must be ready for, and that nothing makes this server say yet (docs/protocol.md, section 4)."""


def error_kinds(module: Any) -> set[type[ServiceError]]:
    """Return the kinds of errors that a module knows."""
    return {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, ServiceError)}
