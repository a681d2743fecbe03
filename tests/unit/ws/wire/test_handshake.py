import base64
import json

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from tests.echo import ORIGINS
from ws.wire.handshake import problem, refusal


def request(version: str = "HTTP/1.1", host: str = "chat.example.org", **headers: str | None) -> HTTPServerRequest:
    """Return a handshake. Headers are changed, added or (None) left out; ``_`` is -."""
    fields: dict[str, str | None] = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-Websocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-Websocket-Version": "13",
    }
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    kept = HTTPHeaders({name: value for name, value in fields.items() if value is not None})
    made = HTTPServerRequest(headers=kept, start_line=RequestStartLine("GET", "/ws", version))
    made.protocol = "https"
    return made


def status(made: HTTPServerRequest) -> int | None:
    """The status that refuses it."""
    refused = refusal(made, ORIGINS)
    return None if refused is None else refused[0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"upgrade": "WebSocket"},
        {"upgrade": "h2c, websocket"},
        {"connection": "keep-alive, Upgrade"},
        {"sec_websocket_protocol": "parley.v1"},
        {"sec_websocket_protocol": "a, parley.v1,b"},
        {"origin": "https://chat.example.org"},
        {"origin": "HTTPS://Chat.Example.Org"},
        {"origin": "https://app.example.org"},
        {"origin": "https://app.example.org", "sec_fetch_site": "same-site"},
        {"origin": "http://localhost:3000", "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_handshake_in_order_is_accepted(headers: dict[str, str]) -> None:
    assert status(request(**headers)) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "chat.example.org", "http://chat.example.org", "https://chat.example.org:8443",
        "https://chat.example.org.evil.com", "https://evil-chat.example.org", "https://a.chat.example.org",
        "https://example.org", "https://chat.example.org/", "https://chat.example.org@evil.com",
        "https://chat.example.org https://evil.com", "https://chat.example.org,https://evil.com", "wss://chat.example.org",
        "http://app.example.org", "https://app.example.org:444", "https://b.app.example.org",
        "https://app.example.org.evil.com", "http://localhost", "http://localhost:30000", "https://localhost:3000", "*",
    ],
)  # fmt: skip
def test_foreign_origin_is_refused(origin: str) -> None:
    assert status(request(origin=origin)) == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site", "surprise"])
def test_browser_that_names_no_origin_is_refused(site: str) -> None:
    assert status(request(sec_fetch_site=site)) == 403


def test_whoever_has_a_cookie_and_names_no_origin_is_refused() -> None:
    assert status(request(cookie="parley=x")) == 403
    assert status(request(cookie="a=b", sec_fetch_site="same-origin")) == 403
    assert status(request(cookie="parley=x", origin="https://chat.example.org")) is None


def test_origin_is_that_of_the_port_asked() -> None:
    assert status(request(host="chat.example.org:8443", origin="https://chat.example.org:8443")) is None
    assert status(request(host="chat.example.org:8443", origin="https://chat.example.org")) == 403


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"upgrade": None}, 400),
        ({"upgrade": "h2c"}, 400),
        ({"connection": None}, 400),
        ({"connection": "keep-alive"}, 400),
        ({"sec_websocket_version": None}, 426),
        ({"sec_websocket_version": "8"}, 426),
        ({"sec_websocket_version": "13, 8"}, 426),
        ({"sec_websocket_version": "14"}, 426),
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": ""}, 400),
        ({"sec_websocket_key": "x" * 24}, 400),
        ({"sec_websocket_key": base64.b64encode(bytes(15)).decode()}, 400),
        ({"sec_websocket_key": base64.b64encode(bytes(17)).decode()}, 400),
        ({"sec_websocket_key": "é" * 24}, 400),
        ({"sec_websocket_protocol": "other"}, 400),
        ({"sec_websocket_protocol": ""}, 400),
        ({"sec_websocket_protocol": "PARLEY.V1"}, 400),
        ({"version": "HTTP/1.0"}, 400),
        ({"host": ""}, 400),
    ],
)
def test_handshake_out_of_order_is_refused(headers: dict[str, str], expected: int) -> None:
    assert status(request(**headers)) == expected


@pytest.mark.parametrize(
    ("status", "code", "names"),
    [
        (400, "bad_request", set()),
        (403, "forbidden", set()),
        (426, "upgrade_required", {"Sec-WebSocket-Version", "Upgrade", "Connection"}),
        (429, "rate_limited", {"Retry-After"}),
        (503, "unavailable", {"Retry-After"}),
        (500, "internal", set()),
    ],
)
def test_problem_is_what_rest_answers_too(status: int, code: str, names: set[str]) -> None:
    headers, body = problem(status, "why")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers.keys() == {"Content-Type", "Cache-Control"} | names
    said = json.loads(body)
    assert (said["status"], said["code"], said["detail"]) == (status, code, "why")
