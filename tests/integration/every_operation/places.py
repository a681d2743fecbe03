"""The rooms, topics and discussions that rows of the parity table stand on, made by whoever asks, in whatever way."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.client.checks import Json
from tests.integration.every_operation.comment_rows import DISCUSSIONS, discussion
from tests.integration.every_operation.rows import REFUSED, Asks, Row

People = Mapping[str, Asks]


def words(number: int) -> dict[str, str]:
    """Return what the names stand for that nobody has to make anything for."""
    fresh = {"$fresh": f"fresh-{number}", "$cid": f"cid-{number}", "$unique": f"unique{number}"}
    return fresh | {"$alnum": f"Name{number}", "$taken": f"taken{number}", "$refused": REFUSED}


async def place(people: People, row: Row, number: int) -> dict[str, str]:
    """Make the room, the topic or the discussion that a row stands on, if it needs one, and return its names."""
    if row.kind in DISCUSSIONS:
        return await discussion(people, row.kind, number)
    if row.d.keys() & {"room", "topic"} or row.call or "$unique" in row.d.values():
        return {"$unique": f"unique{number}"} | await room(people, row.kind, f"unique{number}", number)
    return {}


async def room(people: People, kind: str, name: str, number: int) -> dict[str, str]:
    """Make a room of a kind, or a topic, with people in it, and return its names."""
    owner, member = people["owner"], people["member"]
    other = people["stranger" if kind == "blocked" else "peer"]
    above: dict[str, str] = {}
    if kind in {"direct", "blocked"}:
        await other.do("users.unblock", {"user": member.id})
        made = await member.do("room.direct", {"user": other.id})
    elif kind in {"topic", "hidden", "inside"}:
        made = await owner.do("topic.create", {"title": f"about {name}", "open": kind != "hidden"})
        await _fill(people, made["id"])
    else:
        made = await owner.do("room.create", {"name": name, "kind": kind})
        await _fill(people, made["id"])
    if kind == "inside":
        above["$topic"] = made["id"]
        made = await owner.do("topic.rooms.create", {"topic": made["id"], "name": name})
        await _fill(people, made["id"])
    cid = f"first-{number}"
    message = await member.do("message.send", {"room": made["id"], "text": "first", "cid": cid})
    if kind == "blocked":
        await other.do("users.block", {"user": member.id})
    if kind in {"topic", "hidden"}:
        alias = await member.do("alias.set", {"topic": made["id"], "name": f"First{number}"})
        said = {"room": made["id"], "text": "said", "cid": f"said-{number}", "anonymous": True}
        above |= {"$alias": alias["id"], "$said": (await member.do("message.send", said))["id"]}
    return above | {"$room": made["id"], "$message": message["id"]}


async def _fill(people: People, there: str) -> None:
    """Let a moderator and a member in."""
    owner = people["owner"]
    for who in ("moderator", "member"):
        await owner.do("room.add", {"room": there, "user": people[who].id})
    await owner.do("room.role", {"room": there, "user": people["moderator"].id, "role": "moderator"})


async def notification(people: People, username: str, number: int) -> str:
    """Have the owner name the member, who has this name; return the member's notification of it."""
    there = (await room(people, "private", f"naming{number}", number))["$room"]
    await people["owner"].do("message.send", {"room": there, "text": f"@{username}", "cid": f"naming-{number}"})
    async with asyncio.timeout(20):
        while True:
            page = await people["member"].do("notification.list", {"unread": True})
            for one in page["items"]:
                if one["item"].get("place") == there:
                    return str(one["item"]["id"])
            await asyncio.sleep(0.02)  # a job writes it


def filled(d: Json, names: dict[str, str]) -> Json:
    """Return what is asked with, each name replaced by what it stands for."""
    return {key: _filled(value, names) for key, value in d.items()}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return filled(value, names)
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str) and value.startswith("$"):
        return ",".join(names[part] for part in value.split(","))
    return value
