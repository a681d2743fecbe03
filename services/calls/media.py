"""The servers that carry media, from a file of the operator's: STUN, TURN, and one that all legs of a call send to."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from store.web import Bounds, host_of, is_loopback

URLS_LIMIT: Final = 8
"""Addresses of a kind: browsers warn of five and more, for each of them makes finding a way slower."""

_HOST: Final = r"(?:[a-zA-Z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?"
_STUN: Final = re.compile(rf"stuns?:{_HOST}")
_TURN: Final = re.compile(rf"turns?:{_HOST}(?:\?transport=(?:udp|tcp))?")
_KEY: Final = re.compile(r"[!-~]{1,256}")
_SECRET: Final = re.compile(r"[!-~]{32,512}")
"""Whoever was given one password can try secrets at home: it has to be one that nobody finds by trying."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The TURN servers, which all share one secret."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)
    """coturn's ``static-auth-secret``."""


@dataclass(frozen=True, slots=True)
class Sfu:
    """A media server with LiveKit's interface."""

    url: str
    """Where devices connect to."""
    api: str
    """Where this server asks it."""
    key: str
    secret: str = field(repr=False)
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class MediaServers:
    """What carries media beside the devices themselves."""

    stun: tuple[str, ...] = ()
    turn: Turn | None = None
    sfu: Sfu | None = None


class BadMediaServers(ValueError):
    """The file of media servers cannot be used; each line says one thing that is wrong with it."""


def load_media(path: Path | None) -> MediaServers:
    """Return the media servers of a file; without one devices reach each other directly or not at all.

    Raises:
        BadMediaServers: With everything that is wrong. No secret is repeated.
        OSError: If the file cannot be read.
    """
    if path is None:
        return MediaServers()
    try:
        return read_media(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadMediaServers(f"{path} cannot be used:\n  {error}") from error


def read_media(text: str) -> MediaServers:
    """Return the media servers of a file: a JSON object, as ``docs/operations.md`` describes it.

    Raises:
        BadMediaServers: With everything that is wrong. No secret is repeated.
    """
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadMediaServers(f"is not JSON: {error}") from error
    problems: list[str] = []
    if not _fits(given, "the file", {}, {"stun": _urls(_STUN, "stun"), "turn": _object, "sfu": _object}, problems):
        raise BadMediaServers("\n  ".join(problems))
    turn, sfu = given.get("turn"), given.get("sfu")
    if turn is not None:
        _fits(turn, "turn", {"urls": _urls(_TURN, "turn"), "secret": _secret}, {}, problems)
    if sfu is not None:
        needed = {"url": _socket, "key": _key, "secret": _secret}
        _fits(sfu, "sfu", needed, {"api": _api, "inside": _flag}, problems)
    if problems:
        raise BadMediaServers("\n  ".join(problems))
    return MediaServers(
        stun=tuple(given.get("stun", ())),
        turn=None if turn is None else Turn(tuple(turn["urls"]), turn["secret"]),
        sfu=None if sfu is None else _sfu(sfu),
    )


def _sfu(given: dict[str, Any]) -> Sfu:
    url = given["url"].rstrip("/")
    api = given.get("api", re.sub("^ws", "http", url)).rstrip("/")
    parts = urlsplit(api)
    bounds = Bounds(frozenset((host_of(parts),)), local=is_loopback(parts), inside=given.get("inside", False))
    return Sfu(url, api, given["key"], given["secret"], bounds)


_Check = Callable[[Any], str | None]
"""Says what is wrong with a value; None where nothing is."""


def _fits(
    given: Any, where: str, needed: Mapping[str, _Check], more: Mapping[str, _Check], problems: list[str]
) -> bool:
    """Tell whether an object has what it needs and nothing strange; note what is wrong with it."""
    if not isinstance(given, dict):
        problems.append(f"{where} has to be an object")
        return False
    checks = {**needed, **more}
    wrong = [f"{where}: {name} is missing" for name in sorted(needed.keys() - given.keys())]
    wrong += [f"{where}: {name} is none of its fields" for name in sorted(given.keys() - checks.keys())]
    for name in sorted(checks.keys() & given.keys()):
        if words := checks[name](given[name]):
            wrong.append(f"{where}: {name} {words}")
    problems += wrong
    return not wrong


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "has to be an object"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "has to be true or false"


def _key(value: Any) -> str | None:
    fits = isinstance(value, str) and _KEY.fullmatch(value)
    return None if fits else "has to be 1 to 256 characters, no spaces"


def _secret(value: Any) -> str | None:
    fits = isinstance(value, str) and _SECRET.fullmatch(value)
    return None if fits else "has to be 32 to 512 characters, no spaces; 64 random hexadecimal digits are good"


def _urls(form: re.Pattern[str], scheme: str) -> _Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not 1 <= len(value) <= URLS_LIMIT:
            return f"has to be a list of 1 to {URLS_LIMIT} addresses"
        for number, url in enumerate(value, 1):
            # It is not repeated: somebody may have written a password into it.
            if not isinstance(url, str) or not form.fullmatch(url) or _port(url) > 65535:
                return f"has one, number {number}, that is not {scheme}: or {scheme}s:, a host, and :port where needed"
        return None

    return check


def _port(url: str) -> int:
    found = re.search(r":([0-9]+)(?:\?.*)?$", url)
    return int(found[1]) if found else 0


def _socket(value: Any) -> str | None:
    return _address(value, "ws")


def _api(value: Any) -> str | None:
    return _address(value, "http")


def _address(value: Any, scheme: str) -> str | None:
    parts = _split(value)
    if parts is None or parts.scheme not in (scheme, f"{scheme}s") or parts.query or parts.fragment:
        return f"has to be an address: {scheme}s://, a host, and a path where it has one"
    if parts.scheme == scheme and not is_loopback(parts):
        return f"has to begin with {scheme}s://; {scheme}:// is for a server on this machine alone"
    return None


def _split(value: Any) -> SplitResult | None:
    if not isinstance(value, str) or not _KEY.fullmatch(value) or "@" in value or "\\" in value:
        return None
    try:
        parts = urlsplit(value)
        return parts if host_of(parts) else None
    except ValueError:
        return None
