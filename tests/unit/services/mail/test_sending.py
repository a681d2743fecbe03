"""Messages that are made of letters: what may stand in their headers, and what becomes of them."""

import dataclasses
import email
import email.policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.accounts.secrets.sealing import Sealer
from services.application import Application
from services.ids import new_id, now_ms
from services.jobs.endings import JobFailed, JobRefused, JobUnsure
from services.mail.letter import LetterName, letter
from services.mail.sending import STALE_MS, enclose, send
from services.mail.writing import write
from store.mail import MailError, MailLater, MailRefused, MailUnsure

SEALER = Sealer(b"k" * 32)
SENDER = "Parley <parley@chat.example>"
WRITTEN = write("changed", "pt", {"name": "Zoë", "what": "password"}, "https://chat.example")


class Drawer:
    """A way for letters to leave that keeps them, or answers as it is told."""

    sender = SENDER

    def __init__(self, error: MailError | None = None) -> None:
        self.letters: list[EmailMessage] = []
        self._error = error

    async def send(self, message: EmailMessage) -> None:
        """See ``Mail.send``."""
        if self._error is not None:
            raise self._error
        self.letters.append(message)


async def sent(work: dict[str, Any], error: MailError | None = None) -> EmailMessage:
    """Return the message that the job of a letter hands over."""
    drawer = Drawer(error)
    await send(cast(Application, SimpleNamespace(mail=drawer, sealer=SEALER, url="https://chat.example")), work)
    (message,) = drawer.letters
    return message


def test_a_message_survives_its_way() -> None:
    sent = enclose(WRITTEN, "ada@example.org", SENDER, "0123")
    read = email.message_from_bytes(sent.as_bytes(), EmailMessage, policy=email.policy.default)
    assert {key.lower(): str(value) for key, value in read.items()} == {
        "from": SENDER,
        "to": "ada@example.org",
        "subject": "Sua conta foi alterada",
        "date": str(sent["Date"]),
        "message-id": "<0123@chat.example>",
        "content-language": "pt",
        "auto-submitted": "auto-generated",
        "mime-version": "1.0",
        "content-type": read["Content-Type"],
    }
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    for subtype, expected in (("plain", WRITTEN.text), ("html", WRITTEN.html)):
        part = read.get_body((subtype,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == expected


def test_every_line_is_short_and_ascii() -> None:
    long = dataclasses.replace(WRITTEN, text="ã" * 5000 + "\n", html="<p>" + "ã" * 5000 + "</p>\n")
    for line in enclose(long, "ada@example.org", SENDER, "0123").as_bytes().split(b"\r\n"):
        assert len(line) <= 998
        assert line.isascii()
        assert b"\n" not in line


BREAKS = ["\r\n", "\n", "\r", "\r\n ", "\n\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n\r\n"]


@pytest.mark.parametrize("stop", BREAKS)
@pytest.mark.parametrize("field", ["subject", "to", "sender", "id", "tag"])
def test_no_value_makes_a_header_of_its_own(field: str, stop: str) -> None:
    attack = f"{stop}Bcc: bob@evil.example"
    values = {"to": "ada@example.org", "sender": SENDER, "id": "0123"}
    written = WRITTEN
    if field in values:
        values[field] += attack
    else:
        written = dataclasses.replace(written, **{field: "x" + attack})
    try:
        message = enclose(written, values["to"], values["sender"], values["id"])
    except ValueError:
        return
    read = email.message_from_bytes(message.as_bytes(), EmailMessage, policy=email.policy.default)
    assert read["Bcc"] is None
    assert read["To"] == "ada@example.org"


@pytest.mark.parametrize(
    "subject", ["=?utf-8?q?=0D=0ABcc:_bob=40evil.example?=", "=?utf-8?b?DQpCY2M6IGJvYkBldmlsLmV4YW1wbGU=?="]
)
def test_no_encoded_word_makes_a_header_of_its_own(subject: str) -> None:
    try:
        raw = enclose(dataclasses.replace(WRITTEN, subject=subject), "ada@example.org", SENDER, "0123").as_bytes()
    except ValueError:
        return
    assert not [line for line in raw.split(b"\r\n") if line.lower().startswith(b"bcc")]


@pytest.mark.parametrize(
    "to",
    [
        "", "Support <ada@example.org>", "ada@example.org, bob@evil.example", '"s@bank.example" <ada@example.org>',
        "<ada@example.org>", "ada@example.org ", "ada@example.org (bank)", "undisclosed:;", "ada", "zoë@example.org",
    ],
)  # fmt: skip
def test_only_an_address_alone_is_written_to(to: str) -> None:
    with pytest.raises(ValueError, match="address"):
        enclose(WRITTEN, to, SENDER, "0123")


def test_a_subject_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        enclose(dataclasses.replace(WRITTEN, subject="x" * 201), "ada@example.org", SENDER, "0123")


async def test_what_people_choose_is_in_no_header() -> None:
    row = letter("new_device", "ada@example.org", "en", name="security@bank.example", agent="Your bank")
    message = await sent(row.work)
    headers = " ".join(str(value) for value in message.values())
    assert "bank" not in headers.lower()
    assert message["From"] == SENDER


async def test_a_letter_sent_twice_is_recognised() -> None:
    row = letter("changed", "ada@example.org", "en", what="password")
    first, second = await sent(row.work), await sent(row.work)
    assert first["Message-ID"] == second["Message-ID"] == f"<{row.id}@chat.example>"
    assert (await sent(letter("changed", "ada@example.org", "en").work))["Message-ID"] != first["Message-ID"]


@pytest.mark.parametrize(
    ("error", "ending"), [(MailRefused("x"), JobRefused), (MailLater("x"), JobFailed), (MailUnsure("x"), JobUnsure)]
)
async def test_what_mail_answers_decides_what_becomes_of_the_job(error: MailError, ending: type[Exception]) -> None:
    with pytest.raises(ending, match=r"^changed: x$"):
        await sent(letter("changed", "ada@example.org", "en").work, error)


@pytest.mark.parametrize("to", ["ada@example.org\nBcc: bob@evil.example", "nobody"])
async def test_an_address_that_is_none_is_refused_for_good_and_not_repeated(to: str) -> None:
    with pytest.raises(JobRefused) as caught:
        await sent(letter("changed", to, "en").work)
    assert to not in str(caught.value)


@pytest.mark.parametrize(("name", "goes"), [("verify", False), ("reset", False), ("changed", True)])
async def test_a_code_that_is_over_is_not_sent(name: LetterName, goes: bool) -> None:
    work = letter(name, "ada@example.org", "en", SEALER, code="123456", token="abc").work
    work["id"] = f"{now_ms() - STALE_MS - 1000:012x}{new_id()[12:]}"
    if goes:
        await sent(work)
    else:
        with pytest.raises(JobRefused, match="over"):
            await sent(work)


def test_a_code_is_written_down_sealed_or_not_at_all() -> None:
    assert "123456" not in repr(letter("code", "ada@example.org", "en", SEALER, code="123456"))
    with pytest.raises(ValueError, match="sealed"):
        letter("code", "ada@example.org", "en", code="123456")


async def test_a_code_sealed_with_another_key_is_not_sent() -> None:
    other = Sealer(b"o" * 32)
    with pytest.raises(JobRefused):
        await sent(letter("code", "ada@example.org", "en", other, code="123456").work)
