"""The seam to other people's servers: the few questions that this program asks of them.

Services know no transport; ``handlers/outgoing.py`` implements this (``docs/decisions/0012-sign-in.md``).
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

ANSWER_BYTES = 512 * 1024
"""Longest answer that is read: keys and profiles are a few KiB."""
ANSWER_S = 4.0
"""Longest that an answer may take, all in all: whoever waits for it is answered within 4.5 s."""

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: how a machine without version 4 reaches those without 6


class Unanswered(Exception):
    """There is no answer that may be used: nobody is there, it takes too long, is too long, or may not be asked."""


class Said(NamedTuple):
    """What a server answered. A redirect is an answer too, and is not followed."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whom a question may go to, as the operator has decided: nothing that a server says widens it."""

    hosts: frozenset[str]
    """Hosts, each with ``:port`` where that is not the scheme's own, in lower case."""
    local: bool = False
    """Whether they are on this machine: then ``http://`` will do, and the addresses are loopback's alone."""
    inside: bool = False
    """Whether they may have addresses of a private network."""

    def permit(self, url: str) -> bool:
        """Tell whether an address is one of a host within: nothing is looked up for that."""
        if any(character <= " " or character in "\\\x7f" for character in url):
            return False
        try:
            parts = urlsplit(url)
            own = host_of(parts)
        except ValueError:
            return False
        schemes = ("https", "http") if self.local else ("https",)
        strange = parts.username is not None or parts.password is not None or "#" in url
        return parts.scheme in schemes and own in self.hosts and not strange

    def permit_peer(self, address: str) -> bool:
        """Tell whether a host's name may stand for this address of IP."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(peer, ipaddress.IPv6Address):
            # What carries an address of version 4 leads to that one.
            through = ipaddress.IPv4Address(int(peer) & 0xFFFFFFFF) if peer in _NAT64 else None
            peer = peer.ipv4_mapped or peer.sixtofour or through or peer
        if self.local:
            return peer.is_loopback
        if peer.is_loopback or peer.is_link_local or peer.is_multicast or peer.is_unspecified or peer.is_reserved:
            return False
        return peer.is_global or (self.inside and peer.is_private)


class Web(Protocol):
    """Asks servers over HTTP. It keeps no cookies, follows no redirect and knows no proxy."""

    async def get(self, url: str, bounds: Bounds, headers: Mapping[str, str]) -> Said:
        """Ask with GET.

        Raises:
            Unanswered: If there is no answer within ``ANSWER_S`` and ``ANSWER_BYTES``, or the bounds forbid to ask.
        """

    async def post(self, url: str, bounds: Bounds, headers: Mapping[str, str], body: Mapping[str, str] | bytes) -> Said:
        """Ask with POST; a form is sent as ``application/x-www-form-urlencoded``, bytes as they are.

        Raises:
            Unanswered: As ``get``.
        """

    def close(self) -> None:
        """End what is under way, and ask nothing more."""


def host_of(parts: SplitResult) -> str:
    """Return the host of an address as ``Bounds`` have it.

    Raises:
        ValueError: If its port is none.
    """
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port is None or port == _PORTS.get(parts.scheme) else f"{host}:{port}"


def is_loopback(parts: SplitResult) -> bool:
    """Tell whether an address is one of this machine, by its name alone."""
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
