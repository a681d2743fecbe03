"""The seam to a media server: its tokens and questions, tried at a process that judges them as LiveKit does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import websockets

from handlers.outgoing import Outgoing
from services.calls.media import read_media
from services.calls.sfu import LATE_S, SFU, TOKEN_S, MediaServer
from services.jobs.endings import JobFailed
from store.tables import JOBS, Job
from store.web import Said
from tests import application
from tests.application import Parley
from tests.callers import Device, direct, group
from tests.client.checks import Json
from tests.conftest import running
from tests.media_part import MediaServerPart, going_to


@pytest.fixture
def media_part() -> Iterator[MediaServerPart]:
    """A media server of the test's own."""
    yield from running(MediaServerPart)


@pytest.fixture
async def carried(tmp_path: Path, media_part: MediaServerPart) -> AsyncIterator[Parley]:
    """A node whose group calls a media server carries."""
    async with application.running(tmp_path, calls=media_part.calls_file()) as parley:
        yield parley


@pytest.fixture
async def web() -> AsyncIterator[Outgoing]:
    """What asks other servers."""
    web = Outgoing()
    yield web
    web.close()


def server_of(part: MediaServerPart, web: Outgoing, **other: Any) -> MediaServer:
    sfu = read_media(part.calls_file(**other).read_text()).sfu
    assert sfu is not None
    return MediaServer(sfu, web)


async def in_the_room(part: MediaServerPart, web: Outgoing, room: str) -> set[str]:
    """Ask the media server itself who is in a room, with a token made here."""
    claims = {"iss": part.key, "nbf": 0, "exp": int(time.time()) + 60, "video": {"room": room, "roomAdmin": True}}
    bounds = read_media(part.calls_file().read_text()).sfu
    assert bounds is not None
    headers = {"Authorization": f"Bearer {jwt.encode(claims, part.secret, 'HS256')}"}
    url = f"http://127.0.0.1:{part.port}/twirp/livekit.RoomService/ListParticipants"
    said: Said = await web.post(url, bounds.bounds, headers, json.dumps({"room": room}).encode())
    return {one["identity"] for one in json.loads(said.body)["participants"]}


async def refused(part: MediaServerPart, token: str) -> int:
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with going_to(part.url, token):
            pass
    return caught.value.response.status_code


async def removals(parley: Parley) -> list[Job]:
    """Return the removals that are still to be done."""
    return await parley.database.find(JOBS, {"state": "waiting", "kind": SFU})


async def two_in_a_group(parley: Parley) -> tuple[Device, Device, Json]:
    """Return two devices in one call of a group, and what the second was answered."""
    ada, bob = [await Device(await parley.site.register(name)).connect(parley.site) for name in ("ada", "bob")]
    call = await ada.start(await group(ada.account, bob.account))
    return ada, bob, await bob.do("join", call["id"])


# The media server, and what it holds to.


async def test_token_has_the_claims_that_are_looked_for(media_part: MediaServerPart, web: Outgoing) -> None:
    token = server_of(media_part, web).token("c_1", "l_1")
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, media_part.secret, ["HS256"])
    assert (claims["iss"], claims["sub"]) == (media_part.key, "l_1")
    assert claims["video"] == {"room": "c_1", "roomJoin": True, "canPublish": True, "canSubscribe": True}
    assert 0 < claims["exp"] - time.time() <= TOKEN_S


async def test_token_lets_in_and_nothing_else_does(media_part: MediaServerPart, web: Outgoing) -> None:
    good = server_of(media_part, web)
    async with going_to(media_part.url, good.token("c_1", "l_1")) as guest:
        assert await guest.joined() == {"joined": "l_1", "room": "c_1"}
        assert await in_the_room(media_part, web, "c_1") == {"l_1"}
        assert await in_the_room(media_part, web, "c_2") == set()
    other = server_of(media_part, web, secret="0123456789abcdef" * 4).token("c_1", "l_1")
    strange = server_of(media_part, web, key="another").token("c_1", "l_1")
    claims = jwt.decode(good.token("c_1", "l_1"), media_part.secret, ["HS256"])
    late = jwt.encode(claims | {"exp": int(time.time()) - 61}, media_part.secret, "HS256")
    bare = jwt.encode(claims | {"video": {"room": "c_1"}}, media_part.secret, "HS256")
    assert [await refused(media_part, token) for token in (other, strange, late, bare, "")] == [401] * 5


async def test_leg_is_removed_and_the_others_stay(media_part: MediaServerPart, web: Outgoing) -> None:
    server = server_of(media_part, web)
    async with (
        going_to(media_part.url, server.token("c_1", "l_1")) as one,
        going_to(media_part.url, server.token("c_1", "l_2")) as two,
    ):
        await one.joined()
        await two.joined()
        await server.remove("c_1", "l_1")
        assert await one.thrown_out() == "PARTICIPANT_REMOVED"
        assert await in_the_room(media_part, web, "c_1") == {"l_2"}


