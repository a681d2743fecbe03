"""The tables of ``docs/protocol.md`` that the code of REST and of the services knows."""

from collections.abc import Sequence

from handlers.documents.openapi import ERRORS
from handlers.problems import status_of
from services import OPERATIONS
from services.errors import Invalid, ServiceError, TooMany, Unauthenticated, Unavailable
from services.operations import limits
from services.operations.limits import Limit
from services.operations.schemas.published import markdown, pace

ANYWHERE = frozenset({Invalid.code, Unauthenticated.code, TooMany.code, Unavailable.code, ServiceError.code})
"""Codes that any operation may answer; they are not told of each one again."""


def tables() -> dict[str, str]:
    """Return the tables in Markdown, by the names that their places have."""
    return {"operations": _operations(), "errors": _errors(), "limits": _limits()}


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def _operations() -> str:
    rows = []
    for operation in OPERATIONS:
        codes = dict.fromkeys(kind.code for kind in operation.raises if kind.code not in ANYWHERE)
        rest = f"`{operation.method} {operation.path}`" if operation.path else ""
        op = f"`{operation.name}`" if operation.socket else ""
        rows.append((rest, op, markdown(operation.summary), ", ".join(f"`{code}`" for code in codes)))
    return table(("REST", "op", "what it does", "errors of its own"), rows)


def _errors() -> str:
    rows = [(f"`{code}`", str(status_of(error)), error.detail) for code, error in ERRORS.items()]
    return table(("code", "status", "what it says"), sorted(rows, key=lambda row: (row[1], row[0])))


def _limits() -> str:
    users: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        for limit in operation.counts_against:
            users.setdefault(limit.name, []).append(f"`{operation.name}`")
    known = dict.fromkeys(limit for limit in vars(limits).values() if isinstance(limit, Limit))
    known |= dict.fromkeys(limit for operation in OPERATIONS for limit in operation.counts_against)
    rows = [(f"`{limit.name}`", pace(limit), limit.apart, ", ".join(users.get(limit.name, ()))) for limit in known]
    return table(("limit", "rate", "while Redis is away", "what counts against it"), rows)
