"""What the load driver knows of Centrifugo and Tinode, on bytes that came from them (v6.9.6 and v0.25.3), shortened."""

import asyncio
import sys
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from picows import WSUpgradeRequest, ws_create_server

from benchmarks.load.task import Failed
from benchmarks.peers import go
from benchmarks.peers.centrifugo import CENTRIFUGOS
from benchmarks.peers.centrifugo import MODULE as CENTRIFUGO_MODULE
from benchmarks.peers.centrifugo_dialect import Centrifugo
from benchmarks.peers.go import Module, on_one_core
from benchmarks.peers.peer import Missing
from benchmarks.peers.registry import PEERS
from benchmarks.peers.tinode import MODULE as TINODE_MODULE
from benchmarks.peers.tinode import TINODE, api_key, kept_open
from benchmarks.peers.tinode_dialect import Founding, Joining, Registration, Sitting, Tinode
from tests.benchmarks.exchange import Told, exchanged

INFO = b'"info":{"user":"member0","client":"6bf62da2-7290-4ce7-8918-7e5ddba3bc85"}'
PUSH = b'{"push":{"channel":"room","pub":{"data":{"room":"room","text":"hello","cid":"cf10eded-0-1"},%b}}}' % INFO
KEPT = PUSH.replace(b"}}}}", b'},"offset":1,"epoch":"PgdNFVHM"}}}')
DATA = (
    b'{"data":{"topic":"grpmEd0sIDJVlI","from":"usrzWLccwjBJJk","ts":"2026-11-20T22:52:37.561Z","seq":1,'
    b'"content":{"cid":"cf10eded-0-1","room":"room","text":"hello"}}}'
)
ACCEPTED = (
    b'{"ctrl":{"id":"1","topic":"grpmEd0sIDJVlI","params":{"seq":1},"code":202,"text":"accepted",'
    b'"ts":"2026-11-20T22:52:37.561Z"}}'
)
PRESENT = b'{"pres":{"topic":"grpbCRNJlqzsH4","src":"usrh7dfxO1HwdU","what":"on"}}'
HI = (
    b'{"ctrl":{"id":"hi","params":{"build":"mongodb:undef","maxMessageSize":131072,"ver":"0.25"},"code":201,'
    b'"text":"created","ts":"2026-11-20T22:52:37.249Z"}}'
)
LOGIN = (
    b'{"ctrl":{"id":"login","params":{"authlvl":"anon","expires":"2026-11-21T22:52:37.25Z","token":"zWLc=",'
    b'"user":"usrzWLccwjBJJk"},"code":200,"text":"ok","ts":"2026-11-20T22:52:37.25Z"}}'
)
SUB = b'{"ctrl":{"id":"sub","topic":"grpmEd0sIDJVlI","code":200,"text":"ok","ts":"2026-11-20T22:52:37.259Z"}}'
DETACHED = (
    b'{"ctrl":{"id":"9","topic":"grpAAAAAAAAAAA","code":409,"text":"must attach first",'
    b'"ts":"2026-11-20T22:52:38.563Z"}}'
)
FIRST_SUB = (
    b'{"ctrl":{"id":"sub","topic":"grpmEd0sIDJVlI","params":{"acs":{"want":"JRW","given":"JRW","mode":"JRW"}},'
    b'"code":200,"text":"ok","ts":"2026-11-20T22:44:11.099Z"}}'
)

CONNECTED = (
    b'{"id":1,"connect":{"client":"6cddf46b-fc1c-4d62-b8df-e66c9d94cb12","version":"0.0.0 OSS","subs":{"room":{}},'
    b'"ping":25}}'
)

CENTRIFUGO = Centrifugo(["first", "second"])
MEMBER = Tinode("key", ["first", "second"], "grpmEd0sIDJVlI")


@pytest.mark.parametrize(
    ("frame", "copies", "answers"),
    [
        (PUSH, 1, 0),
        (KEPT, 1, 0),
        (b"\n".join([PUSH] * 16), 16, 0),
        (b'{"id":2,"publish":{}}', 0, 1),
        (b'%b\n{"id":2,"publish":{}}\n%b\n{"id":3,"publish":{}}' % (PUSH, PUSH), 2, 2),
        (b"%b\n{}" % KEPT, 1, 0),
        (b"{}", 0, 0),
    ],
)
async def test_centrifugo_messages_are_counted_however_many_a_frame_has(
    frame: bytes, copies: int, answers: int
) -> None:
    assert await exchanged(CENTRIFUGO, [CONNECTED], frame) == (copies, answers, b"")