async def test_room_is_closed_with_all_in_it(media_part: MediaServerPart, web: Outgoing) -> None:
    server = server_of(media_part, web)
    async with going_to(media_part.url, server.token("c_1", "l_1")) as one:
        await one.joined()
        await server.close("c_1")
        assert await one.thrown_out() == "ROOM_DELETED"


async def test_who_is_not_there_is_removed_already(media_part: MediaServerPart, web: Outgoing) -> None:
    server = server_of(media_part, web)
    await server.remove("c_1", "l_1")
    await server.close("c_1")


async def test_server_that_says_no_or_nothing_is_asked_again(media_part: MediaServerPart, web: Outgoing) -> None:
    with pytest.raises(JobFailed, match="answers 401"):
        await server_of(media_part, web, secret="0123456789abcdef" * 4).remove("c_1", "l_1")
    server = server_of(media_part, web)
    media_part.kill()
    with pytest.raises(JobFailed) as failed:
        await server.close("c_1")
    assert media_part.secret not in str(failed.value)


# Calls that it carries.


async def test_devices_of_a_group_are_told_where_to_go(carried: Parley, media_part: MediaServerPart) -> None:
    ada, bob, answer = await two_in_a_group(carried)
    assert (answer["topology"], answer["sfu"]["url"]) == (SFU, media_part.url)
    async with going_to(media_part.url, answer["sfu"]["token"]) as guest:
        assert await guest.joined() == {"joined": answer["leg"], "room": answer["id"]}
    assert "sfu" not in (await ada.sees(answer["id"], "active")), "of others' tokens nobody is told"
    assert "token" not in str(bob.told)


async def test_token_is_for_those_who_are_in(carried: Parley) -> None:
    _, bob, answer = await two_in_a_group(carried)
    await bob.do("leave", answer["id"])
    assert "sfu" not in await bob.account.get("calls", answer["id"])


async def test_two_people_reach_each_other_without(carried: Parley) -> None:
    ada, bob = [await Device(await carried.site.register(name)).connect(carried.site) for name in ("ada", "bob")]
    call = await ada.start(await direct(ada.account, bob.account))
    assert call["topology"] == "mesh"
    assert "sfu" not in call


async def test_leg_that_leaves_is_gone_there_too(carried: Parley, media_part: MediaServerPart) -> None:
    _, bob, answer = await two_in_a_group(carried)
    async with going_to(media_part.url, answer["sfu"]["token"]) as guest:
        await guest.joined()
        begun = time.monotonic()
        await bob.do("leave", answer["id"])
        assert await guest.thrown_out() == "PARTICIPANT_REMOVED"
        assert time.monotonic() - begun < 2


async def test_who_is_removed_from_the_call_is_gone_there_too(carried: Parley, media_part: MediaServerPart) -> None:
    ada, _, answer = await two_in_a_group(carried)
    async with going_to(media_part.url, answer["sfu"]["token"]) as guest:
        await guest.joined()
        await ada.do("remove", answer["id"], leg=answer["leg"])
        assert await guest.thrown_out(2) == "PARTICIPANT_REMOVED"


async def test_call_that_ends_closes_the_room(carried: Parley, media_part: MediaServerPart) -> None:
    ada, _, answer = await two_in_a_group(carried)
    async with going_to(media_part.url, answer["sfu"]["token"]) as guest:
        await guest.joined()
        await ada.do("end", answer["id"])
        assert await guest.thrown_out(2) == "ROOM_DELETED"


async def test_removal_waits_for_a_media_server_that_is_away(carried: Parley, media_part: MediaServerPart) -> None:
    _, bob, answer = await two_in_a_group(carried)
    media_part.kill()
    await bob.do("leave", answer["id"])
    while not any(row.failed for row in await removals(carried)):  # noqa: ASYNC110 - written by another task
        await asyncio.sleep(0.02)
    media_part.start()
    async with going_to(media_part.url, answer["sfu"]["token"]) as guest:  # it never heard that the leg is gone
        await guest.joined()
        assert await guest.thrown_out() == "PARTICIPANT_REMOVED"


async def test_removal_is_done_once_more_when_no_token_is_good(carried: Parley) -> None:
    _, bob, answer = await two_in_a_group(carried)
    await bob.do("leave", answer["id"])
    while len(rows := await removals(carried)) != 1:  # noqa: ASYNC110 - written by another task
        await asyncio.sleep(0.02)
    assert rows[0].work == {"call": answer["id"], "leg": answer["leg"]}
    assert rows[0].due_at - rows[0].created_at == LATE_S * 1000
