"""Who asked, where a proxy stands between: its word is taken only where it is one of those that are trusted."""

import ipaddress
import re
from collections.abc import Iterable

from tornado.httputil import HTTPHeaders

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""How some proxies write an address: with the port, and that of version 6 in brackets."""


class Proxies:
    """The networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def source(self, peer: str, headers: HTTPHeaders) -> tuple[str, str | None]:
        """Return the address of a request's client, and the scheme it used where a trusted proxy has said it.

        Every proxy adds at the right whom it was asked by. So the client is the right-most who is no trusted proxy;
        what stands to the left of it is its own word, and worth nothing. Where a trusted proxy wrote something that is
        no address, that proxy itself is taken for the client: limits then count too much together, never too little.
        """
        client = _address(peer) if self._networks else None
        if not self._trusts(client):
            return peer, None
        for hop in reversed(headers.get("X-Forwarded-For", "").split(",")):
            address = _address(hop)
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        scheme = headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        return str(client), scheme if scheme in ("http", "https") else None

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> Address | None:
    bare = text.strip()
    if match := _WITH_PORT.fullmatch(bare):
        bare = match[1] or match[2]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
