"""Hooks of schemathesis: who asks, by the tokens that the test gives out (``test_rest_schemathesis.py``)."""

import os
import urllib.request
from typing import Any

import schemathesis
from schemathesis.auths import AuthContext

DESK = "PARLEY_TEST_DESK"
"""Where a token is to be had; its path says whose."""

ENDS_ITSELF = frozenset(
    {
        "POST /api/auth/logout",
        "DELETE /api/auth/sessions",
        "DELETE /api/auth/sessions/{session}",
        "DELETE /api/users/me",
        "PUT /api/auth/password",
        "POST /api/auth/recover/finish",
    }
)
"""What may end the log-in that asks: it is asked by somebody new each time."""

RENEWED_S = 120
"""Time for which somebody is asked with: a proof of who one is lasts for some minutes."""


def _whose(_case: Any, context: AuthContext) -> str:
    return "new" if context.operation.label in ENDS_ITSELF else "same"


@schemathesis.auth(refresh_interval=RENEWED_S, cache_by_key=_whose)
class Bearer:
    """Shows a token where an operation asks for one."""

    def get(self, case: Any, context: AuthContext) -> str:
        """Return a token."""
        desk = os.environ[DESK]  # noqa: TID251  set by the test that starts this process
        with urllib.request.urlopen(f"{desk}/{_whose(case, context)}", timeout=10) as answer:
            return str(answer.read().decode())

    def set(self, case: Any, data: str, _context: AuthContext) -> None:
        """Show it."""
        case.headers["Authorization"] = f"Bearer {data}"


def _whole(value: Any) -> Any:
    """Return a value with whole numbers as such: to JSON Schema 1.0 is one, on our wire it is not."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Send whole numbers as our wire has them."""
    return _whole(body)
