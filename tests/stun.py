"""A client of STUN and TURN over UDP, as far as tests need one (RFC 8489, 8656): long-term credentials, one relay."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
import socket
import struct
import time
import zlib
from typing import Final, Self

COOKIE: Final = 0x2112A442
UDP: Final = 17

BINDING, ALLOCATE, REFRESH, PERMISSION, CHANNEL, SEND = 0x001, 0x003, 0x004, 0x008, 0x009, 0x006
DATA: Final = 0x017
ERROR: Final = 0x110
"""Set in the type of an answer that refuses."""

USERNAME, INTEGRITY, ERROR_CODE, CHANNEL_NUMBER, LIFETIME = 0x0006, 0x0008, 0x0009, 0x000C, 0x000D
XOR_PEER, DATA_VALUE, REALM, NONCE, XOR_RELAYED, FAMILY = 0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0017
TRANSPORT, XOR_MAPPED, FINGERPRINT = 0x0019, 0x0020, 0x8028

Address = tuple[str, int]
Attributes = list[tuple[int, bytes]]

TRIES: Final = 5
ANSWER_S: Final = 1.0
MISMATCH: Final = 437
"""The code where a port of ours has a relay already (RFC 8656, section 19)."""


class Refused(Exception):
    """The server said no."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


def rest_password(secret: str, user: str, seconds: float = 3600) -> tuple[str, str]:
    """Return a username that ends so many seconds from now, and its password, as coturn's documents say."""
    username = f"{int(time.time() + seconds)}:{user}"
    return username, base64.b64encode(hmac.digest(secret.encode(), username.encode(), hashlib.sha1)).decode()


class TurnClient:
    """One relay at a server, and what is asked of it. The socket's own address is where the server sees it."""

    def __init__(self, server: Address, username: str, password: str) -> None:
        self._server = server
        self._username, self._password = username, password
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(ANSWER_S)
        self._realm = self._nonce = b""
        self._said: list[bytes] = []
        """What peers have sent through the relay."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def mapped(self) -> Address:
        """Ask where the server sees this socket (STUN alone, without credentials)."""
        return _address(self._ask(BINDING, [], signed=False)[XOR_MAPPED])

    def allocate(self, *, version: int = 4, lifetime: int | None = None) -> Address:
        """Begin a relay; return its address.

        Raises:
            Refused: If the server gives none.
        """
        given = [(TRANSPORT, bytes((UDP, 0, 0, 0))), (FAMILY, bytes((1 if version == 4 else 2, 0, 0, 0)))]
        given += [] if lifetime is None else [(LIFETIME, struct.pack("!I", lifetime))]
        return _address(self._signed(ALLOCATE, given)[XOR_RELAYED])

    def refresh(self, lifetime: int = 600) -> int:
        """Keep the relay for so many seconds, or end it with 0; return what was granted."""
        granted: int = struct.unpack("!I", self._signed(REFRESH, [(LIFETIME, struct.pack("!I", lifetime))])[LIFETIME])[
            0
        ]
        return granted

    def permit(self, peer: str, port: int = 9) -> None:
        """Have the relay pass on what comes from a peer (CreatePermission)."""
        self._signed(PERMISSION, [(XOR_PEER, _peer(peer, port))])

    def bind(self, peer: str, port: int = 9, channel: int = 0x4000) -> None:
        """Bind a channel to a peer (ChannelBind)."""
        self._signed(CHANNEL, [(CHANNEL_NUMBER, struct.pack("!HH", channel, 0)), (XOR_PEER, _peer(peer, port))])

    def send(self, data: bytes, peer: str, port: int) -> None:
        """Have the relay send to a peer (a Send indication, to which there is no answer)."""
        given = [(XOR_PEER, _peer(peer, port)), (DATA_VALUE, data)]
        self._socket.sendto(_message(SEND | 0x010, secrets.token_bytes(12), given), self._server)

    def heard(self) -> bytes:
        """Return what a peer sent through the relay; wait for it.

        Raises:
            TimeoutError: If nothing comes.
        """
        while not self._said:
            self._take(self._socket.recv(2048))
        return self._said.pop(0)

    def _signed(self, method: int, given: Attributes) -> dict[int, bytes]:
        """Ask with credentials; with those of the server's latest nonce, which it may say is over."""
        for _ in range(3):
            try:
                return self._ask(method, given, signed=bool(self._nonce))
            except _Again:
                continue
        raise AssertionError("the server never takes the nonce that it gave")

    def _ask(self, method: int, given: Attributes, *, signed: bool) -> dict[int, bytes]:
        transaction = secrets.token_bytes(12)
        key = None
        if signed:
            own = [(USERNAME, self._username.encode()), (REALM, self._realm), (NONCE, self._nonce)]
            given = [*given, *own]
            text = f"{self._username}:{self._realm.decode()}:{self._password}"
            key = hashlib.md5(text.encode()).digest()
        asked = _message(method, transaction, given, key)
        for _ in range(TRIES):
            self._socket.sendto(asked, self._server)
            until = time.monotonic() + ANSWER_S
            while time.monotonic() < until:
                try:
                    answer = self._socket.recv(2048)
                except TimeoutError:
                    break
                if answer[8:20] == transaction:
                    return self._judged(answer, signed=signed)
                self._take(answer)
        raise AssertionError(f"no answer of {self._server}")

    def _judged(self, answer: bytes, *, signed: bool) -> dict[int, bytes]:
        found = _attributes(answer)
        if struct.unpack("!H", answer[:2])[0] & ERROR != ERROR:
            return found
        code = found[ERROR_CODE][2] * 100 + found[ERROR_CODE][3]
        if code == 438 or (code == 401 and not signed):
            self._realm, self._nonce = found[REALM], found[NONCE]
            raise _Again
        raise Refused(code, found[ERROR_CODE][4:].decode())

    def _take(self, datagram: bytes) -> None:
        if datagram[:2] == struct.pack("!H", DATA):
            self._said.append(_attributes(datagram)[DATA_VALUE])
        elif datagram[0] & 0xC0 == 0x40:  # a channel's
            self._said.append(datagram[4 : 4 + struct.unpack("!H", datagram[2:4])[0]])


