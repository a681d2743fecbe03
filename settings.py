"""What the operator may choose: one frozen value, read once at the start; the only reader of the environment."""

import argparse
import difflib
import ipaddress
import itertools
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, get_args

PREFIX: Final = "PARLEY_"
"""Variables that begin so are ours: an unknown one is refused, for a slip of the pen must not pass silently."""
TEST_PREFIX: Final = "PARLEY_TEST_"
"""Variables of the test suite, which the server leaves alone."""

_SAMPLES: Final = ("changeme", "default", "example", "insecure", "password", "placeholder", "sample", "secret")
_ORIGIN: Final = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_HOST: Final = re.compile(r"(?!-|[0-9.]+$)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)
_MAILBOX: Final = r"[^\s<>()\[\],;:\\\"@]+@[A-Za-z0-9.-]+"
_REDIS: Final = tuple(f"redis{tls}{kind}://" for kind in ("", "+sentinel", "+cluster") for tls in ("", "s"))
_FORMS: Final = ("", "backup FILE ", "restore FILE [--force] ", "documents DIR ", "admin ")

Form = Literal["auto", "json", "text"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def redacted(url: str) -> str:
    """Return an address as it may be logged: without name, password and options, and without what may be of those."""
    scheme, _, rest = url.partition("://")
    before, at, place = rest.rpartition("@")
    return f"{scheme}://{'***@' if at else ''}{'' if re.search('[?].*=', before) else place.partition('?')[0]}"


def usable_secret(text: str) -> str:
    """Return a secret that may be relied on as it is.

    Raises:
        ValueError: If it is short or looks like a sample. What it says does not repeat it.
    """
    if len(text) < 32:  # 128 bits where it is written in hexadecimal
        raise ValueError(f"has {len(text)} characters; 32 are the least")
    letters = re.sub(r"[\W_]", "", text.lower())
    # Of random hexadecimal digits 3 in 16 are next to the one before; of "aaaa" and "0123" all are.
    steps = sum(abs(ord(a) - ord(b)) <= 1 for a, b in itertools.pairwise(text))
    repeated = text in (text + text)[1:-1]
    if any(sample in letters for sample in _SAMPLES) or steps * 2 > len(text) or len(set(text)) < 8 or repeated:
        raise ValueError("looks like a sample; 64 random hexadecimal digits are good")
    return text


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _like(pattern: str, what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    return _like("|".join(choices), f"one of {', '.join(choices)}")


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if _HOST.fullmatch(text):
            return text.lower()
        raise ValueError(f"{text!r} is neither an IP address nor a host name") from None


def _directory(text: str) -> Path:
    if (path := Path(text)).exists() and not path.is_dir():
        raise ValueError(f"{text!r} is not a directory")
    return path


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text.startswith(schemes):
            raise ValueError(f"does not begin with {' or '.join(schemes)}")
        if re.search(r"\s", text) or not re.split(r"[/?]", text.partition("://")[2].rpartition("@")[2])[0]:
            raise ValueError(f"{redacted(text)!r} names no host, or has a space in it")
        return text

    return parse


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if match is None or int(match[3] or 0) > 65535:
        raise ValueError(f"{text!r} is not an origin: http:// or https://, a host, and :port where it has one")
    scheme = match[1].lower()
    host = f"[{_address(match[2][1:-1])}]" if match[2].startswith("[") else _address(match[2])
    # Browsers leave out the port that the scheme implies.
    port = "" if match[3] is None or int(match[3]) == {"http": 80, "https": 443}[scheme] else f":{int(match[3])}"
    return f"{scheme}://{host}{port}"


def _private_file(text: str) -> Path:
    if not (path := Path(text)).is_file() or (os.name == "posix" and path.stat().st_mode & 0o004):
        raise ValueError(f"{text!r} is no file, or one that every user of this machine may read: chmod 600")
    return path


def _network(text: str) -> Network:
    if (network := ipaddress.ip_network(text)).prefixlen == 0:
        raise ValueError(f"{text!r} is everybody: any client could give itself any address")
    return network


def _set_of(kind: Callable[[str], object]) -> Callable[[str], frozenset[object]]:
    return lambda text: frozenset(kind(part) for part in re.split(r"[,\s]+", text.strip(" ,")))


_origins, _networks = _set_of(_origin), _set_of(_network)
_node = _like(r"[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, hyphens or underscores")
_sender = _like(rf"([\w .'-]{{1,64}}<{_MAILBOX}>|{_MAILBOX})", "an address, or a name and one: Ada <ada@chat.example>")
_HERE: Final = re.sub(r"[^A-Za-z0-9._-]", "-", f"{socket.gethostname()[:52]}-{os.getpid()}")


@dataclass(frozen=True, slots=True)
class Command:
    """What ``server.py`` is asked to do."""

    verb: Literal["serve", "backup", "restore", "documents", "admin"] = "serve"
    path: Path = Path()
    """The FILE of backup and restore, the DIR of documents."""
    force: bool = False
    """Whether ``restore`` may replace what is there."""


def _may(default: Any, parse: Callable[[str], object], metavar: str, meaning: str, told: str | None = None) -> Any:
    """Return a field of ``Settings`` that can be given; see ``Option``. URLs may have passwords in them: none shows."""
    told = told or {True: "on", None: "none", frozenset(): "none"}.get(default, str(default))
    return field(default=default, repr=metavar not in ("URL", ""), metadata={"option": (parse, metavar, meaning, told)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be chosen. Parts are given what they need of it, never the whole."""

    port: int = _may(8080, _whole(0, 65535), "NUMBER", "port of REST, websockets and the page; 0: any free one")
    address: str = _may("127.0.0.1", _address, "ADDRESS", "where to listen; 0.0.0.0 or :: for every network")
    data_dir: Path = _may(Path("data"), _directory, "DIR", "directory of the SQLite database and the secrets")  # noqa: RUF009
    """Made where missing. Holds SQLite's database and secrets that are not given: who reads it can sign tokens."""
    mongo_url: str | None = _may(None, _url("mongodb://", "mongodb+srv://"), "URL", "MongoDB to keep all, not SQLite")
    """Of a replica set. Logged only ``redacted``."""
    redis_url: str | None = _may(None, _url(*_REDIS), "URL", "Redis that joins nodes (docs/decisions/0004-broker.md)")
    url: str | None = _may(None, _origin, "ORIGIN", "where people reach it: https://chat.example", "localhost")
    smtp_url: str | None = _may(None, _url("smtp://", "smtps://"), "URL", "mail server: smtp://user:password@host:587")
    """None writes letters to the terminal, where ``url`` is this machine, and sends none where it is not."""
    mail_from: str | None = _may(None, _sender, "ADDRESS", "whom letters are from", "Parley, at the host of --url")
    providers: Path | None = _may(None, _private_file, "FILE", "JSON that tells of sign-ins elsewhere")  # noqa: RUF009
    calls: Path | None = _may(None, _private_file, "FILE", "JSON of STUN, TURN and a media server")  # noqa: RUF009
    words: Path | None = _may(None, _private_file, "FILE", "words of your own for the filter")  # noqa: RUF009
    cors_origins: frozenset[str] = _may(frozenset(), _origins, "LIST", "other sites whose pages may ask, by commas")
    """Of REST and ``/ws``. No wildcard: any page could speak for its reader."""
    trusted_proxies: frozenset[Network] = _may(frozenset(), _networks, "LIST", "proxies to believe: 10.0.0.5,...")
    """Whose ``X-Forwarded-For`` and ``-Proto`` are believed. Whoever can ask from there can pass for any address."""
    limits: bool = _may(True, _switch, "on|off", "limits of rates, requests and sockets; off for tests alone")
    bcrypt_cost: int = _may(12, _whole(4, 15), "NUMBER", "work to check a password: 12 takes 0.2 s, each more twice it")
    log: Form = _may("auto", _one_of(*get_args(Form)), "FORM", "auto, json or text; auto: text on a terminal")  # noqa: RUF009
    log_level: str = _may("info", _one_of("debug", "info", "warning", "error"), "LEVEL", "the least that is logged")
    metrics_port: int | None = _may(None, _whole(0, 65535), "NUMBER", "port of /metrics alone", "none, --port has it")
    metrics_address: str = _may("127.0.0.1", _address, "ADDRESS", "where --metrics-port listens")
    node: str = _may(_HERE, _node, "NAME", "name of this node in the log and among nodes", "host name and process")
    secret: str | None = _may(None, usable_secret, "", "signs tokens; 32 characters or more, random", "made at start")
    """From the environment alone: all users of a machine see command lines. It peppers passwords too: another one ends
    all sessions, and no password is right. None: made at the first start and kept in ``data_dir``."""
    command: Command = Command()
    """From the command line alone."""

    @classmethod
    def read(cls, arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings of a command line and an environment; the command line wins.

        Raises:
            SystemExit: 0 after ``--help``; 2 after every bad value was told on stderr.
        """
        problems: list[str] = []
        line, command = _split(arguments, problems)
        values: dict[str, Any] = {"command": command}
        for option in OPTIONS:
            text = line.get(option.name, environ.get(option.variable))
            if text == "":  # Most often it stands for a variable that somebody forgot to set.
                problems.append(f"{option}: is empty; leave it out for the default")
            elif text is not None:
                try:
                    values[option.name] = option.parse(text)
                except (ValueError, OSError) as refusal:
                    problems.append(f"{option}: {refusal}")
        known = [option.variable for option in OPTIONS]
        ours = (name for name in environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX))
        problems += [_unknown(name, "variable", known) for name in sorted(ours) if name not in known]
        if problems:
            print("server.py: these settings cannot be used (see --help):", *problems, sep="\n  ", file=sys.stderr)
            raise SystemExit(2)
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Option:
    """How a setting is given: as ``PARLEY_ITS_NAME``, and where it has a metavar as ``--its-name``."""

    name: str
    parse: Callable[[str], object]
    metavar: str
    meaning: str
    default: str

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return PREFIX + self.name.upper()

    def __str__(self) -> str:
        return f"{self.flag} ({self.variable})" if self.metavar else self.variable


OPTIONS: Final = tuple(Option(each.name, *each.metadata["option"]) for each in fields(Settings) if each.metadata)
"""Every setting that can be given, in the order of ``--help``."""


class _Parser(argparse.ArgumentParser):
    """Raises what it refuses: there may be more to tell before the process ends."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser() -> _Parser:
    """Return what knows the command line. Its values stay text: ``Settings.read`` judges them."""
    alone = next(option for option in OPTIONS if not option.metavar)
    parser = _Parser(
        prog="server.py",
        usage="\n       ".join(f"python server.py {form}[options]" for form in _FORMS),
        description="Parley, a chat server. An option wins over the variable that stands with it.",
        epilog=f"By variable alone: {alone.variable}, {alone.meaning} (default: {alone.default}).",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for option in OPTIONS:
        if option.metavar:
            told = f"{option.meaning} ({option.variable}; default: {option.default})"
            parser.add_argument(option.flag, metavar=option.metavar, help=told.replace("%", "%%"))
    parser.add_argument("--force", action="store_true", default=False, help="with restore: replace what is there")
    parser.add_argument("verb", nargs="*", help=argparse.SUPPRESS)
    return parser


def _split(arguments: Sequence[str], problems: list[str]) -> tuple[dict[str, str], Command]:
    """Return the options of a command line as text, and its command."""
    try:
        known, strange = _parser().parse_known_intermixed_args(list(arguments))
    except ValueError as refusal:
        problems.append(str(refusal))
        return {}, Command()
    flags = [option.flag for option in OPTIONS if option.metavar]
    problems += [_unknown(word.partition("=")[0], "option", flags) for word in strange]
    words = [*["--force"] * known.force, *getattr(known, "verb", [])]
    match words:
        case ["backup" | "restore" | "documents" as verb, path]:
            return vars(known), Command(verb, Path(path))
        case ["--force", "restore", path]:
            return vars(known), Command("restore", Path(path), force=True)
        case ["admin"]:
            return vars(known), Command("admin")
    if words and not strange:  # What follows an unknown option, which was told, may be its value.
        problems.append(f"{' '.join(words)!r}: not a command; see --help")
    return vars(known), Command()


def _unknown(name: str, kind: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name}: no such {kind}{f'; is it {near[0]}?' if near else ''}"
