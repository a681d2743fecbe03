"""Mail on a real mail server: what it takes, what it refuses and for how long, and to whom it is never handed."""

import asyncio
import contextlib
import dataclasses
import logging
import ssl
from email.message import EmailMessage

import pytest

import store.mail_smtp
from store import open_mail
from store.mail import SEND_S, Mail, MailError, MailLater, MailRefused, MailUnsure, address_of
from store.mail_smtp import COMMAND_S, CONNECT_S, QUIT_S, TAKE_S, Server, SmtpMail
from store.mail_terminal import TerminalMail
from tests.brokers import until
from tests.conftest import missing
from tests.parts import Missing
from tests.postbox import Postbox, open_postbox
from tests.redis_parts import Certificates

SENDER = "Parley <parley@chat.example>"
WORD = "Gq7-nobody-reads-this"


def letter(to: str = "ada@example.org", text: str = "Hello.\n.\n..dots\n") -> EmailMessage:
    """Return a letter."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, "Olá, mundo"
    message["Message-ID"] = "<1@chat.example>"
    message.set_content(text)
    return message


def mail(postbox: Postbox) -> Mail:
    """Return a way to a mail server of this machine."""
    return open_mail(postbox.url, SENDER, public=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that no system knows, and a certificate of it for 127.0.0.1."""
    try:
        return Certificates(tmp_path_factory.mktemp("certificates"))
    except Missing as error:
        missing(str(error))


