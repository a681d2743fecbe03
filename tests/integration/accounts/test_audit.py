"""The audit log: a line for every act of admins and moderators, and for what concerns somebody's own account."""

import ast
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services import OPERATIONS
from services.accounts.moderation.roles import offer
from store.database import Delete, Put, Update
from store.tables import ACTS
from tests.application import Parley
from tests.forum import make_topic
from tests.integration.signing_in.trusted import ask, people_with, prove, refusal
from tests.people import Person
from tests.refusals import claims
from tests.test_architecture import PRODUCT, tree

Deed = Callable[[Parley, Person, Person], Awaitable[Any]]


async def _ban(_: Parley, ada: Person, bob: Person) -> Any:
    return await ask(ada, "PUT", f"admin/users/{bob.id}/ban", reason="spam", until="2030-01-01T00:00:00Z")


async def _unban(parley: Parley, ada: Person, bob: Person) -> Any:
    await _ban(parley, ada, bob)
    return await ask(ada, "DELETE", f"admin/users/{bob.id}/ban")


async def _claim(parley: Parley, ada: Person, _: Person) -> Any:
    return await ask(ada, "POST", "admin/claim", token=await offer(parley.database))


async def _reset(parley: Parley, ada: Person, bob: Person) -> Any:
    await prove(parley, bob)
    return await ask(ada, "POST", f"admin/users/{bob.id}/proofs/reset")


async def _reveal(parley: Parley, ada: Person, bob: Person) -> Any:
    topic = await make_topic(parley, ada)
    await bob.do("topic.join", topic=topic)
    alias = await bob.do("alias.set", topic=topic, name="QuietHeron")
    path = f"admin/topics/{topic}/aliases/{alias['id']}/reveal"
    return await ask(ada, "POST", path, reason="threats")


DEEDS: dict[str, tuple[str, Deed, dict[str, Any]]] = {
    "admin.ban": ("user.banned", _ban, {"reason": "spam", "until": "2030-01-01T00:00:00.000Z"}),
    "admin.unban": ("user.unbanned", _unban, {}),
    "admin.warn": (
        "user.warned",
        lambda _, ada, bob: ask(ada, "POST", f"admin/users/{bob.id}/warnings", text="x"),
        {"warning": "…"},
    ),
    "admin.role": (
        "role.given",
        lambda _, ada, bob: ask(ada, "PUT", f"admin/users/{bob.id}/role", role="moderator"),
        {"before": "user", "after": "moderator"},
    ),
    "admin.sessions.end": (
        "user.sessions_ended",
        lambda _, ada, bob: ask(ada, "POST", f"admin/users/{bob.id}/sessions/end"),
        {},
    ),
    "admin.proofs.reset": ("user.proofs_reset", _reset, {}),
    "admin.claim": ("admin.claimed", _claim, {"before": "admin"}),
    "alias.reveal": ("alias.revealed", _reveal, {"alias": "…", "topic": "…", "reason": "threats"}),
}
"""Each operation that changes something as an admin or moderator, the action that it is written down as, and how."""


def test_every_act_of_admins_and_moderators_has_a_row() -> None:
    changing = {op.name for op in OPERATIONS if (op.path or "").startswith("/api/admin/") and op.method != "GET"}
    assert changing == DEEDS.keys()


@pytest.mark.parametrize("name", DEEDS)
async def test_act_is_written_down_with_who_what_whom_when_and_from_where(one: Parley, name: str) -> None:
    action, deed, details = DEEDS[name]
    ada, bob = await people_with(one, ada="admin", bob="user")
    answer = await deed(one, ada, bob)
    assert answer.status in {200, 201, 204}, answer
    subject = ada if name == "admin.claim" else bob
    found = (await ada.account.get("admin", "audit", subject=subject.id))["items"]
    line = next(line for line in found if line["action"] == action)
    told = {key: "…" if key in {"warning", "alias", "topic"} else value for key, value in line["details"].items()}
    assert told == details
    assert (line["actor"], line["subject"], line["address"]) == (ada.id, subject.id, "127.0.0.1")
    assert line["login"] == claims(ada.account.token)["sid"]
    assert line["created_at"].endswith("Z")


async def test_refused_act_leaves_no_line(one: Parley) -> None:
    mod, eve, bob = await people_with(one, mod="moderator", eve="admin", bob="user")
    assert await refusal(mod, "PUT", f"admin/users/{eve.id}/ban", reason="x") == (403, "forbidden")
    assert await refusal(bob, "PUT", f"admin/users/{eve.id}/role", role="user") == (403, "forbidden")
    assert await one.database.find(ACTS, {"subject": eve.id}, by="id") == []


async def test_log_is_read_by_who_and_by_whom_page_by_page(one: Parley) -> None:
    ada, eve, bob, cid = await people_with(one, ada="admin", eve="admin", bob="user", cid="user")
    for by, whom in ((ada, bob), (ada, cid), (eve, bob), (eve, cid), (ada, bob)):
        await ask(by, "POST", f"admin/users/{whom.id}/warnings", text="x")

    async def read(**which: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        cursor: str | None = None
        while True:
            page = await ada.account.get("admin", "audit", limit=2, cursor=cursor, **which)
            found += [(line["actor"], line["subject"]) for line in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    assert await read(actor=ada.id) == [(ada.id, bob.id), (ada.id, cid.id), (ada.id, bob.id)]
    assert await read(subject=cid.id) == [(eve.id, cid.id), (ada.id, cid.id)]
    assert await read(actor=eve.id, subject=bob.id) == [(eve.id, bob.id)]
    assert (await read())[:2] == [(ada.id, bob.id), (eve.id, cid.id)]


async def test_log_is_for_admins_alone(one: Parley) -> None:
    mod, bob = await people_with(one, mod="moderator", bob="user")
    assert await refusal(mod, "GET", "admin/audit") == (403, "forbidden")
    assert await refusal(bob, "GET", "admin/audit") == (403, "forbidden")


async def test_what_somebody_does_to_their_account_is_written_down_with_it(one: Parley) -> None:
    (ann,) = await people_with(one, ann="user")
    await ask(ann, "PATCH", "users/me", username="renamed")
    (line,) = await one.database.find(ACTS, {"subject": ann.id}, by="id")
    assert (line.action, line.actor, line.details["after"]) == ("username.changed", ann.id, "renamed")


def test_no_code_changes_or_removes_a_line() -> None:
    """Lines are inserted: no other verb is given the table anywhere in the product."""

    others = {Update.__name__, Delete.__name__, Put.__name__, "update", "delete", "increment", "maximum"}

    def changes(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or not node.args:
            return False
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in others and ast.unparse(node.args[0]) == "ACTS"

    found = [path.name for path in PRODUCT for node in ast.walk(tree(path)) if changes(node)]
    assert found == []
