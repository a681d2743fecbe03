"""Where a Redis is, read from one URL."""

import re
import ssl
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote

Kind = Literal["single", "sentinel", "cluster"]
Endpoint = tuple[str, int]
"""Host and port."""

SCHEMES: Final[dict[str, tuple[Kind, bool]]] = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
"""What each scheme means: which kind it is, and whether by TLS."""

PORT: Final = 6379
SENTINEL_PORT: Final = 26379

_LABEL: Final = "[A-Za-z0-9_-]{1,63}"
_HOST: Final = re.compile(
    rf"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>{_LABEL}(?:\.{_LABEL})*\.?))(?::(?P<port>[0-9]{{1,5}}))?"
)
_FILES: Final = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
_TLS_OPTIONS: Final = {*_FILES, "ssl_check_hostname"}
_SENTINEL_OPTIONS: Final = {"sentinel_username", "sentinel_password"}


@dataclass(frozen=True, slots=True)
class Tls:
    """How the other side proves who it is, and we who we are, where it asks."""

    ca: str | None = None
    """File of the authorities to trust; None trusts those of the system."""
    certificate: str | None = None
    key: str | None = None
    check_name: bool = True
    """Whether the certificate must name the host: nodes of a cluster often tell their numbers alone."""

    def context(self) -> ssl.SSLContext:
        """Return what connections are made with.

        Raises:
            ValueError: If a file cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # ssl.SSLError is one.
            raise ValueError(f"the certificates of the Redis URL cannot be used: {error}") from None
        context.check_hostname = self.check_name
        return context


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password; both may be missing."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """One Redis, or the sentinels that know where it is, or some nodes of a cluster."""

    kind: Kind
    hosts: tuple[Endpoint, ...]
    login: Login = Login()
    tls: Tls | None = None
    db: int = 0
    service: str = ""
    """What the sentinels call it."""
    sentinel_login: Login = Login()


def parse(url: str) -> Address:
    """Read an address.

    ``redis://[[user]:password@]host[:port][/db]``
    ``redis+sentinel://[[user]:password@]host[:port],…/service[?db=&sentinel_username=&sentinel_password=]``
    ``redis+cluster://[[user]:password@]host[:port],…``

    ``rediss``, ``rediss+sentinel`` and ``rediss+cluster`` are the same by TLS, with ``ssl_ca_certs``, ``ssl_certfile``
    and ``ssl_keyfile`` (paths) and ``ssl_check_hostname`` (``true`` or ``false``) among the options.

    Raises:
        ValueError: If it is none. What it says repeats no password.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise ValueError(f"a Redis URL begins with {', '.join(f'{name}://' for name in SCHEMES)}")
    kind, secure = SCHEMES[scheme]
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    userinfo, at, names = authority.rpartition("@")
    if "@" in path or "#" in rest:
        raise ValueError("the Redis URL has a character in its name or password that must be percent-encoded")
    options = _options(query, kind, secure=secure)
    port = SENTINEL_PORT if kind == "sentinel" else PORT
    hosts = tuple(_host(name, port) for name in names.split(","))
    if kind == "single" and len(hosts) > 1:
        raise ValueError("several hosts need redis+sentinel:// or redis+cluster://")
    service = unquote(path) if kind == "sentinel" else ""
    if kind == "sentinel" and (not service or "/" in service):
        raise ValueError("a redis+sentinel:// URL ends with the name of its service: …/mymaster")
    if kind == "cluster" and path not in ("", "0"):
        raise ValueError("a Redis Cluster has no database but 0")
    return Address(
        kind=kind,
        hosts=hosts,
        login=_login(userinfo) if at else Login(),
        tls=_tls(options) if secure else None,
        db=_database(options.get("db") or (path if kind == "single" else "") or "0"),
        service=service,
        sentinel_login=Login(options.get("sentinel_username"), options.get("sentinel_password")),
    )


def _options(query: str, kind: Kind, *, secure: bool) -> dict[str, str]:
    known = {"db"} if kind != "cluster" else set()
    known |= _TLS_OPTIONS if secure else set()
    known |= _SENTINEL_OPTIONS if kind == "sentinel" else set()
    pairs = parse_qsl(query, keep_blank_values=True)
    for name, value in pairs:
        if name not in known:
            listed = f"it knows {', '.join(sorted(known))}" if known else "it knows none"
            # A name that is none of ours may be a piece of a password.
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) and "@" not in query else "one"
            raise ValueError(f"the Redis URL has an option that is not known ({shown}); {listed}")
        if not value:
            raise ValueError(f"the option {name} of the Redis URL is empty")
    if len(dict(pairs)) < len(pairs) or (query and not pairs):
        raise ValueError("the options of the Redis URL are not name=value, each once")
    return dict(pairs)


def _host(text: str, port: int) -> Endpoint:
    match = _HOST.fullmatch(text)
    if match is None or not 0 < int(match["port"] or port) < 65536:
        raise ValueError("the Redis URL names no host, or one that is not host:port (passwords are percent-encoded)")
    return (match["six"] or match["name"]), int(match["port"] or port)


def _login(userinfo: str) -> Login:
    username, colon, password = userinfo.partition(":")
    if not colon or not password:
        raise ValueError("the Redis URL names a user without a password (user:password@ or :password@)")
    return Login(unquote(username) or None, unquote(password))


def _database(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise ValueError("the database of the Redis URL is not a number")
    return int(text)


def _tls(options: dict[str, str]) -> Tls:
    check = options.get("ssl_check_hostname", "true").lower()
    if check not in ("true", "false"):
        raise ValueError("the option ssl_check_hostname of the Redis URL is true or false")
    key, certificate = options.get("ssl_keyfile"), options.get("ssl_certfile")
    if key is not None and certificate is None:
        raise ValueError("the option ssl_keyfile of the Redis URL needs ssl_certfile")
    return Tls(options.get("ssl_ca_certs"), certificate, key, check == "true")
