from ipaddress import ip_network

import pytest
from tornado.httputil import HTTPHeaders

from handlers.entrance.forwarded import Proxies

PROXIES = Proxies([ip_network("10.0.0.0/8"), ip_network("192.0.2.7"), ip_network("fd00::/8")])


def source(peer: str, forwarded: str | None = None, scheme: str | None = None) -> tuple[str, str | None]:
    """Return who asked, by these proxies."""
    given = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": scheme}
    return PROXIES.source(peer, HTTPHeaders({name: value for name, value in given.items() if value is not None}))


@pytest.mark.parametrize("peer", ["203.0.113.9", "11.0.0.1", "2001:db8::1", "::1", "127.0.0.1"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert source(peer, "198.51.100.1", "https") == (peer, None)


def test_without_proxies_nobody_is_believed() -> None:
    headers = HTTPHeaders({"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"})
    assert Proxies().source("127.0.0.1", headers) == ("127.0.0.1", None)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        (" 198.51.100.1 ", "198.51.100.1"),
        ("198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("198.51.100.1, 10.9.9.9, 192.0.2.7", "198.51.100.1"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("198.51.100.1:5000", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ],
)
def test_right_most_that_is_no_proxy_is_the_client(forwarded: str, client: str) -> None:
    for peer in ("10.0.0.5", "192.0.2.7", "fd00::5", "::ffff:10.0.0.5"):
        assert source(peer, forwarded)[0] == client


@pytest.mark.parametrize(
    "forwarded", ["127.0.0.1, 198.51.100.1", "10.0.0.9, 198.51.100.1", "unknown, 198.51.100.1", ", , 198.51.100.1"]
)
def test_what_a_client_says_of_itself_is_worth_nothing(forwarded: str) -> None:
    assert source("10.0.0.5", forwarded)[0] == "198.51.100.1"


@pytest.mark.parametrize("last", ["unknown", "", "198.51.100.1.example", "_hidden", "198.51.100.256", "1"])
def test_proxy_that_names_no_address_is_taken_for_the_client(last: str) -> None:
    assert source("10.0.0.5", f"198.51.100.1, {last}")[0] == "10.0.0.5"
    assert source("10.0.0.5", f"198.51.100.1, {last}, 10.0.0.6")[0] == "10.0.0.6"


def test_proxy_that_says_nothing_is_the_client() -> None:
    assert source("10.0.0.5") == ("10.0.0.5", None)


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("HTTP", "http"), ("http, https", "https"), ("https,http", "http"), ("wss", None), ("", None)],
)
def test_scheme_is_the_nearest_proxys_word(said: str, scheme: str | None) -> None:
    assert source("10.0.0.5", "198.51.100.1", said)[1] == scheme
