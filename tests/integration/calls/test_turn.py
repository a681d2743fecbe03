"""A real coturn with the file that is shipped, asked by a client of TURN: whom it lets relay, and to where."""

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from services.calls.ice import password
from services.calls.media import Turn as Servers
from tests.conftest import running
from tests.stun import Refused, TurnClient, rest_password
from tests.turn_part import TURN_FILE, Turn

HOUR_S = 3600

CLOSED = {
    "0.0.0.0": "any",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "shared by carriers",
    "100.127.255.254": "shared by carriers",
    "127.0.0.1": "this machine",
    "127.255.255.254": "this machine",
    "169.254.169.254": "metadata of clouds",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.170": "of protocols",
    "192.0.2.1": "documents",
    "192.88.99.1": "6to4",
    "192.168.0.1": "private",
    "192.168.255.255": "private",
    "198.18.0.1": "benchmarks",
    "198.19.255.255": "benchmarks",
    "198.51.100.1": "documents",
    "203.0.113.1": "documents",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
}
CLOSED_6 = {
    "::": "any",
    "::1": "this machine",
    "::127.0.0.1": "version 4, the old way",
    "::ffff:127.0.0.1": "version 4, mapped",
    "::ffff:10.0.0.1": "version 4, mapped",
    "::ffff:169.254.169.254": "version 4, mapped",
    "::ffff:0:127.0.0.1": "version 4, translated",
    "64:ff9b::7f00:1": "version 4, through a translator",
    "64:ff9b:1::a00:1": "version 4, through a translator of one's own",
    "100::1": "discarded",
    "2001::1": "Teredo",
    "2001:db8::1": "documents",
    "2002:7f00:1::": "6to4 of this machine",
    "3fff::1": "documents",
    "5f00::1": "segments",
    "fc00::1": "private",
    "fdff:ffff::1": "private",
    "fe80::1": "the link",
    "febf::1": "the link",
    "fec0::1": "private, once",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
}
OPEN = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "128.0.0.0",
    "172.32.0.1",
    "192.167.255.255",
    "223.1.1.1",
)
OPEN_6 = ("2606:4700::1111", "2001:4860:4860::8888", "2a00::1")


def client(turn: Turn, user: str = "", seconds: float = HOUR_S, secret: str = "") -> TurnClient:
    """Return a client with a password of its own, so that each test has a quota of its own."""
    name, word = rest_password(secret or turn.secret, user or f"u_{secrets.token_hex(4)}:c_1", seconds)
    return TurnClient((turn.address, turn.port), name, word)


@pytest.fixture(scope="module")
def relay(turn: Turn) -> Iterator[TurnClient]:
    """A client with a relay of version 4."""
    with client(turn) as found:
        found.allocate()
        yield found


@pytest.fixture(scope="module")
def relay_6(turn: Turn) -> Iterator[TurnClient]:
    """A client with a relay of version 6."""
    with client(turn) as found:
        found.allocate(version=6)
        yield found


def test_our_password_begins_a_relay(turn: Turn) -> None:
    name, word = password(Servers(tuple(turn.urls), turn.secret), "u_1", "c_1", time.time())
    with TurnClient((turn.address, turn.port), name, word) as found:
        assert found.allocate()[0] == turn.address


def test_password_of_another_secret_begins_none(turn: Turn) -> None:
    with client(turn, secret="0" * 64) as found, pytest.raises(Refused) as refused:
        found.allocate()
    assert refused.value.code == 401


def test_password_is_of_the_name_that_it_came_with(turn: Turn) -> None:
    name, word = rest_password(turn.secret, "u_1:c_1")
    with TurnClient((turn.address, turn.port), name + "2", word) as found, pytest.raises(Refused) as refused:
        found.allocate()
    assert refused.value.code == 401


def test_password_that_is_over_begins_none(turn: Turn) -> None:
    with client(turn, seconds=-5) as found, pytest.raises(Refused) as refused:
        found.allocate()
    assert refused.value.code == 401


def test_time_cannot_be_written_behind_the_user(turn: Turn) -> None:
    """coturn takes the part before the first colon for the time only where it is a number."""
    now = int(time.time())
    for name in (f"u_1:{now - 5}:c_1", f":{now - 5}", f"{now - 5}"):
        _, word = rest_password(turn.secret, "")
        with TurnClient((turn.address, turn.port), name, word) as found, pytest.raises(Refused):
            found.allocate()


@pytest.mark.parametrize("peer", CLOSED)
def test_relay_reaches_nothing_inside(relay: TurnClient, peer: str) -> None:
    with pytest.raises(Refused) as permitting:
        relay.permit(peer)
    with pytest.raises(Refused) as binding:
        relay.bind(peer)
    assert (permitting.value.code, binding.value.code) == (403, 403)