@pytest.fixture
def tls(certificates: Certificates) -> ssl.SSLContext:
    """What a mail server encrypts with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


def server(postbox: Postbox, certificates: Certificates | None = None, login: str = "") -> Server:
    """Return a server as one that is elsewhere: it has to encrypt."""
    scheme, _, place = postbox.url.partition("://")
    ca = f"?ssl_ca_certs={certificates.authority}" if certificates else ""
    read = Server.of(f"{scheme}://{login}{place}{ca}")
    return dataclasses.replace(read, encryption="starttls") if scheme == "smtp" else read


async def error_of(mail: Mail, message: EmailMessage) -> MailError:
    """Return what sending a letter raises."""
    with pytest.raises(MailError) as caught:
        await mail.send(message)
    return caught.value


async def test_a_letter_is_taken_as_it_is(postbox: Postbox) -> None:
    await mail(postbox).send(letter())
    (taken,) = postbox.letters
    assert (taken.sender, taken.to, taken.subject) == ("parley@chat.example", "ada@example.org", "Olá, mundo")
    assert (taken.id, taken.text) == ("<1@chat.example>", "Hello.\n.\n..dots\n")


async def test_many_letters_at_once_are_each_taken_once(postbox: Postbox) -> None:
    way = mail(postbox)
    await asyncio.gather(*(way.send(letter(f"p{number}@example.org")) for number in range(30)))
    assert sorted(taken.to for taken in postbox.letters) == sorted(f"p{number}@example.org" for number in range(30))


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "551 moved", "553 not allowed", "550 ada@example.org"])
async def test_an_address_that_nobody_has_is_refused_for_good(postbox: Postbox, answer: str) -> None:
    postbox.answer("ada@example.org", answer)
    error = await error_of(mail(postbox), letter())
    assert isinstance(error, MailRefused)
    assert str(error).endswith(f" {answer[:3]}")
    assert "ada" not in str(error)


@pytest.mark.parametrize("answer", ["450 busy", "451 greylisted", "452 full", "421 going away", "530 log in first"])
async def test_an_address_that_is_not_taken_now_may_be_later(postbox: Postbox, answer: str) -> None:
    postbox.answer("ada@example.org", answer)
    assert isinstance(await error_of(mail(postbox), letter()), MailLater)


@pytest.mark.parametrize(("answer", "kind"), [("554 spam", MailRefused), ("451 try again", MailLater)])
async def test_a_letter_that_is_not_taken(postbox: Postbox, answer: str, kind: type[MailError]) -> None:
    postbox.answer_letters(answer)
    assert type(await error_of(mail(postbox), letter())) is kind
    assert postbox.letters == []


async def test_a_letter_whose_taking_is_not_heard_of_may_be_taken(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.mail_smtp, "TAKE_S", 0.2)
    with postbox.holding(taken=True):
        assert isinstance(await error_of(mail(postbox), letter()), MailUnsure)
    assert len(postbox.letters) == 1


async def test_a_server_that_goes_away_while_it_takes_a_letter_leaves_it_unsure(postbox: Postbox) -> None:
    with postbox.holding():
        sending = asyncio.create_task(mail(postbox).send(letter()))
        await until(lambda: postbox.coming, "the letter comes")
        await asyncio.to_thread(postbox.stop)
        with pytest.raises(MailUnsure):
            await sending


async def test_nobody_there_is_for_later(postbox: Postbox) -> None:
    way = mail(postbox)
    postbox.stop()
    assert isinstance(await error_of(way, letter()), MailLater)
    postbox.start()
    await way.send(letter())
    assert len(postbox.letters) == 1


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"554 go away\r\n", b"\xff\xfe\r\n" * 3])
async def test_what_is_no_mail_server_is_for_later(monkeypatch: pytest.MonkeyPatch, says: bytes) -> None:
    monkeypatch.setattr(store.mail_smtp, "CONNECT_S", 0.3)

    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await reader.read()
        writer.close()
        ended.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        way = open_mail(f"smtp://127.0.0.1:{port}", SENDER, public=True)
        assert isinstance(await error_of(way, letter()), MailLater)
        await ended.wait()


def test_all_the_steps_together_end_in_time() -> None:
    assert CONNECT_S + 2 * COMMAND_S + TAKE_S + QUIT_S <= SEND_S


# Encryption


async def test_what_leaves_the_machine_is_encrypted(certificates: Certificates, tls: ssl.SSLContext) -> None:
    with open_postbox(tls=tls) as postbox:
        await SmtpMail(server(postbox, certificates), SENDER).send(letter())
        assert [taken.secure for taken in postbox.letters] == [True]


async def test_a_server_that_encrypts_from_the_first_byte(certificates: Certificates, tls: ssl.SSLContext) -> None:
    with open_postbox(tls=tls, at_once=True) as postbox:
        await SmtpMail(server(postbox, certificates), SENDER).send(letter())
        assert [taken.secure for taken in postbox.letters] == [True]


async def test_a_server_elsewhere_that_does_not_encrypt_gets_nothing(postbox: Postbox) -> None:
    way = SmtpMail(server(postbox, login=f"parley:{WORD}@"), SENDER)
    assert isinstance(await error_of(way, letter()), MailLater)
    assert (postbox.letters, postbox.logins) == ([], [])


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_certificate_of_nobody_known_gets_nothing(tls: ssl.SSLContext, at_once: bool) -> None:
    with open_postbox(tls=tls, at_once=at_once, login=("parley", WORD)) as postbox:
        way = SmtpMail(server(postbox, login=f"parley:{WORD}@"), SENDER)
        assert isinstance(await error_of(way, letter()), MailLater)
        assert (postbox.letters, postbox.logins) == ([], [])


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_certificate_for_another_name_gets_nothing(
    certificates: Certificates, tls: ssl.SSLContext, at_once: bool
) -> None:
    with open_postbox(host="127.0.0.2", tls=tls, at_once=at_once) as postbox:
        way = SmtpMail(server(postbox, certificates), SENDER)
        assert isinstance(await error_of(way, letter()), MailLater)
        assert postbox.letters == []


# Who we are


async def test_the_server_is_told_who_we_are(certificates: Certificates, tls: ssl.SSLContext) -> None:
    with open_postbox(tls=tls, login=("par ley", "w@rd/:?#")) as postbox:
        way = SmtpMail(server(postbox, certificates, "par%20ley:w%40rd%2F%3A%3F%23@"), SENDER)
        await way.send(letter())
        assert len(postbox.letters) == 1


async def test_a_wrong_password_is_for_later_and_is_told_nowhere(
    certificates: Certificates, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with open_postbox(tls=tls, login=("parley", "another")) as postbox:
        way = SmtpMail(server(postbox, certificates, f"parley:{WORD}@"), SENDER)
        error = await error_of(way, letter())
    assert isinstance(error, MailLater)
    told = [str(error), repr(way), repr(server(postbox, certificates, f"parley:{WORD}@"))]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.log")]
    assert not [text for text in (*told, *ours) if WORD in text]


# Addresses and URLs


@pytest.mark.parametrize(
    "to",
    [
        "", "ada", "@example.org", "ada@", "a b@c", "a@b@c", "a,b@c", "a@b, c@d", "<a@b>@c", '"a b"@c', "a@b>c",
        "a\\@b", "ada@example.org\x00", "zoë@example.org", "ada@exämple.org", f"{'a' * 65}@b",
        "a;b@c", "a:b@c", "(a)b@c",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_none(to: str) -> None:
    found = ""
    with contextlib.suppress(ValueError):
        found = address_of(to)
    assert found != to or not to


@pytest.mark.parametrize(
    "url",
    [
        "smtp://", "http://mail.example", "smtp://mail.example:x", "smtp://mail.example:99999", "smtp://m.example/path",
        f"smtp://ada@m.example/{WORD}", "smtp://m.example?tls=off", f"smtp://m.example#{WORD}", f"smtp://:{WORD}@",
        "smtp://m.example?ssl_ca_certs=nowhere.pem", "smtp://ada@m.example",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_mail_server_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        open_mail(url, SENDER, public=True)
    assert WORD not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place", "encryption"),
    [
        ("smtp://mail.example", ("mail.example", 587), "starttls"),
        ("smtps://mail.example", ("mail.example", 465), "tls"),
        ("smtp://mail.example:25", ("mail.example", 25), "starttls"),
        ("smtp://localhost:1025", ("localhost", 1025), "none"),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025), "none"),
        ("smtp://[::1]:1025", ("::1", 1025), "none"),
        ("smtps://localhost", ("localhost", 465), "tls"),
        ("smtp://localhost.example", ("localhost.example", 587), "starttls"),
    ],
)
def test_only_what_stays_on_this_machine_is_not_encrypted(url: str, place: tuple[str, int], encryption: str) -> None:
    read = Server.of(url)
    assert ((read.host, read.port), read.encryption) == (place, encryption)


# The terminal


@pytest.fixture
def terminal() -> Mail:
    """Mail without a mail server, on the developer's machine."""
    return open_mail(None, SENDER, public=False)


async def test_without_a_server_letters_are_written_down(terminal: Mail, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(terminal, TerminalMail)
    await terminal.send(letter(text="Your code:\n\n123456\n"))
    out = capsys.readouterr().out.splitlines()
    assert out == ["  | To: ada@example.org", "  | Subject: Olá, mundo", "  |", "  | Your code:", "  |", "  | 123456"]


async def test_where_others_read_the_output_nothing_is_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    error = await error_of(open_mail(None, SENDER, public=True), letter())
    assert isinstance(error, MailRefused)
    assert capsys.readouterr().out == ""


def test_a_sender_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="not an address"):
        open_mail("smtp://localhost", "Parley", public=False)
