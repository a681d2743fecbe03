"""The operator's file of media servers: what it may say, and that every mistake in it is told."""

import json
import secrets
from pathlib import Path

import pytest

from services.calls.media import BadMediaServers, MediaServers, load_media, read_media
from tests.client.checks import Json

SECRET = secrets.token_hex(32)
TURN: Json = {"urls": ["turn:turn.example:3478", "turns:turn.example:5349?transport=tcp"], "secret": SECRET}
SFU: Json = {"url": "wss://media.example", "key": "APIkey", "secret": SECRET}
GOOD: Json = {"stun": ["stun:stun.example", "stun:[2001:db8::1]:3478"], "turn": TURN, "sfu": SFU}


def refusal(given: object) -> str:
    with pytest.raises(BadMediaServers) as caught:
        read_media(json.dumps(given))
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_everything_is_read() -> None:
    media = read_media(json.dumps(GOOD))
    assert media.stun == tuple(GOOD["stun"])
    assert media.turn is not None
    assert media.turn.urls == tuple(TURN["urls"])
    assert media.turn.secret == SECRET
    assert media.sfu is not None
    assert (media.sfu.url, media.sfu.key, media.sfu.secret) == ("wss://media.example", "APIkey", SECRET)


def test_no_secret_shows_where_it_is_printed() -> None:
    assert SECRET not in repr(read_media(json.dumps(GOOD)))


def test_nothing_has_to_be_there(tmp_path: Path) -> None:
    assert read_media("{}") == load_media(None) == MediaServers()
    file = tmp_path / "calls.json"
    file.write_text(json.dumps({"turn": TURN}))
    assert load_media(file) == read_media(json.dumps({"turn": TURN}))


def test_media_server_is_asked_at_its_own_host_unless_told_otherwise() -> None:
    media = read_media(json.dumps({"sfu": SFU | {"url": "wss://media.example:7443/livekit/"}}))
    assert media.sfu is not None
    assert media.sfu.api == "https://media.example:7443/livekit"
    assert media.sfu.bounds.permit("https://media.example:7443/livekit/twirp/livekit.RoomService/DeleteRoom")
    assert not media.sfu.bounds.permit("https://media.example/twirp")
    assert not media.sfu.bounds.permit_peer("10.0.0.5")


def test_media_server_may_be_asked_inside() -> None:
    media = read_media(json.dumps({"sfu": SFU | {"api": "https://10.0.0.5:7880", "inside": True}}))
    assert media.sfu is not None
    assert media.sfu.bounds.permit("https://10.0.0.5:7880/twirp")
    assert media.sfu.bounds.permit_peer("10.0.0.5")


def test_media_server_on_this_machine_needs_no_tls() -> None:
    media = read_media(json.dumps({"sfu": SFU | {"url": "ws://localhost:7880"}}))
    assert media.sfu is not None
    assert media.sfu.api == "http://localhost:7880"
    assert media.sfu.bounds.local


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "the file has to be an object"),
        ({"turns": TURN}, "the file: turns is none of its fields"),
        ({"turn": None}, "the file: turn has to be an object"),
        ({"turn": {"urls": ["turn:a.example"]}}, "turn: secret is missing"),
        ({"turn": TURN | {"secret": "short"}}, "turn: secret has to be 32 to 512 characters"),
        ({"turn": TURN | {"secret": SECRET + " "}}, "turn: secret has to be 32 to 512 characters"),
        ({"turn": TURN | {"urls": []}}, "turn: urls has to be a list of 1 to 8 addresses"),
        ({"turn": TURN | {"urls": "turn:a.example"}}, "turn: urls has to be a list of 1 to 8 addresses"),
        ({"turn": TURN | {"urls": ["turn:a.example:1"] * 9}}, "turn: urls has to be a list of 1 to 8 addresses"),
        ({"turn": TURN | {"urls": ["turn:a.example", "turn:a.example:66000"]}}, "turn: urls has one, number 2,"),
        ({"turn": TURN | {"urls": ["turn://a.example"]}}, "that is not turn: or turns:"),
        ({"turn": TURN | {"urls": [f"turn:me:{SECRET}@a.example"]}}, "that is not turn: or turns:"),
        ({"turn": TURN | {"urls": ["turn:a.example?transport=sctp"]}}, "that is not turn: or turns:"),
        ({"stun": ["turn:a.example"]}, "the file: stun has one, number 1, that is not stun: or stuns:"),
        ({"stun": ["stun:a.example?transport=udp"]}, "that is not stun: or stuns:"),
        ({"sfu": SFU | {"url": "https://media.example"}}, "sfu: url has to be an address: wss://"),
        ({"sfu": SFU | {"url": "ws://media.example"}}, "sfu: url has to begin with wss://"),
        ({"sfu": SFU | {"url": "wss://media.example?a=b"}}, "sfu: url has to be an address"),
        ({"sfu": SFU | {"url": "wss://me:word@media.example"}}, "sfu: url has to be an address"),
        ({"sfu": SFU | {"url": "wss://media.example:port"}}, "sfu: url has to be an address"),
        ({"sfu": SFU | {"api": "http://media.example"}}, "sfu: api has to begin with https://"),
        ({"sfu": SFU | {"key": ""}}, "sfu: key has to be 1 to 256 characters"),
        ({"sfu": SFU | {"inside": 1}}, "sfu: inside has to be true or false"),
    ],
)
def test_mistake_is_told(given: object, words: str) -> None:
    assert words in refusal(given)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    file.write_text(json.dumps({"turn": {"urls": []}, "sfu": {"url": "wss://media.example"}}))
    with pytest.raises(BadMediaServers) as caught:
        load_media(file)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{file} cannot be used:"
    assert len(lines) == 4


def test_what_is_not_json_is_told() -> None:
    with pytest.raises(BadMediaServers, match="is not JSON"):
        read_media("{")
