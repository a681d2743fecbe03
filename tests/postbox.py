"""A mail server that keeps what it is given: letters are waited for by address, and read as people read them."""

import asyncio
import contextlib
import email
import email.policy
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PATIENCE_S = 20.0
"""Seconds until a test gives up waiting for a letter: a busy machine takes a few."""

_CODE = re.compile(r"^\s*([0-9]{6})\s*$", re.MULTILINE)
_LINK = re.compile(r"^\s*(https?://\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was taken."""

    sender: str
    """Whom the envelope names."""
    to: str
    message: EmailMessage
    secure: bool
    """Whether it came encrypted."""

    @property
    def subject(self) -> str:
        """Its subject, decoded."""
        return str(self.message["Subject"])

    @property
    def id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """Its plain text."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """Its HTML."""
        return self._part("html")

    @property
    def code(self) -> str:
        """The code of six digits that stands alone on a line."""
        found = _CODE.search(self.text)
        assert found is not None, f"no code in {self.text!r}"
        return found[1]

    @property
    def link(self) -> str:
        """The link that stands alone on a line."""
        found = _LINK.search(self.text)
        assert found is not None, f"no link in {self.text!r}"
        return found[1]

    @property
    def token(self) -> str:
        """What stands behind the last slash of the link."""
        return self.link.rpartition("/")[2]

    def _part(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        assert part is not None, f"no {subtype} in {self.message.as_string()!r}"
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class _Handler:
    """What the server does with what it is told: ``Postbox`` has the words for it."""

    letters: list[Letter] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """What is answered to addresses instead of taking them; ``*`` is all of them."""
    at_data: str = ""
    held: threading.Event = field(default_factory=threading.Event)
    taken_then_held: bool = False
    coming: int = 0
    at_once: bool = False

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answer := self.answers.get(address, self.answers.get("*")):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.coming += 1
        if self.taken_then_held:
            self._keep(session, envelope)
        while not self.held.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        if self.at_data:
            return self.at_data
        if not self.taken_then_held:
            self._keep(session, envelope)
        return "250 OK"

    def _keep(self, session: Session, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, EmailMessage, policy=email.policy.default)
        for to in envelope.rcpt_tos:
            letter = Letter(envelope.mail_from or "", to, message, session.ssl is not None or self.at_once)
            self.letters.append(letter)


class Postbox:
    """A mail server in a thread of its own, on a port that it keeps while it is stopped and started."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        """``tls``: it asks for STARTTLS, or is encrypted ``at_once``; ``login``: a user and a password to be given."""
        self._handler = _Handler()
        self._handler.held.set()
        self._login = login
        self._host = host
        self._at_once = tls if at_once else None
        self._handler.at_once = at_once
        self.logins: list[bytes] = []
        """The passwords that were given."""
        self._how: dict[str, Any] = {}
        if tls is not None and not at_once:
            self._how = {"tls_context": tls, "require_starttls": True}
        if login is not None:
            self._how |= {"authenticator": self._judge, "auth_required": True, "auth_require_tls": tls is not None}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended = asyncio.Event()
        self.port = 0

    # Its life

    def start(self) -> "Postbox":
        """Listen."""
        listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listening)), daemon=True)
        self._thread.start()
        assert listening.wait(PATIENCE_S)
        return self

    def stop(self) -> None:
        """Listen no more; who is connected is cut off."""
        if self._thread is not None:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()
            self._thread = None

    async def _serve(self, listening: threading.Event) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        how: dict[str, Any] = {"loop": self._loop, "hostname": "postbox", "timeout": 60.0} | self._how
        connections: list[SMTP] = []

        def connection() -> SMTP:
            connections.append(SMTP(self._handler, **how))
            return connections[-1]

        server = await self._loop.create_server(connection, self._host, self.port, ssl=self._at_once)
        self.port = int(server.sockets[0].getsockname()[1])
        listening.set()
        await self._ended.wait()
        server.close()
        for each in connections:
            # The one beneath the encryption, where there is any, has a writer of its own.
            writer = getattr(getattr(each, "_writer", None), "transport", None)
            for transport in (each.transport, each._original_transport, writer):
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    @property
    def url(self) -> str:
        """What ``--smtp-url`` is to be."""
        return f"smtp{'s' if self._at_once else ''}://{self._host}:{self.port}"

    # What it took

    @property
    def letters(self) -> list[Letter]:
        """All letters, in the order they came."""
        return list(self._handler.letters)

    @property
    def coming(self) -> int:
        """How many letters were begun to be taken."""
        return self._handler.coming

    def letters_to(self, address: str) -> list[Letter]:
        """Return the letters to an address that are there now."""
        return [letter for letter in self.letters if letter.to == address]

    async def letter_to(self, address: str, number: int = 1, *, about: str = "", seconds: float = PATIENCE_S) -> Letter:
        """Wait until there are so many letters to an address (``about`` in their subjects); return the last."""
        found = await self._until(lambda: self._about(address, about), number, seconds, f"letters to {address}")
        return found[number - 1]

    async def code_to(self, address: str, number: int = 1) -> str:
        """Wait for the letter with a code, the first or a later one, and return the code."""
        found = await self._until(
            lambda: [letter for letter in self.letters_to(address) if _CODE.search(letter.text)],
            number,
            PATIENCE_S,
            f"codes to {address}",
        )
        return found[number - 1].code

    async def link_to(self, address: str, number: int = 1) -> str:
        """Wait for the letter with a link, the first or a later one, and return the link."""
        found = await self._until(
            lambda: [letter for letter in self.letters_to(address) if _LINK.search(letter.text)],
            number,
            PATIENCE_S,
            f"links to {address}",
        )
        return found[number - 1].link

    async def until(self, count: int, seconds: float = PATIENCE_S) -> list[Letter]:
        """Wait until there are so many letters to anybody; return them all."""
        return await self._until(lambda: self.letters, count, seconds, "letters")

    def clear(self) -> None:
        """Throw all letters away."""
        self._handler.letters.clear()

    # What it does to those who come

    def answer(self, address: str, with_: str = "550 5.1.1 nobody has this address") -> None:
        """Refuse an address (``*``: every one) from now on; with an empty answer take it again."""
        self._handler.answers.pop(address, None)
        if with_:
            self._handler.answers[address] = with_

    def answer_letters(self, with_: str) -> None:
        """Refuse what letters say from now on; with an empty answer take them again."""
        self._handler.at_data = with_

    @contextlib.contextmanager
    def holding(self, *, taken: bool = False) -> Iterator[None]:
        """Answer no letter inside the block; with ``taken`` they are kept all the same."""
        self._handler.taken_then_held = taken
        self._handler.held.clear()
        try:
            yield
        finally:
            self._handler.held.set()
            self._handler.taken_then_held = False

    def _judge(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.password)
        right = (given.login, given.password) == tuple(word.encode() for word in self._login or ())
        return AuthResult(success=right, handled=False)

    def _about(self, address: str, about: str) -> list[Letter]:
        return [letter for letter in self.letters_to(address) if about.lower() in letter.subject.lower()]

    async def _until(self, look: Callable[[], list[Letter]], count: int, seconds: float, what: str) -> list[Letter]:
        began = time.monotonic()
        while len(found := look()) < count:
            told = [(letter.to, letter.subject) for letter in self.letters]
            assert time.monotonic() - began < seconds, f"{len(found)} of {count} {what} in {seconds} s; came: {told}"
            await asyncio.sleep(0.01)
        return found


@contextlib.contextmanager
def open_postbox(**how: Any) -> Iterator[Postbox]:
    """Run a mail server; how: as ``Postbox``."""
    postbox = Postbox(**how).start()
    try:
        yield postbox
    finally:
        postbox.stop()