@pytest.mark.parametrize("peer", CLOSED_6)
def test_relay_of_version_6_reaches_nothing_inside(relay_6: TurnClient, peer: str) -> None:
    with pytest.raises(Refused) as permitting:
        relay_6.permit(peer)
    with pytest.raises(Refused) as binding:
        relay_6.bind(peer)
    assert (permitting.value.code, binding.value.code) == (403, 403)


@pytest.mark.parametrize("peer", OPEN)
def test_relay_reaches_the_internet(relay: TurnClient, peer: str) -> None:
    relay.permit(peer)


@pytest.mark.parametrize("peer", OPEN_6)
def test_relay_of_version_6_reaches_the_internet(relay_6: TurnClient, peer: str) -> None:
    relay_6.permit(peer)


def test_machine_of_the_relay_is_closed(turn: Turn, relay: TurnClient) -> None:
    with pytest.raises(Refused) as refused:
        relay.permit(turn.address)
    assert refused.value.code == 403


def test_nothing_is_sent_to_whom_was_refused(turn: Turn, relay: TurnClient) -> None:
    """A Send indication has no answer: it must arrive nowhere, while what is asked after it is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.5)
        relay.send(b"secret door", "127.0.0.1", listener.getsockname()[1])
        relay.refresh()
        with pytest.raises(TimeoutError):
            listener.recv(100)


def test_two_relays_of_an_open_one_reach_each_other(open_turn: Turn) -> None:
    with client(open_turn) as one, client(open_turn) as two:
        ours, theirs = one.allocate(), two.allocate()
        one.permit(*theirs)
        two.permit(*ours)
        one.send(b"hello", *theirs)
        assert two.heard() == b"hello"


def test_quota_is_of_a_person_in_a_call(turn: Turn) -> None:
    with ExitStack() as stack:
        codes = []
        for _ in range(44):
            one = stack.enter_context(client(turn, "u_greedy:c_1"))
            try:
                one.allocate()
            except Refused as refused:
                codes.append(refused.code)
            else:
                codes.append(200)
        assert codes == [200] * 40 + [486] * 4
        assert stack.enter_context(client(turn, "u_other:c_1")).allocate()


def test_server_has_a_quota_of_its_own() -> None:
    """Relays that were ended count for a while: those that the part tried itself may still do."""
    for turn in running(lambda: Turn("total-quota=20")):
        with ExitStack() as stack:
            for _ in range(20):
                with contextlib.suppress(Refused):
                    stack.enter_context(client(turn)).allocate()
            with pytest.raises(Refused) as refused:
                stack.enter_context(client(turn)).allocate()
            assert refused.value.code == 486


def test_another_time_in_the_name_is_no_other_quota(turn: Turn) -> None:
    with ExitStack() as stack:
        for number in range(40):
            stack.enter_context(client(turn, "u_sly:c_1", HOUR_S + number)).allocate()
        with pytest.raises(Refused) as refused:
            stack.enter_context(client(turn, "u_sly:c_1", 2 * HOUR_S)).allocate()
    assert refused.value.code == 486


def test_relay_goes_on_when_its_password_is_over(turn: Turn) -> None:
    """The hour that a call lasts and its password does not: what was begun goes on, and nothing new begins."""
    name, word = rest_password(turn.secret, "u_long:c_1", 2)
    with TurnClient((turn.address, turn.port), name, word) as found:
        found.allocate()
        until = float(name.partition(":")[0])
        while time.time() <= until + 1:
            time.sleep(0.1)  # a clock is waited for, which nobody tells of
        assert found.refresh(600) == 600
        found.permit("1.1.1.1")
        assert found.refresh(0) == 0
    with TurnClient((turn.address, turn.port), name, word) as late, pytest.raises(Refused) as refused:
        late.allocate()
    assert refused.value.code == 401


def test_stun_alone_needs_no_password(turn: Turn) -> None:
    with TurnClient((turn.address, turn.port), "", "") as found:
        assert found.mapped()[1] > 0


def test_stale_nonce_is_asked_for_again() -> None:
    for turn in running(lambda: Turn("stale-nonce=1")):
        with client(turn) as found:
            found.allocate()
            time.sleep(2.5)  # until the nonce, which lives a second, is stale: coturn tells nobody
            assert found.refresh(600) == 600


def test_two_secrets_are_taken_while_one_is_replaced() -> None:
    new = secrets.token_hex(32)
    for turn in running(lambda: Turn(f"static-auth-secret={new}")):
        for secret in (turn.secret, new):
            with client(turn, secret=secret) as found:
                found.allocate()


def test_policy_of_tests_is_the_shipped_file_and_no_more(turn: Turn) -> None:
    """What is said of the shipped file would mean little if the one that runs opened anything."""
    running_file = (turn.directory / "turnserver.conf").read_text()
    assert running_file.startswith(TURN_FILE.read_text())
    assert "allowed-peer-ip=" not in "".join(line for line in running_file.splitlines() if not line.startswith("#"))
    assert "allow-loopback-peers" not in running_file
