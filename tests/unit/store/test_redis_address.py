"""What a Redis may be called, and what is said of a URL that is none."""

import pytest

from store.redis.address import Address, Login, Tls, parse
from store.redis.names import prefix


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://cache", Address("single", (("cache", 6379),))),
        ("redis://cache:1234/2", Address("single", (("cache", 1234),), db=2)),
        ("redis://cache?db=2", Address("single", (("cache", 6379),), db=2)),
        ("redis://[::1]:1234/", Address("single", (("::1", 1234),))),
        ("redis://:p%40:w@cache", Address("single", (("cache", 6379),), Login(None, "p@:w"))),
        ("redis://me:pw@cache", Address("single", (("cache", 6379),), Login("me", "pw"))),
        ("rediss://cache", Address("single", (("cache", 6379),), tls=Tls())),
        (
            "rediss://cache?ssl_ca_certs=/etc/ca.pem&ssl_certfile=c&ssl_keyfile=k&ssl_check_hostname=false",
            Address("single", (("cache", 6379),), tls=Tls("/etc/ca.pem", "c", "k", check_name=False)),
        ),
        (
            "redis+sentinel://me:pw@a,b:1,[::1]/chat?db=3&sentinel_username=s&sentinel_password=x%26y",
            Address(
                "sentinel",
                (("a", 26379), ("b", 1), ("::1", 26379)),
                Login("me", "pw"),
                db=3,
                service="chat",
                sentinel_login=Login("s", "x&y"),
            ),
        ),
        ("rediss+sentinel://a/chat", Address("sentinel", (("a", 26379),), tls=Tls(), service="chat")),
        ("redis+cluster://:pw@a,b:7000", Address("cluster", (("a", 6379), ("b", 7000)), Login(None, "pw"))),
        ("rediss+cluster://a/0", Address("cluster", (("a", 6379),), tls=Tls())),
    ],
)
def test_addresses_are_read(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cache:6379",
        "unix:///hunter2",
        "http://cache",
        "redis+sentinel://me:hunter2@a",
        "redis+sentinel://me:hunter2@a/x/y",
        "redis+cluster://me:hunter2@a/1",
        "redis+cluster://me:hunter2@a?db=0",
        "redis://me:hunter2@a,b",
        "redis://me:hunter2@",
        "redis://me:hunter2@a:port",
        "redis://me:hunter2@a:0",
        "redis://me:hunter2@a:65536",
        "redis://me:hunter2@a:",
        "redis://me:hunter2@a/x",
        "redis://me:hunter2@a?db=x",
        "redis://me:hunter2@a?db=",
        "redis://me:hunter2@a?db=1&db=2",
        "redis://me:hunter2@a?unknown=1",
        "redis://me:hunter2@a?db",
        "redis://me:hunter2@a?ssl_ca_certs=x",
        "redis://me:hunter2@a?sentinel_password=x",
        "rediss://me:hunter2@a?ssl_keyfile=x",
        "rediss://me:hunter2@a?ssl_check_hostname=maybe",
        "redis://me:hun/ter2@a",
        "redis://me:hun?ter2@a",
        "redis://me:hun#ter2@a",
        "redis://me:hunter2#x@a",
        "redis://hunter2@a",
        "redis://me:@a",
        "redis://me:hunter2@a b",
        "redis://me:hunter2@a..b",
        "redis://me:hunter2@" + "a" * 64,
        "redis://me:hunter2@a/0?hunter2",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(url)
    assert not any(part in str(refused.value) for part in ("hunter2", "ter2", "hun/", "hun?", "hun#"))


def test_an_address_shows_no_password() -> None:
    shown = repr(parse("redis+sentinel://me:hunter2@a/x?sentinel_password=hunter2"))
    assert "hunter2" not in shown


def test_names_of_an_installation_begin_alike_and_have_no_hash_tag() -> None:
    assert prefix("chat.example-1_x") == "parley:chat.example-1_x:"
    for bad in ("", "a:b", "{a}", "a b", "x" * 65):
        with pytest.raises(ValueError):
            prefix(bad)
