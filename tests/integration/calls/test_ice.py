"""Who is given which servers for a call, and who is to be hidden in it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.people.acquaintance import LARGE_MEMBERS
from store.tables import ROOMS
from tests import application
from tests.application import Parley
from tests.callers import Device, direct, group
from tests.client.account import Account
from tests.client.checks import Json
from tests.client.rest import Refused

SECRET = secrets.token_hex(32)
CALLS: Json = {
    "stun": ["stun:stun.example:3478"],
    "turn": {"urls": ["turn:turn.example:3478", "turns:turn.example:5349?transport=tcp"], "secret": SECRET},
}


def calls_file(folder: Path, given: Json) -> Path:
    path = folder / "calls.json"
    path.write_text(json.dumps(given))
    return path


@pytest.fixture
async def helped(tmp_path: Path) -> AsyncIterator[Parley]:
    """A node that knows a TURN server."""
    async with application.running(tmp_path, calls=calls_file(tmp_path, CALLS)) as parley:
        yield parley


async def devices(parley: Parley, *names: str) -> list[Device]:
    return [await Device(await parley.site.register(name)).connect(parley.site) for name in names]


async def say(who: Account, room: str) -> None:
    await who.post("rooms", room, "messages", body={"text": "hello", "cid": "first"})


async def choose(who: Account, relay: str) -> None:
    (await who.request("PATCH", "/api/users/me/preferences", {"relay": relay})).ok()


async def policies(call: str, *people: Device) -> list[str]:
    return [(await one.do("ice", call))["policy"] for one in people]


async def test_password_is_the_digest_of_time_person_and_call(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    answer = await ada.do("ice", call)
    stun, turn = answer["servers"]
    assert stun == {"urls": CALLS["stun"]}
    assert turn["urls"] == CALLS["turn"]["urls"]
    expiry, user, place = turn["username"].split(":")
    assert (user, place) == (ada.account.id, call)
    assert abs(int(expiry) - time.time() - 3600) < 30
    digest = hmac.new(SECRET.encode(), turn["username"].encode(), hashlib.sha1).digest()
    assert turn["credential"] == base64.b64encode(digest).decode()
    assert answer["ttl"] == 3600


async def test_secret_is_in_no_answer(helped: Parley) -> None:
    (ada,) = await devices(helped, "ada")
    assert SECRET not in json.dumps(await ada.account.get("calls", "ice"))


async def test_strangers_are_hidden_from_each_other(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    assert await policies(call, ada, bob) == ["relay", "relay"]


async def test_who_writes_to_a_stranger_is_a_stranger_still(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    room = await direct(ada.account, bob.account)
    await say(ada.account, room)
    call = (await ada.start(room))["id"]
    assert await policies(call, ada, bob) == ["relay", "relay"]


async def test_who_answers_is_a_stranger_no_more(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    room = await direct(ada.account, bob.account)
    await say(ada.account, room)
    await say(bob.account, room)
    call = (await ada.start(room))["id"]
    assert await policies(call, ada, bob) == ["all", "all"]


async def test_calls_alone_make_nobody_acquainted(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    room = await direct(ada.account, bob.account)
    for one in (ada, bob):
        first = (await one.start(room))["id"]
        await one.do("cancel", first)
    call = (await ada.start(room))["id"]
    assert await policies(call, ada, bob) == ["relay", "relay"]


async def test_those_of_a_small_room_know_each_other(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    await group(ada.account, bob.account)
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    assert await policies(call, ada, bob) == ["all", "all"]


async def test_those_of_a_room_that_is_large_do_not(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    room = await group(ada.account, bob.account)
    call = (await ada.start(room))["id"]
    assert await policies(call, ada, bob) == ["all", "all"]
    await helped.database.update(ROOMS, room, {"member_count": LARGE_MEMBERS + 1})
    assert await policies(call, ada, bob) == ["relay", "relay"]


async def test_those_whom_a_media_server_carries_do_not_meet(tmp_path: Path) -> None:
    media = CALLS | {"sfu": {"url": "wss://media.example", "key": "k", "secret": SECRET}}
    async with application.running(tmp_path, calls=calls_file(tmp_path, media)) as parley:
        ada, bob = await devices(parley, "ada", "bob")
        room = await group(ada.account, bob.account)
        await parley.database.update(ROOMS, room, {"member_count": LARGE_MEMBERS + 1})
        call = (await ada.start(room))["id"]
        await choose(bob.account, "always")
        assert await policies(call, ada, bob) == ["all", "relay"]


async def test_who_blocks_one_is_a_stranger(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    room = await group(ada.account, bob.account)
    (await bob.account.request("PUT", f"/api/users/me/blocks/{ada.account.id}")).ok()
    call = (await ada.start(room))["id"]
    await bob.do("join", call)
    assert await policies(call, ada, bob) == ["relay", "all"]


async def test_person_may_choose(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    await choose(ada.account, "never")
    assert await policies(call, ada, bob) == ["all", "relay"]
    room = await group(ada.account, bob.account)
    await ada.do("cancel", call)
    call = (await ada.start(room))["id"]
    await choose(ada.account, "always")
    assert await policies(call, ada, bob) == ["relay", "all"]


async def test_without_turn_there_is_nothing_to_hide_behind(tmp_path: Path) -> None:
    file = calls_file(tmp_path, {"stun": CALLS["stun"]})
    async with application.running(tmp_path, calls=file) as parley:
        ada, bob = await devices(parley, "ada", "bob")
        await choose(ada.account, "always")
        call = (await ada.start(await direct(ada.account, bob.account)))["id"]
        answer = await ada.do("ice", call)
    assert answer == {"servers": [{"urls": CALLS["stun"]}], "ttl": 3600, "policy": "all"}


async def test_call_of_others_has_no_servers(helped: Parley) -> None:
    ada, bob, eve = await devices(helped, "ada", "bob", "eve")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    with pytest.raises(Refused) as refused:
        await eve.do("ice", call)
    assert refused.value.code == "not_found"


async def test_call_that_is_over_has_no_servers(helped: Parley) -> None:
    ada, bob = await devices(helped, "ada", "bob")
    call = (await ada.start(await direct(ada.account, bob.account)))["id"]
    await ada.do("cancel", call)
    with pytest.raises(Refused) as refused:
        await ada.do("ice", call)
    assert refused.value.code == "call_over"


async def test_servers_can_be_tried_without_a_call(helped: Parley) -> None:
    (ada,) = await devices(helped, "ada")
    answer = await ada.account.get("calls", "ice")
    assert answer["servers"][1]["username"].endswith(f":{ada.account.id}:test")
    assert answer["policy"] == "all"


async def test_passwords_are_not_given_without_end(tmp_path: Path) -> None:
    async with application.running(tmp_path, calls=calls_file(tmp_path, CALLS), limits=True) as parley:
        ada, bob = await devices(parley, "ada", "bob")
        call = (await ada.start(await direct(ada.account, bob.account)))["id"]
        for _ in range(5):
            await ada.do("ice", call)
            await ada.account.get("calls", "ice")
        with pytest.raises(Refused) as refused:
            await ada.do("ice", call)
        assert refused.value.code == "rate_limited"
        await bob.do("ice", call)
