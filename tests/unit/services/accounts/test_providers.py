"""The operator's file of providers: what it may say, and that every mistake in it is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.accounts.signin.naming import plain
from services.accounts.signin.providers import BadProviders, load_providers, read_providers
from tests.client.checks import Json

GOOD: Json = {
    "name": "google",
    "label": "Google",
    "kind": "openid",
    "issuer": "https://accounts.google.com",
    "client_id": "id",
    "client_secret": "hush-hush",
}
HUB: Json = {"name": "github", "label": "GitHub", "kind": "github", "client_id": "id", "client_secret": "hush-hush"}


def read(*entries: Any) -> Any:
    return read_providers(json.dumps(entries))


def refusal(*entries: Any) -> str:
    with pytest.raises(BadProviders) as caught:
        read(*entries)
    return str(caught.value)


def test_google_may_be_asked_at_its_own_hosts() -> None:
    (google,) = read(GOOD)
    assert google.bounds.permit("https://oauth2.googleapis.com/token")
    assert google.bounds.permit("https://www.googleapis.com/oauth2/v3/certs")
    assert not google.bounds.permit("https://evil.googleapis.com/token")
    assert not google.bounds.local


def test_github_needs_no_issuer_and_is_asked_at_its_interface() -> None:
    (hub,) = read(HUB)
    assert (hub.issuer, hub.bounds.hosts) == ("https://github.com", {"github.com", "api.github.com"})


def test_other_hosts_are_those_that_the_file_names() -> None:
    (one,) = read(GOOD | {"issuer": "https://id.example:8443/realm", "hosts": ["keys.example"]})
    assert one.bounds.hosts == {"id.example:8443", "keys.example"}


def test_file_may_have_no_provider_and_need_not_be_there(tmp_path: Path) -> None:
    assert read() == ()
    assert load_providers(None) == ()
    file = tmp_path / "providers.json"
    file.write_text(json.dumps([GOOD, HUB]))
    assert [provider.name for provider in load_providers(file)] == ["google", "github"]


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:2", "http://a.localhost"]
)
def test_provider_of_this_machine_needs_no_tls(issuer: str) -> None:
    (one,) = read(GOOD | {"issuer": issuer})
    assert one.bounds.local


BAD: list[tuple[Json, str]] = [
    ({"name": "Goo gle"}, "name has to be"),
    ({"name": "-a"}, "name has to be"),
    ({"name": 7}, "name has to be"),
    ({"label": ""}, "label has to be"),
    ({"label": "a\nb"}, "label has to be"),
    ({"kind": "saml"}, "kind has to be openid or github"),
    ({"issuer": "http://id.example"}, "begin with https://"),
    ({"issuer": "http://localhost.example"}, "begin with https://"),
    ({"issuer": "ftp://id.example"}, "has to be an address"),
    ({"issuer": "https://"}, "has to be an address"),
    ({"issuer": "https://a@id.example"}, "has to be an address"),
    ({"issuer": "https://id.example/?a=b"}, "has to be an address"),
    ({"issuer": "https://id.example\\@evil.example"}, "has to be an address"),
    ({"issuer": "https://id.example:99999"}, "has to be an address"),
    ({"issuer": None}, "has to be an address"),
    ({"client_id": ""}, "client_id has to be"),
    ({"client_secret": "two words"}, "client_secret has to be"),
    ({"hosts": "keys.example"}, "hosts has to be"),
    ({"hosts": ["https://keys.example"]}, "hosts has to be"),
    ({"inside": "yes"}, "inside has to be true or false"),
    ({"secret": "x"}, "secret is no field"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=str)
def test_bad_value_is_told_with_its_provider(change: Json, words: str) -> None:
    text = refusal(HUB, GOOD | change)
    assert words in text
    assert "provider 2" in text
    assert "hush-hush" not in text


def test_every_mistake_is_told_at_once() -> None:
    text = refusal({"kind": "github"}, GOOD | {"label": ""}, "x")
    for words in (
        "provider 1: client_id is missing",
        "provider 1: client_secret is missing",
        "provider 1: label is missing",
        "provider 1: name is missing",
        "provider 2 (google): label has to be",
        "provider 3 has to be an object",
    ):
        assert words in text


def test_two_providers_have_neither_a_name_nor_an_issuer_in_common() -> None:
    text = refusal(GOOD, GOOD)
    assert "the name 'google' stands more than once" in text
    assert "the issuer 'https://accounts.google.com' stands more than once" in text


@pytest.mark.parametrize("text", ["", "{", "{}", '"x"', "null", json.dumps([GOOD] * 21)])
def test_what_is_no_list_of_providers_is_refused(text: str) -> None:
    with pytest.raises(BadProviders):
        read_providers(text)


def test_refusal_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.write_bytes(b"\xff")
    with pytest.raises(BadProviders, match=r"providers\.json cannot be used"):
        load_providers(file)


def test_secret_is_in_no_text_of_a_provider() -> None:
    assert "hush-hush" not in repr(read(GOOD))


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("Ann", "Ann"),
        ("ann.b@provider.example", "ann-b"),
        ("José Núñez", "Jose-Nunez"),
        ("", "user-new"),
        ("李", "user-new"),
        ("ab", "ab-new"),
        ("--x--", "x-new"),
        ("<script>alert(1)</script>", "script-alert-1-scrip"),
        ("a" * 19 + " b", "a" * 19),
    ],
)
def test_username_is_made_of_what_may_stand_in_one(wish: str, name: str) -> None:
    assert plain(wish) == name
