"""The peers: what the driver makes of their frames, of what they lose, and what is told of them."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.load import deliveries, losses
from benchmarks.load.parley import Parley
from benchmarks.load.sockets import hello
from benchmarks.load.task import Failed, Result, Task
from benchmarks.parts import Broken
from benchmarks.peers.channels_dialect import Channels
from benchmarks.peers.document import PAGE, told
from benchmarks.peers.installing import call
from benchmarks.peers.outcome import Entry, Outcome
from benchmarks.peers.peer import Missing
from benchmarks.peers.registry import PEERS
from benchmarks.peers.socketio_dialect import SocketIo
from benchmarks.peers.tell import terminal, verdicts
from benchmarks.peers.turns import Contestant, Load, turn
from benchmarks.report.page import filled
from benchmarks.results import Machine
from tests.benchmarks.exchange import exchanged

TEXT = b'"text":"how it was","cid":"1a-0-1"'

# As python-socketio 5.18.1, Socket.IO 4.8.4 for Node and Parley sent them, shortened.
OPEN = b'0{"sid":"3aTzSxbTPLOtVFSZAAAA","upgrades":[],"pingTimeout":20000,"pingInterval":25000}'
CONNECTED = b'40{"sid":"Sdzq0ZAkFbLxKKLRAAAB"}'
EVENT = b'42["message",{"room":"room",%b,"author":"Sdzq0ZAkFbLxKKLRAAAB","created_at":1795214897.25}]' % TEXT
ITEM = b'{"id":"01k","room":"room","seq":9,"rev":9,"kind":"text",%b}' % TEXT

SOCKETIO = [CONNECTED, b'430["ok"]']
CHANNELS = [b'{"re": 0, "ok": true}']
PARLEY = [(b'{"re":0,"ok":{"session":"s"}}', b'{"ev":"live"}')]


@pytest.mark.parametrize(
    ("frame", "made"),
    [(EVENT, (1, 0, b"")), (b'437["ok"]', (0, 1, b"")), (b"2", (0, 0, b"3")), (b"40{}", (0, 0, b""))],
)
async def test_socketio_tells_events_acknowledgements_and_pings(frame: bytes, made: object) -> None:
    assert await exchanged(SocketIo(), SOCKETIO, frame, OPEN) == made


async def test_socketio_fails_at_an_acknowledgement_of_something_else() -> None:
    with pytest.raises(Failed, match="no such room"):
        await exchanged(SocketIo(), SOCKETIO, b'437["no such room"]', OPEN)


@pytest.mark.parametrize(
    ("frame", "made"),
    [(b'{"ev": "message", "d": {%b}}' % TEXT, (1, 0, b"")), (b'{"re": 7, "ok": true}', (0, 1, b""))],
)
async def test_channels_tells_messages_from_answers(frame: bytes, made: object) -> None:
    assert await exchanged(Channels(), CHANNELS, frame) == made


@pytest.mark.parametrize(
    ("frame", "made"),
    [
        (b'{"ev":"message","room":"room","rev":9,"d":%b}' % ITEM, (1, 0, b"")),
        (b'{"re":7,"ok":%b}' % ITEM, (0, 1, b"")),
        (b'{"ev":"goaway","d":{"after":0,"spread":1000}}', (0, 0, b"")),
    ],
)
async def test_parley_tells_messages_answers_and_the_rest(frame: bytes, made: object) -> None:
    assert await exchanged(Parley([hello("token")], "room"), PARLEY, frame) == made


async def test_parley_fails_at_a_refusal() -> None:
    refusal = b'{"re":7,"err":{"code":"forbidden","detail":"not a member"}}'
    with pytest.raises(Failed, match="not a member"):
        await exchanged(Parley([hello("token")], "room"), PARLEY, refusal)


class Lossy(WSListener):
    """A room as Channels' server has it, which leaves out every third message for all but the sender."""

    def __init__(self, room: list[WSTransport]) -> None:
        self.room = room

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        heard = msgspec.json.decode(frame.get_payload_as_bytes())
        if heard["op"] == "join":
            self.room.append(transport)
        else:
            for member in self.room if heard["id"] % 3 else [transport]:
                member.send(WSMsgType.TEXT, b'{"ev": "message", "d": %b}' % msgspec.json.encode(heard["d"]))
        transport.send(WSMsgType.TEXT, b'{"re": %d, "ok": true}' % heard["id"])


