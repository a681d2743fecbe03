"""The mail seam: handing letters over to a mail server.

``mail_smtp`` and ``mail_terminal`` implement it; one contract suite holds what they promise.

MailError
    MailRefused     refused for good: the same letter to the same address will be refused again
    MailLater       not taken: trying again can help
    MailUnsure      handed over without an answer: it may or may not be taken
"""

import re
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final, Protocol

SEND_S: Final = 25.0
"""Longest that handing over a letter takes: servers that look into what they are given take seconds."""

# Quoted local parts are legal, and nobody's: what they would do in a command is not worth finding out.
_PART: Final = r"[^\s\x00-\x20\x7f-\xff<>()\[\],;:\\\"@]"
_ADDRESS: Final = re.compile(rf"{_PART}{{1,64}}@{_PART}{{1,253}}")


class MailError(Exception):
    """Everything that mail raises. What it says has no address of a person, no credentials, nothing of the letter."""


class MailRefused(MailError):
    """The letter is refused for good: nobody has this address, or nobody takes this letter there."""


class MailLater(MailError):
    """The letter was not taken, for a reason that is not its own; trying again can help."""


class MailUnsure(MailError):
    """The letter was handed over and no answer came in time: it may or may not be taken."""


def address_of(header: str) -> str:
    """Return the address of a header such as ``Parley <parley@chat.example>``, or of an address alone.

    Raises:
        ValueError: If there is none that can be used. What it says does not repeat it.
    """
    address = parseaddr(header)[1]
    if _ADDRESS.fullmatch(address) is None or not address.isascii():
        raise ValueError("not an address that can be used")
    return address


class Mail(Protocol):
    """A way for letters to leave."""

    sender: str
    """Whom letters are from, as a header has it: a name and an address in angle brackets, or an address alone."""

    async def send(self, letter: EmailMessage) -> None:
        """Hand over a letter to the one address in its ``To``; return when somebody else is answerable for it.

        It ends by itself within ``SEND_S``. Cancelled, it leaves unknown whether the letter was taken.

        Raises:
            MailRefused: If it is refused for good.
            MailLater: If it was not taken.
            MailUnsure: If it may or may not be taken.
        """