class _Again(Exception):
    """The server wants to be asked with its nonce."""


def _message(kind: int, transaction: bytes, given: Attributes, key: bytes | None = None) -> bytes:
    body = b""
    for name, value in given:
        hidden = _hidden(value, transaction) if name == XOR_PEER else value
        body += struct.pack("!HH", name, len(hidden)) + hidden + bytes(-len(hidden) % 4)

    def head(length: int) -> bytes:
        return struct.pack("!HHI", kind, length, COOKIE) + transaction

    if key is not None:
        digest = hmac.digest(key, head(len(body) + 24) + body, hashlib.sha1)
        body += struct.pack("!HH", INTEGRITY, 20) + digest
    check = zlib.crc32(head(len(body) + 8) + body) ^ 0x5354554E
    return head(len(body) + 8) + body + struct.pack("!HHI", FINGERPRINT, 4, check)


def _attributes(message: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 20
    while at + 4 <= len(message):
        name, length = struct.unpack("!HH", message[at : at + 4])
        found.setdefault(name, message[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    for name in found.keys() & {XOR_RELAYED, XOR_MAPPED}:
        found[name] = _hidden(found[name], message[8:20])
    return found


def _hidden(value: bytes, transaction: bytes) -> bytes:
    """Return an address hidden, or a hidden one plain."""
    mask = struct.pack("!HH", 0, COOKIE >> 16) + struct.pack("!I", COOKIE) + transaction
    return bytes(a ^ b for a, b in zip(value, mask, strict=False))


def _address(value: bytes) -> Address:
    return str(ipaddress.ip_address(value[4:])), struct.unpack("!H", value[2:4])[0]


def _peer(peer: str, port: int) -> bytes:
    packed = ipaddress.ip_address(peer).packed
    return struct.pack("!BBH", 0, 1 if len(packed) == 4 else 2, port) + packed
