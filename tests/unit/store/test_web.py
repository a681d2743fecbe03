"""Whom a question to the web may go to: the operator's hosts, and addresses that are what they seem."""

import pytest

from store.web import Bounds

OUTSIDE = Bounds(frozenset({"id.example", "keys.example:8443"}))
LOCAL = Bounds(frozenset({"127.0.0.1:9000", "localhost:9000", "[::1]:9000"}), local=True)
INSIDE = Bounds(frozenset({"id.example"}), inside=True)


@pytest.mark.parametrize(
    "url",
    ["https://id.example", "https://id.example/a?b=c", "https://ID.example:443/", "https://keys.example:8443/keys"],
)
def test_hosts_of_the_operator_may_be_asked(url: str) -> None:
    assert OUTSIDE.permit(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/",
        "https://keys.example/",
        "https://id.example:8443/",
        "https://evil.example/",
        "https://id.example.evil.example/",
        "https://evil.example/https://id.example",
        "https://id.example@evil.example/",
        "https://evil@id.example/",
        "https://:secret@id.example/",
        "https://id.example\\@evil.example/",
        "https://evil.example\\.id.example/",
        "https://id.example/#a",
        "https://id.example /",
        "https://id.example/\r\nHost: evil",
        "\thttps://id.example/",
        "https://id.example:x/",
        "https://id.example:99999/",
        "https://[id.example/",
        "//id.example/",
        "id.example",
        "file:///etc/passwd",
        "gopher://id.example/",
        "javascript:alert(1)",
        "",
    ],
)
def test_nobody_else_may_be_asked(url: str) -> None:
    assert not OUTSIDE.permit(url)


def test_this_machine_may_be_asked_without_tls() -> None:
    assert LOCAL.permit("http://127.0.0.1:9000/token")
    assert LOCAL.permit("http://[::1]:9000/")
    assert not LOCAL.permit("http://127.0.0.1:9001/token")


PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"]
NEVER = [
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "2002:7f00:1::",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "100.64.0.1",
    "64:ff9b::7f00:1",
    "name.example",
    "",
]


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "64:ff9b::93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
)
def test_name_may_lead_to_an_address_of_the_internet(address: str) -> None:
    assert OUTSIDE.permit_peer(address)
    assert INSIDE.permit_peer(address)
    assert not LOCAL.permit_peer(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_name_may_lead_inside_where_the_operator_says_so(address: str) -> None:
    assert not OUTSIDE.permit_peer(address)
    assert INSIDE.permit_peer(address)
    assert not LOCAL.permit_peer(address)


@pytest.mark.parametrize("address", NEVER)
def test_name_never_leads_to_what_is_nobodys_server(address: str) -> None:
    assert not OUTSIDE.permit_peer(address)
    assert not INSIDE.permit_peer(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_provider_of_this_machine_is_on_this_machine(address: str) -> None:
    assert LOCAL.permit_peer(address)