async def test_what_a_peer_loses_is_told_beside_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "STILL_S", 0.3)
    monkeypatch.setattr(deliveries, "MOST_MESSAGES", 30)
    room: list[WSTransport] = []

    def accept(_request: WSUpgradeRequest) -> Lossy:
        return Lossy(room)

    async with asyncio.timeout(20), await ws_create_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = Task(load="deliveries", dialect="channels", port=port, size=4, options={"windows": [2]})
        result = await deliveries.load(task)
    assert result["w2"] > 0
    assert result["w2_lost"] == pytest.approx(10 * 3 / (30 * 4))


def outcome(parley: list[Result], peer: list[Result], **more: object) -> Outcome:
    """Return a run of Parley and python-socketio."""
    given: dict[str, object] = {
        "machine": Machine("3.11", "Linux", "a processor", 2, 0.1, "2026-01-01T00:00:00Z"),
        "quick": False,
        "runs": len(parley),
        "others": 0.0,
        "entries": [
            Entry(name="Parley on SQLite", results=parley),
            Entry(name="python-socketio", versions="python-socketio 5", settings="as it is", results=peer),
        ],
        "pages": [],
        "missing": {"Centrifugo": "there is no Go"},
    }
    return Outcome(**(given | more))  # type: ignore[arg-type]


def result(rate: float, **more: float) -> Result:
    return {"w16": rate, "w16_server": 1.0, "w16_busy": 0.5, "w16_lost": 0.0} | more


def test_parley_is_compared_run_by_run() -> None:
    found = outcome([result(100), result(300)], [result(10), result(20)])
    assert verdicts(found) == ["10 times python-socketio at window 16: 12.5 (10 - 15), met"]


def test_parley_is_compared_by_processor_time_where_the_driver_was_the_limit() -> None:
    found = outcome([result(100, w16_busy=0.95, w16_server=0.5)], [result(10)])
    assert verdicts(found) == [
        "10 times python-socketio at window 16 by processor time, for the driver's core was full: 20, met"
    ]


def test_tables_tell_losses_full_drivers_and_who_is_missing() -> None:
    text = terminal(outcome([result(1e6, w16_busy=0.95)], [result(10, w16_lost=0.25, w16_closed=3)]))
    assert "1,000,000 !" in text
    assert "10, 25 % lost, 3 closed" in text
    assert "Centrifugo is not here: there is no Go" in text


def test_a_turn_that_broke_off_leaves_the_others_compared() -> None:
    found = outcome([result(100), result(100)], [{"kib": 3.0}, result(20)])
    assert verdicts(found) == ["10 times python-socketio at window 16: 5, MISSED"]


def test_memory_is_compared_with_the_peer_that_needs_least() -> None:
    parley, peer = Entry(name="Parley", results=[{"kib": 12.0}]), Entry(name="a peer", results=[{"kib": 30.0}])
    other = Entry(name="another", results=[{"kib": 50.0}])
    found = outcome([], [], entries=[parley, peer, other])
    assert verdicts(found) == ["less memory a socket than every peer: 12 KiB, a peer 30, met"]


def test_why_a_step_of_an_installation_failed_names_no_place_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(Missing) as refusal:
        call([sys.executable, "-c", "import sys; sys.exit('no network')"], tmp_path)
    assert sys.executable not in str(refusal.value)
    with pytest.raises(Missing, match="nothing here"):
        call([str(tmp_path / "nothing here")], tmp_path)


def test_the_page_has_a_place_for_what_was_measured() -> None:
    text = told(outcome([result(100)], [result(10)]))
    assert "* **python-socketio**: python-socketio 5. As it is." in text
    assert text in filled(PAGE.read_text(encoding="utf-8"), {"peers": text})


def test_what_was_measured_before_a_turn_broke_off_counts() -> None:
    @contextmanager
    def up() -> Iterator[Load]:
        def measure(load: str, **_more: object) -> Result:
            if load == "hello":
                raise Broken("it is gone")
            return {"kib": 7.0}

        yield measure

    assert turn(Contestant("a peer", up), 0.2) == ({"kib": 7.0}, "failed at connections")


def test_peers_have_names_of_their_own_and_say_how_they_are_set() -> None:
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    assert all(peer.settings and peer.keeps for peer in PEERS)