async def test_centrifugo_text_that_looks_like_a_message_is_none() -> None:
    looks = PUSH.replace(b"hello", b'{\\"push\\":{ \\"id\\":1,\\"publish\\":{ ,\\"error\\":{')
    assert await exchanged(CENTRIFUGO, [CONNECTED], looks) == (1, 0, b"")


async def test_centrifugo_refusals_fail() -> None:
    with pytest.raises(Failed, match="unknown channel"):
        await exchanged(CENTRIFUGO, [CONNECTED], b'{"id":9,"error":{"code":102,"message":"unknown channel"}}')


@pytest.mark.parametrize(("frame", "copies", "answers"), [(DATA, 1, 0), (ACCEPTED, 0, 1), (PRESENT, 0, 0)])
async def test_tinode_frames_are_told_apart(frame: bytes, copies: int, answers: int) -> None:
    assert await exchanged(MEMBER, [HI, LOGIN, SUB], frame) == (copies, answers, b"")


async def test_tinode_refusals_fail() -> None:
    with pytest.raises(Failed, match="must attach first"):
        await exchanged(MEMBER, [HI, LOGIN, SUB], DETACHED)


def test_tinode_subscriptions_end_with_success_alone() -> None:
    joined, joining = MEMBER.greeting(0)[-1].until, Joining("key", ["first"], "grpmEd0sIDJVlI").greeting(0)[-1].until
    founded = Founding("key", ["first"]).greeting(0)[-1].until
    assert SUB.startswith(joined)
    assert FIRST_SUB.startswith(joining)
    assert FIRST_SUB.startswith(founded)
    refused = DETACHED.replace(b'"9"', b'"sub"').replace(b"grpAAAAAAAAAAA", b"grpmEd0sIDJVlI")
    assert not refused.startswith((joined, joining))


async def test_a_topic_is_kept_open_by_a_socket_that_nothing_is_sent_to() -> None:
    told: list[bytes] = []

    def accept(_request: WSUpgradeRequest) -> Told:
        return Told([HI, LOGIN, SUB], told)

    server = await ws_create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def keep() -> int:
        with kept_open(port, MEMBER):
            return len(told)

    async with asyncio.timeout(10), server:
        assert await asyncio.to_thread(keep) == len(MEMBER.greeting(0))
    (asked,) = [step.say for step in Sitting("key", ["first"], "grpmEd0sIDJVlI").greeting(0) if b'"sub"' in step.say]
    assert msgspec.json.decode(asked)["sub"]["set"] == {"sub": {"mode": "JW"}}


def test_every_frame_that_is_said_is_an_object_and_members_are_different_users() -> None:
    for dialect in (CENTRIFUGO, Registration("key"), Founding("key", ["first"]), MEMBER):
        for step in dialect.greeting(0):
            assert isinstance(msgspec.json.decode(step.say), dict)
    for speech in (CENTRIFUGO, MEMBER):
        assert speech.greeting(0) != speech.greeting(1)
        assert speech.greeting(0) == speech.greeting(2)
        first, second = msgspec.json.decode(speech.message(1)), msgspec.json.decode(speech.message(2))
        assert first != second


def test_an_api_key_is_what_tinode_itself_gives_for_a_salt() -> None:
    salt = b64decode("T713/rYYgW7g4m3vG6zGRh7+FM1t0T8j13koXScOAj4=")  # that of its sample configuration
    assert api_key(salt) == "AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K"


def test_go_programs_are_pinned_with_their_hashes_and_told_by_version() -> None:
    assert str(CENTRIFUGO_MODULE) == "centrifugal/centrifugo/v6 v6.9.6"
    assert str(TINODE_MODULE) == "tinode/chat v0.25.3"
    for module in (CENTRIFUGO_MODULE, TINODE_MODULE):
        assert module.hash.startswith("h1:")
    assert {TINODE, *CENTRIFUGOS} <= set(PEERS)


async def test_go_programs_start_with_one_core_to_see() -> None:
    asked = "import os; print(len(os.sched_getaffinity(0)), os.environ['GOMAXPROCS'])"
    child = await asyncio.create_subprocess_exec(
        *on_one_core([sys.executable, "-c", asked]), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert said.split() == [b"1", b"1"]


def test_without_a_toolchain_a_go_peer_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(go, "USUAL_PLACE", tmp_path / "go")
    with pytest.raises(Missing, match="no Go toolchain"):
        Module("tinode", {}).install()
