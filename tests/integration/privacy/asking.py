"""Asking for every operation through each door, and looking at all that comes back."""

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from handlers.documents.openapi import BODIES
from services.ids import new_id
from services.operations.operation import Operation
from tests.client.checks import Json
from tests.client.rest import Refused
from tests.integration.privacy.rows import GIVEN, ROWS
from tests.integration.privacy.world import Bundle, World
from tests.least import fields, least

ABOUT_PEOPLE = ("users.", "follow.", "friend.", "presence.", "admin.", "room.direct", "invitation.")
"""What is asked about people by their id or name answers with those."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Told:
    """One answer: to whom, of what, and what it says."""

    viewer: str
    op: str
    door: str
    given: str
    code: str
    text: str

    @property
    def outcome(self) -> tuple[str, str]:
        """What is the same for things that are there and for things that are not, where one may know of neither."""
        return self.code, self.text if self.code != "ok" else ""


def filled(operation: Operation[Any], template: Json, bundle: Bundle) -> Json:
    """Return the input of an operation: what it has to be given, with the ids of a bundle."""
    number = next(_numbers)
    fresh = {"cid": f"w{number}", "alias.set.name": f"Walker{number}", "topic.create.title": f"walked {number}"}
    known: Json = GIVEN | fresh | {"ids": bundle["user"], "users": [bundle["user"]]} | bundle
    given = least(operation, known)
    for name, value in template.items():
        given[name] = _value(value, bundle, fields(operation)[name])
    return given


def _value(value: Any, bundle: Bundle, schema: Json) -> Any:
    if value == "$ids":
        ids = [bundle[name] for name in ("message", "post", "comment")]
        return ids if schema.get("type") == "array" else ",".join(ids)
    return bundle[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def blind(bundle: Bundle, *kept: str) -> Bundle:
    """Return a bundle with ids of nothing in their place, but those of people and those that are ``kept``."""
    made = {id_: new_id() for name, id_ in bundle.items() if name not in ("user", "ghost", *kept)}
    return {name: made.get(id_, id_) for name, id_ in bundle.items()}


async def ask(world: World, viewer: str, operation: Operation[Any], given: Json) -> list[Told]:
    """Ask through each door that there is for a viewer."""
    told = []
    if operation.method is not None:
        told.append(await _rest(world, viewer, operation, dict(given)))
    if operation.socket and viewer in world.lives:
        told.append(await _socket(world, viewer, operation, given))
    return told


async def _rest(world: World, viewer: str, operation: Operation[Any], given: Json) -> Told:
    said = json.dumps(given, sort_keys=True)
    path = re.sub(r"{(\w+)}", lambda name: quote(str(given.pop(name[1])), safe=""), operation.path or "")
    method, person = operation.method or "", world.people.get(viewer)
    token = None if person is None else person.account.token
    rest = world.parley.site.rest if person is None else person.site.rest
    if method in BODIES:
        answer = await rest.request(method, path, given, token=token)
    else:
        plain = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
        answer = await rest.request(method, f"{path}?{urlencode(plain)}" if plain else path, token=token)
    return Told(viewer, operation.name, "rest", said, answer.code or "ok", f"{answer.body.decode()}")


async def _socket(world: World, viewer: str, operation: Operation[Any], given: Json) -> Told:
    said = json.dumps(given, sort_keys=True)
    try:
        ok = await world.lives[viewer].call(operation.name, **given)
    except Refused as refused:
        text = json.dumps([refused.detail, list(refused.errors)])
        return Told(viewer, operation.name, "socket", said, refused.code, text)
    return Told(viewer, operation.name, "socket", said, "ok", json.dumps(ok, ensure_ascii=False))


def templates(operation: Operation[Any]) -> tuple[Json, ...]:
    """Return with what an operation is asked, beside what it has to be given."""
    return ROWS[operation.name]


# Looking


def secrets_in(world: World, told: Told) -> set[str]:
    """Return what an answer tells that its viewer may not know; what was asked with is no news."""
    known = world.known.get(told.viewer, set())
    return {
        where
        for where, word in world.secrets.items()
        if word not in known and word not in told.given and word in told.text
    }


def ghost_in(world: World, told: Told) -> str | None:
    """Return where something tells who is behind the other name; that ghost is a member everybody may know."""
    ghost, op, text = world.ghost, told.op, told.text
    marks, other = (ghost.id, ghost.account.username), (world.alias["id"], world.alias["name"])
    if ghost.id in told.given and any(mark in text for mark in other):
        return text  # what is answered about the one is about the other
    if not any(mark in text for mark in marks):
        return None
    if op.startswith(ABOUT_PEOPLE):
        return text if any(mark in text for mark in other) else None
    open_, tied = _pruned(json.loads(text), marks, other)
    if tied or any(mark in json.dumps(open_, ensure_ascii=False) for mark in marks):
        return text
    return None


def _pruned(value: Any, marks: tuple[str, str], other: tuple[str, str]) -> tuple[Any, bool]:
    """Return what is left without members and notices about them; and whether one of these has the other name too."""
    if isinstance(value, list):
        parts = [_pruned(one, marks, other) for one in value]
        return [one for one, _ in parts], any(tied for _, tied in parts)
    if not isinstance(value, dict):
        return value, False
    member = {"user", "role"} <= value.keys() and value.get("kind") in {None, "notice"}
    if member:
        text = json.dumps(value, ensure_ascii=False)
        return None, any(mark in text for mark in other)
    inner = {name: _pruned(one, marks, other) for name, one in value.items()}
    return {name: one for name, (one, _) in inner.items()}, any(tied for _, tied in inner.values())
