"""A coturn that calls are tested with, on an address that browsers of this machine reach."""

import json
import secrets
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.parts import Missing, Part
from tests.stun import MISMATCH, Refused, TurnClient, rest_password

TURN_FILE = Path(__file__).resolve().parent.parent / "deploy" / "turnserver.conf"


class Turn(Part):
    """A coturn with the file that is shipped, on this machine's own address, or on loopback where it has no other.

    ``open_`` lets it relay to that address too, which the file forbids: two relays of one coturn reach each other so.
    """

    scheme = "turn"

    def __init__(self, *lines: str, open_: bool = False) -> None:
        self._program = turn_program()
        super().__init__()
        self.address = own_address()
        self.secret = secrets.token_hex(32)
        own = ["static-auth-secret=" + self.secret, "realm=parley.example", f"listening-port={self.port}"]
        own += [f"listening-ip={self.address}", "listening-ip=127.0.0.1", f"relay-ip={self.address}", "relay-ip=::1"]
        own += ["no-tls", "no-dtls", f"pidfile={self.directory / 'pid'}", f"userdb={self.directory / 'db'}", *lines]
        if open_:
            own += [f"allowed-peer-ip={self.address}", *["allow-loopback-peers"] * self.address.startswith("127.")]
        self._file = self.directory / "turnserver.conf"
        self._file.touch(0o600)
        self._file.write_text(TURN_FILE.read_text() + "\n".join(own) + "\n")

    @property
    def urls(self) -> list[str]:
        """What devices are given, and Parley's file has: by UDP and by TCP."""
        return [f"turn:{self.address}:{self.port}?transport={transport}" for transport in ("udp", "tcp")]

    def calls_file(self, **other: Any) -> Path:
        """Return the path of a file for ``--calls`` that tells of it; ``other`` stands in it instead."""
        path = self.directory / f"calls-{secrets.token_hex(4)}.json"
        path.touch(0o600)
        stun = [f"stun:{self.address}:{self.port}"]
        path.write_text(json.dumps({"stun": stun, "turn": {"urls": self.urls, "secret": self.secret}} | other))
        return path

    def command(self) -> Sequence[str]:
        """See ``Part.command``."""
        return [self._program, "-c", str(self._file)]

    def ready(self) -> bool:
        """See ``Part.ready``."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.5)
            # The smallest question of STUN (RFC 8489): a binding request without attributes.
            asking.sendto(bytes.fromhex("000100002112a442") + secrets.token_bytes(12), (self.address, self.port))
            try:
                return asking.recv(2048)[:2] == b"\x01\x01" and self._warm()
            except OSError:
                return False

    def _warm(self) -> bool:
        # Its threads open the database as each is first needed. Where two do so at once one of them answers 401.
        for _ in range(16):
            with TurnClient((self.address, self.port), *rest_password(self.secret, "parley:start")) as one:
                try:
                    one.allocate()
                except Refused as refused:
                    if refused.code != MISMATCH:
                        raise
                    return False  # this port had a relay just now; ports of the next time are others
                one.refresh(0)
        return True


def turn_program() -> str:
    """Return the path of coturn.

    Raises:
        Missing: If there is none.
    """
    if program := shutil.which("turnserver"):
        return program
    raise Missing("no coturn is installed")


def own_address() -> str:
    """Return the address of this machine that others would see, or loopback where it has no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # of documents (RFC 5737): nothing is sent, only a way is looked for
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
