"""The opening handshake of RFC 6455, section 4.2, as this server judges it: one answer to each thing wrong."""

import base64
import binascii
import hashlib
from http import HTTPStatus
from typing import Final

import msgspec
from tornado.httputil import HTTPHeaders, HTTPServerRequest

PROTOCOL: Final = "parley.v1"
"""The sub-protocol; a client that offers none is taken to speak it."""

RETRY_S: Final = 5
"""Seconds after which somebody refused for a while may try again."""

_CODES: Final = {400: "bad_request", 403: "forbidden", 405: "method_not_allowed", 426: "upgrade_required"}
_CODES_RETRY: Final = {429: "rate_limited", 503: "unavailable"}


_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ANSWER: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
)
_PROTOCOL_LINE: Final = f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n".encode()


def refusal(request: HTTPServerRequest, origins: frozenset[str]) -> tuple[int, str] | None:
    """Return the status and detail that answer a request which may not open a websocket."""
    headers = request.headers
    upgrades = "websocket" in _tokens(headers.get("Upgrade")) and "upgrade" in _tokens(headers.get("Connection"))
    if not upgrades or request.version != "HTTP/1.1":
        return 400, "this address speaks websocket only"
    if headers.get("Sec-WebSocket-Version") != "13":
        return 426, "only version 13 of the websocket protocol is spoken here"
    if not _is_key(headers.get("Sec-WebSocket-Key", "")) or not request.host:
        return 400, "the Sec-WebSocket-Key or the Host is missing or malformed"
    if not _is_origin_welcome(request, origins):
        return 403, "pages of this origin may not connect"
    offered = headers.get("Sec-WebSocket-Protocol")
    if offered is not None and PROTOCOL not in offers(offered):
        return 400, f"of sub-protocols only {PROTOCOL} is spoken here"
    return None


def answer(headers: HTTPHeaders) -> bytes:
    """Return the whole answer to a handshake with these headers that is not refused."""
    # Of RFC 6455; what it makes of the key proves that a websocket was understood, and nothing else.
    digest = hashlib.sha1(headers["Sec-WebSocket-Key"].encode() + _GUID, usedforsecurity=False).digest()
    protocol = _PROTOCOL_LINE if "Sec-WebSocket-Protocol" in headers else b""
    return _ANSWER % (base64.b64encode(digest), protocol)


def offers(header: str) -> list[str]:
    """Return the elements of a header that lists some."""
    return [part.strip() for part in header.split(",")]


def problem(status: int, detail: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body, problem+json, of an answer other than 101."""
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if status == 426:
        headers |= {"Sec-WebSocket-Version": "13", "Upgrade": "websocket", "Connection": "Upgrade"}
    if status in _CODES_RETRY:
        headers["Retry-After"] = str(RETRY_S)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": _CODES.get(status) or _CODES_RETRY.get(status, "internal"),
        "detail": detail,
        "errors": [],
    }
    return headers, msgspec.json.encode(body)


def _tokens(header: str | None) -> list[str]:
    return offers((header or "").lower())


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _is_origin_welcome(request: HTTPServerRequest, origins: frozenset[str]) -> bool:
    """Tell whether the page that asks is ours, or a program, or a page of a site that is configured.

    Compared whole, scheme and port included: Tornado compares the host only. Where TLS ends in front of the node, the
    page's scheme is https and the request's http: no other page of that host can have the better scheme.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        # Programs send none of these. A browser that leaves out the origin still says that another site asked, and what
        # has a cookie is a browser: one that keeps the origin to itself.
        site = request.headers.get("Sec-Fetch-Site", "none").lower()
        return site in ("none", "same-origin") and "Cookie" not in request.headers
    ours = {f"{request.protocol}://{request.host}".lower(), f"https://{request.host}".lower()}
    return origin.lower() in ours or origin.lower() in origins
