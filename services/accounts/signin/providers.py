"""The providers that the operator has chosen, from a file of theirs."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from store.web import Bounds, host_of, is_loopback

PROVIDERS_LIMIT: Final = 20
"""As many buttons as a page can show."""

GOOGLE: Final = "https://accounts.google.com"
GITHUB: Final = "https://github.com"

KNOWN_HOSTS: Final[dict[str, tuple[str, ...]]] = {
    GOOGLE: ("oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"),
    GITHUB: ("api.github.com",),
}
"""Where these have their other doors, as their documents of discovery and of the interface say."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_HOST: Final = re.compile(r"[a-z0-9.-]{1,253}(?::[0-9]{1,5})?")
_TEXT: Final = re.compile(r"[!-~]{1,512}")
_LABEL: Final = re.compile(r"[^\x00-\x1f\x7f]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider of sign-ins."""

    name: str
    """In addresses of ours; never to be changed, for the provider knows the address that people come back to."""
    label: str
    """For people to read."""
    kind: Literal["openid", "github"]
    issuer: str
    """Who vouches for people: compared exactly, letter by letter."""
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    bounds: Bounds


class BadProviders(ValueError):
    """The file of providers cannot be used; each line says one thing that is wrong with it."""


def load_providers(path: Path | None) -> tuple[Provider, ...]:
    """Return the providers of a file; without one nobody signs in elsewhere.

    Raises:
        BadProviders: With everything that is wrong. No secret is repeated.
        OSError: If the file cannot be read.
    """
    if path is None:
        return ()
    try:
        return read_providers(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadProviders(f"{path} cannot be used:\n  {error}") from error


def read_providers(text: str) -> tuple[Provider, ...]:
    """Return the providers of a file: a JSON list of objects, as ``docs/operations.md`` describes them.

    Raises:
        BadProviders: With everything that is wrong. No secret is repeated.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise BadProviders(f"is not JSON: {error}") from error
    if not isinstance(entries, list) or len(entries) > PROVIDERS_LIMIT:
        raise BadProviders(f"has to be a list of {PROVIDERS_LIMIT} providers at most")
    problems: list[str] = []
    found = [_provider(entry, f"provider {number}", problems) for number, entry in enumerate(entries, 1)]
    providers = [provider for provider in found if provider is not None]
    for what, values in (("name", [p.name for p in providers]), ("issuer", [p.issuer for p in providers])):
        # Whoever has one issuer twice would have one person under two keys, or two under one.
        problems += [f"the {what} {value!r} stands more than once" for value in sorted(_repeated(values))]
    if problems:
        raise BadProviders("\n  ".join(problems))
    return tuple(providers)


def _repeated(values: list[str]) -> set[str]:
    return {value for value in values if values.count(value) > 1}


def _matching(form: re.Pattern[str], words: str) -> Callable[[Any], str | None]:
    return lambda value: None if isinstance(value, str) and form.fullmatch(value) else words


def _hosts(value: Any) -> str | None:
    fits = isinstance(value, list) and all(isinstance(host, str) and _HOST.fullmatch(host) for host in value)
    return None if fits else "has to be a list of hosts in lower case, without https://"


def _issuer(value: Any) -> str | None:
    try:
        parts = urlsplit(value) if isinstance(value, str) and _TEXT.fullmatch(value) else None
        fits = parts is not None and bool(host_of(parts)) and parts.scheme in ("https", "http")
    except ValueError:
        fits, parts = False, None
    if not fits or parts is None or parts.query or parts.fragment or "@" in parts.netloc or "\\" in value:
        return "has to be an address: https://, a host, and a path where it has one"
    if parts.scheme == "http" and not is_loopback(parts):
        return "has to begin with https://; http:// is for a provider on this machine alone"
    return None


_FIELDS: Final[dict[str, Callable[[Any], str | None]]] = {
    "name": _matching(_NAME, "has to be 1 to 32 of a-z, 0-9 and hyphens between them"),
    "label": _matching(_LABEL, "has to be 1 to 40 characters"),
    "kind": lambda value: None if value in ("openid", "github") else "has to be openid or github",
    "issuer": _issuer,
    "client_id": _matching(_TEXT, "has to be what the provider gave: 1 to 512 characters, no spaces"),
    "client_secret": _matching(_TEXT, "has to be what the provider gave: 1 to 512 characters, no spaces"),
    "hosts": _hosts,
    "inside": lambda value: None if isinstance(value, bool) else "has to be true or false",
}
"""What an entry may have, and for each what is wrong with a value; None where nothing is."""


def _provider(entry: Any, where: str, problems: list[str]) -> Provider | None:
    if not isinstance(entry, dict):
        problems.append(f"{where} has to be an object")
        return None
    if isinstance(entry.get("name"), str) and _NAME.fullmatch(entry["name"]):
        where = f"{where} ({entry['name']})"
    is_github = entry.get("kind") == "github"
    entry = ({"issuer": GITHUB} if is_github else {}) | entry
    needed = {"name", "label", "kind", "issuer", "client_id"} | ({"client_secret"} if is_github else set())
    wrong = [f"{where}: {name} is missing" for name in sorted(needed - entry.keys())]
    wrong += [f"{where}: {name} is no field of a provider" for name in sorted(entry.keys() - _FIELDS.keys())]
    for name in _FIELDS.keys() & entry.keys():
        if words := _FIELDS[name](entry[name]):
            wrong.append(f"{where}: {name} {words}")
    problems += sorted(wrong)
    return None if wrong else _made(entry)


def _made(entry: dict[str, Any]) -> Provider:
    issuer, parts = entry["issuer"], urlsplit(entry["issuer"])
    hosts = frozenset((host_of(parts), *KNOWN_HOSTS.get(issuer, ()), *entry.get("hosts", ())))
    return Provider(
        name=entry["name"],
        label=entry["label"],
        kind=entry["kind"],
        issuer=issuer,
        client_id=entry["client_id"],
        client_secret=entry.get("client_secret"),
        bounds=Bounds(hosts, local=is_loopback(parts), inside=entry.get("inside", False)),
    )
