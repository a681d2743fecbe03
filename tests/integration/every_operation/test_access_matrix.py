"""Everybody asks for everything by every address, their own or not: nothing is told that is not theirs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from handlers.documents.openapi import BODIES
from services import OPERATIONS
from services.operations.operation import Operation
from tests.application import running
from tests.client.rest import Answer
from tests.integration.every_operation.access import KNOWN, OF_ACCOUNTS, ROLES, Stage
from tests.least import least

WITH_PARAMETERS: list[Operation[Any]] = [one for one in OPERATIONS if "{" in (one.path or "")]
GIVEN = {
    "emoji": "👍",
    "room.role.role": "moderator",
    "message.edit.text": "edited",
    "post.create.text": "hello",
    "post.status.reason": "enough",
    "room.update.description": "changed",
    "stance.set.mute": 5,
}
HARMLESS = {
    "alias.drop",
    "alias.reveal",
    "alias.set",
    "alias.silence",
    "alias.unsilence",
    "admin.warn",
    "auth.sessions.name",
    "comment.create",
    "comment.edit",
    "comment.restore",
    "comment.vote",
    "follow.put",
    "follow.take",
    "friend.accept",
    "friend.cancel",
    "friend.reject",
    "friend.remove",
    "message.clear",
    "message.edit",
    "message.hide",
    "message.reaction.delete",
    "message.reaction.put",
    "message.send",
    "message.show",
    "auth.passkeys.name",
    "notification.read",
    "post.create",
    "post.edit",
    "post.status",
    "post.vote",
    "report.escalate",
    "report.reopen",
    "report.review",
    "room.read",
    "room.unban",
    "room.update",
    "stance.set",
    "users.block",
    "users.unblock",
    "users.warnings.dismiss",
}
"""What leaves everything where it can be asked for again; after anything else that succeeds, all is made anew."""

MAY = {
    "owner": ("room.", "message.", "users.", "call.", "stance.", "alias.", "notification.", "comment.", "post."),
    "admin": ("admin.", "users.", "auth.sessions", "auth.tokens", "report.", "alias.reveal"),
}
"""What succeeds for some at least once: else the refusals would say nothing."""

MAY_NOT = {"owner": {"alias.reveal"}, "admin": {"admin.proofs.reset"}}
"""What of it does not: who speaks under another name is for the installation's moderators, and to take somebody's
proofs away one more thing is needed, their proved address."""

INSIDE = ("member", "moderator", "owner", "token")
"""Those to whom the private room is theirs."""


def parameters(operation: Operation[Any]) -> list[str]:
    return re.findall(r"{(\w+)}", operation.path or "")


def hidden(operation: Operation[Any], parameter: str, role: str) -> Iterator[str]:
    """Give the variants of a parameter that this role may not tell from what is not there."""
    overseen = operation.name == "alias.reveal" and role in ("staff", "admin")
    private = () if overseen or role in INSIDE else ("private",)
    if parameter in ("room", "call", "topic", "post"):
        yield from ("foreign", "deleted", *private)
    elif parameter == "target":
        yield from ("foreign", "deleted", "message", *private)
    elif parameter in ("message", "alias", "comment"):
        yield "foreign"
    elif parameter in OF_ACCOUNTS or (parameter == "report" and role not in ("staff", "admin")):
        yield "another's"


def test_every_parameter_of_an_address_is_known() -> None:
    """Whoever adds one says in ``access.py`` whose such a thing may be."""
    assert {name for one in WITH_PARAMETERS for name in parameters(one)} <= KNOWN


async def ask(stage: Stage, role: str, operation: Operation[Any], ids: dict[str, str]) -> Answer:
    given = least(operation, ids | GIVEN)
    path = re.sub(r"{(\w+)}", lambda name: quote(str(given.pop(name[1])), safe=""), operation.path or "")
    headers = {} if role == "nobody" else {"Authorization": f"Bearer {stage.tokens[role]}"}
    method, rest = operation.method or "", stage.parley.site.rest
    if method in BODIES:
        return await rest.request(method, path, raw=json.dumps(given).encode(), headers=headers)
    return await rest.request(method, f"{path}?{urlencode(given)}" if given else path, headers=headers)


async def outcomes(stage: Stage, role: str, operation: Operation[Any], parameter: str) -> dict[str, Answer]:
    """Ask with each variant of a parameter; the stage is made anew after whatever has changed it."""
    found = {}
    for kind in stage.variants(parameter, role):
        ids = stage.base(role) | {parameter: stage.variants(parameter, role)[kind]}
        answer = found[kind] = await ask(stage, role, operation, ids)
        text = f"{answer.body.decode()} {answer.headers}"
        told = {word for word in stage.forbidden(role, operation) if word in text}
        assert not told, f"{operation.name} tells {role} of {kind} {parameter}: {text[:500]}"
        assert answer.status < 500, (operation.name, role, kind, text[:500])
        if answer.status < 300 and operation.method != "GET" and operation.name not in HARMLESS:
            await stage.make()
    return found


@pytest.mark.parametrize("role", ROLES)
async def test_no_address_tells_of_what_is_not_ones_own(tmp_path: Path, role: str) -> None:
    wrong, done = {}, set()
    async with running(tmp_path) as parley:
        stage = Stage(parley)
        await stage.make()
        for operation in WITH_PARAMETERS:
            for parameter in parameters(operation):
                answers = await outcomes(stage, role, operation, parameter)
                done |= {operation.name for answer in answers.values() if answer.status < 300}
                told = {kind: (answer.status, answer.code) for kind, answer in answers.items()}
                for kind in hidden(operation, parameter, role):
                    if told[kind] != told["random"] or told[kind][0] not in (401, 403, 404):
                        wrong[operation.name, parameter, kind] = told[kind], told["random"]
    assert wrong == {}
    may = {one.name for one in WITH_PARAMETERS if one.name.startswith(MAY.get(role, ()))}
    assert may - done == MAY_NOT.get(role, set()), "it was not tried with what is one's own"
