"""What an operator should hear at the start: parts that others could reach and use, as far as their addresses tell."""

import ipaddress
import re
from typing import Final
from urllib.parse import parse_qsl

_OPTION: Final = "?"


def cautions(mongo_url: str | None, redis_url: str | None) -> list[str]:
    """Return what is unsafe about where things are kept. No password, name or option of an address is repeated."""
    found = []
    if mongo_url is not None:
        found += _open_to_others("MongoDB", mongo_url, mongo_url.startswith("mongodb+srv://"))
        if "zlib" in _options(mongo_url).get("compressors", ""):
            found.append("MongoDB is asked to compress with zlib, which servers have been broken into by: leave it out")
    if redis_url is not None:
        found += _open_to_others("Redis", redis_url, elsewhere=False)
    return found


def _open_to_others(part: str, url: str, elsewhere: bool) -> list[str]:
    """Return the warning where a part on another machine asks for no password."""
    place = url.partition("://")[2]
    proof, at, hosts = re.split("[/?]", place)[0].rpartition("@")
    proved = bool(at and proof.strip(":")) or "authmechanism" in _options(url)
    if proved or not (elsewhere or any(not _is_here(host) for host in hosts.split(","))):
        return []
    return [f"{part} on another machine is used without a password: whoever reaches it reads and writes everything"]


def _is_here(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() in ("localhost", ""):
        return True
    if "%2f" in name.lower():
        return True  # a socket of this machine
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _options(url: str) -> dict[str, str]:
    return {name.lower(): value.lower() for name, value in parse_qsl(url.partition(_OPTION)[2])}
