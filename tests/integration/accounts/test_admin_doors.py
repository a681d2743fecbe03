"""What every operation of admins and moderators asks of whoever asks for it."""

from typing import Any

import pytest

from services import OPERATIONS
from services.accounts.logins.needs import ADMIN, CONFIRMED, LATELY, MODERATOR
from services.operations.limits import ADMIN_USER
from tests.application import running
from tests.integration.signing_in.trusted import ask, people_with

ADMINS = [operation for operation in OPERATIONS if (operation.path or "").startswith("/api/admin/")]
CLAIM = "admin.claim"
"""The one that makes the first admin: it needs what the server printed."""


def test_there_are_such_operations() -> None:
    assert len(ADMINS) > 8


@pytest.mark.parametrize("operation", ADMINS, ids=lambda operation: operation.name)
def test_admin_operation_needs_a_role_with_two_proofs_and_a_late_one_where_it_changes_something(operation: Any) -> None:
    if operation.name == CLAIM:
        assert operation.needs == (CONFIRMED,)
    else:
        assert {ADMIN, MODERATOR} & set(operation.needs)
        assert operation.method == "GET" or LATELY in operation.needs
    assert not operation.public
    assert not operation.socket


@pytest.mark.parametrize("operation", ADMINS, ids=lambda operation: operation.name)
def test_no_api_token_is_for_what_admins_do(operation: Any) -> None:
    assert operation.needed_scope == "account"


@pytest.mark.parametrize("operation", ADMINS, ids=lambda operation: operation.name)
def test_admin_operation_sets_no_password_and_takes_no_address(operation: Any) -> None:
    fields = set(operation.input.__struct_fields__)
    assert not fields & {"password", "email", "totp", "credential", "code"}


async def test_what_admins_do_has_a_bucket_of_its_own(tmp_path: Any) -> None:
    async with running(tmp_path, limits=True) as parley:
        ada, bob = await people_with(parley, ada="admin", bob="user")
        codes = [(await ask(ada, "GET", f"admin/users/{bob.id}")).code for _ in range(ADMIN_USER.burst + 1)]
        assert codes == [None] * ADMIN_USER.burst + ["rate_limited"]
        assert (await ask(ada, "GET", "users/me")).status == 200
