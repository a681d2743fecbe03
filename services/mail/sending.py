"""Sending letters: the job that makes a message of one and hands it over."""

import email.policy
import logging
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final

from services.ids import now_ms, rfc3339
from services.jobs.endings import JobFailed, JobRefused, JobUnsure
from services.mail.letter import opened
from services.mail.writing import Written, has_proof, write
from store.mail import MailLater, MailRefused, MailUnsure, address_of

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

STALE_MS: Final = 30 * 60_000
"""Age at which a letter with a code or a link is not sent any more: what it says is over, and would only frighten."""
SUBJECT_LENGTH: Final = 200

# It raises where a value would make a second line of a header.
_POLICY: Final = email.policy.SMTP.clone(raise_on_defect=False, max_line_length=78)


async def send(application: "Application", work: dict[str, Any]) -> None:
    """Do the job of a letter: see ``services.mail.letter.letter``.

    Raises:
        JobRefused: If nobody takes it there, or it is too late.
        JobFailed: If it was not taken this time.
        JobUnsure: If it may or may not be taken.
    """
    name, written_at = work["letter"], int(work["id"][:12], 16)
    if has_proof(name) and now_ms() - written_at > STALE_MS:
        raise JobRefused(f"{name}: its code is over")
    time = f"{rfc3339(written_at)[:16].replace('T', ' ')} UTC"
    try:
        facts = {"time": time, **opened(work["facts"], application.sealer)}
        written = write(name, work["language"], facts, application.url)
        message = enclose(written, work["to"], application.mail.sender, work["id"])
    except ValueError as error:
        raise JobRefused(f"{name}: {error}") from None
    try:
        await application.mail.send(message)
    except MailRefused as error:
        raise JobRefused(f"{name}: {error}") from None
    except MailLater as error:
        raise JobFailed(f"{name}: {error}") from None
    except MailUnsure as error:
        raise JobUnsure(f"{name}: {error}") from None
    log.debug("a letter has left", extra={"letter": name, "job": work["id"]})


def enclose(written: Written, to: str, sender: str, id_: str) -> EmailMessage:
    """Return the message of a letter. Its Message-ID is made of ``id_``: the same letter is recognised as the same.

    Raises:
        ValueError: If a header cannot be what it should be; nobody is written to then.
    """
    if len(written.subject) > SUBJECT_LENGTH:
        raise ValueError("the subject is too long")
    message = EmailMessage(_POLICY)
    message["From"] = sender
    # An address alone: a name beside it would be of the person's choosing, and could be another address.
    if (address := address_of(to)) != to:
        raise ValueError("not an address alone")
    message["To"] = address
    message["Subject"] = written.subject
    message["Date"] = formatdate(now_ms() / 1000)
    message["Message-ID"] = f"<{id_}@{address_of(sender).rpartition('@')[2]}>"
    # Nobody's holiday notice answers it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(written.text, cte="quoted-printable")
    message.add_alternative(written.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = written.tag
    # Not all that makes a line of its own is refused by the policy: the library decodes words that are encoded already.
    head = message.as_bytes().partition(b"\r\n\r\n")[0].split(b"\r\n")
    if [line.partition(b":")[0] for line in head if line[:1] not in b" \t"] != [key.encode() for key in message]:
        raise ValueError("a header is more than one")
    return message
