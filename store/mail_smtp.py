"""Mail by SMTP: a connection a letter, encrypted and verified wherever it leaves this machine."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from store.mail import MailLater, MailRefused, MailUnsure, address_of

CONNECT_S: Final = 8.0
"""Longest for a connection, its encryption and the log-in: a server that is there takes one."""
COMMAND_S: Final = 4.0
TAKE_S: Final = 8.0
"""Longest for taking the letter: some servers look for viruses first. All the steps together stay in ``SEND_S``."""
QUIT_S: Final = 1.0
"""Longest for a goodbye: the letter is taken by then."""

_PORTS: Final = {"smtp": 587, "smtps": 465}
_FOR_GOOD: Final = range(550, 560)
"""Answers to an address or a letter that will be the same again (RFC 5321, 4.2.3): others are about us, 530 for one."""
_SETTINGS: Final = {"ssl_ca_certs"}


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed over."""

    host: str
    port: int
    encryption: Literal["tls", "starttls", "none"]
    """From the first byte, before anything of ours is said, or not at all: where nothing leaves this machine."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    """File of the authorities to trust; None trusts those of the system."""

    @classmethod
    def of(cls, url: str) -> "Server":
        """Read ``smtp[s]://[user:password@]host[:port][?ssl_ca_certs=FILE]``.

        Raises:
            ValueError: If it is something else. What it says repeats no password.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise ValueError("the URL of the mail server has no port or scheme that can be used") from None
        if not parts.hostname or parts.path not in ("", "/") or parts.fragment or options.keys() - _SETTINGS:
            raise ValueError("the URL of the mail server is more or less than smtp://user:password@host:port")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("the URL of the mail server has a user without a password, or the other way round")
        encryption: Literal["tls", "starttls", "none"] = "tls" if parts.scheme == "smtps" else "starttls"
        if encryption == "starttls" and _is_here(parts.hostname):
            encryption = "none"
        username, password = (None if word is None else unquote(word) for word in (parts.username, parts.password))
        return cls(parts.hostname, port, encryption, username, password, options.get("ssl_ca_certs"))

    def trust(self) -> ssl.SSLContext:
        """Return how the server has to prove who it is.

        Raises:
            ValueError: If the file of authorities cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # ssl.SSLError is one.
            raise ValueError(f"the certificates of the mail server's URL cannot be used: {error}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class SmtpMail:
    """Hands letters to one mail server. Several at once have a connection each."""

    def __init__(self, server: Server, sender: str) -> None:
        """Take where letters go and whom they are from.

        Raises:
            ValueError: If the sender has no address, or the file of authorities cannot be read.
        """
        self.sender = sender
        self._server = server
        self._from = address_of(sender)
        self._trust = server.trust()

    async def send(self, letter: EmailMessage) -> None:
        """See ``Mail.send``."""
        try:
            to = address_of(str(letter["To"]))
        except ValueError as error:
            raise MailRefused(str(error)) from None
        async with self._connected() as client:
            try:
                await client.mail(self._from, timeout=COMMAND_S)
            except SMTPException as error:
                raise MailLater(_reason("sender", error)) from None
            try:
                await client.rcpt(to, timeout=COMMAND_S)
            except SMTPException as error:
                raise _judged("address", error) from None
            try:
                async with asyncio.timeout(TAKE_S):
                    await client.data(letter.as_bytes(), timeout=TAKE_S)
            except SMTPResponseException as error:
                raise _judged("letter", error) from None
            except (SMTPException, TimeoutError) as error:
                raise MailUnsure(_reason("letter", error)) from None
            with contextlib.suppress(SMTPException):
                await client.quit(timeout=QUIT_S)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            # Else it is asked of the network each time.
            local_hostname=self._from.rpartition("@")[2],
            timeout=CONNECT_S,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=self._trust,
        )
        try:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await client.connect()
            except (SMTPException, OSError) as error:
                raise MailLater(_reason("connection", error)) from None
            yield client
        finally:
            client.close()


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(step: str, error: Exception) -> str:
    """Return why a step failed: never in the server's words, which may repeat an address or what it was told."""
    code = f" {error.code}" if isinstance(error, SMTPResponseException) else ""
    return f"{step}: {type(error).__name__}{code}"


def _judged(step: str, error: SMTPException) -> MailRefused | MailLater:
    for_good = isinstance(error, SMTPResponseException) and error.code in _FOR_GOOD
    return (MailRefused if for_good else MailLater)(_reason(step, error))
