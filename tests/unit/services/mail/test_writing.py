"""What letters say, and what people who choose names for themselves cannot make them say."""

import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from services.accounts.people.notices import What
from services.mail.letter import LetterName
from services.mail.words import LANGUAGES, language
from services.mail.writing import FACT_LENGTH, has_proof, write

URL = "https://chat.example"
NAMES: tuple[LetterName, ...] = get_args(LetterName)
FACTS = {
    "name": "Ada",
    "code": "123456",
    "token": "A-z_0",
    "agent": "Firefox 131.0",
    "address": "192.0.2.1",
    "time": "2026-11-20 12:00 UTC",
    "what": "password",
    "text": "Be kind.",
    "reason": "spam",
    "until": "2026-12-01",
}


class Page(HTMLParser):
    """The tags, links and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in ("href", "src")]

    def handle_data(self, data: str) -> None:
        """See ``HTMLParser``."""
        self.words += [data.strip()] * bool(data.strip())


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_text_and_page_say_the_same(name: LetterName, tag: str) -> None:
    written = write(name, tag, FACTS, URL)
    page = Page(written.html)
    assert page.words == [written.subject, *written.text.strip().split("\n\n")]
    assert not re.search(r"[{}]", written.text)
    assert 0 < len(written.subject) <= 200
    assert (written.tag, f'lang="{tag}"' in written.html) == (tag, True)


@pytest.mark.parametrize("name", NAMES)
def test_all_languages_name_the_same_facts(name: LetterName) -> None:
    facts = {
        tag: [re.findall(r"\{\w+\}", part) for part in words.texts[name].paragraphs] for tag, words in LANGUAGES.items()
    }
    assert len({str(found) for found in facts.values()}) == 1


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_all_letters_and_all_words(tag: str) -> None:
    words = language(tag)
    assert set(words.texts) == set(NAMES)
    assert set(words.things) == set(get_args(What))
    subjects = [text.subject for text in words.texts.values()]
    assert len(set(subjects)) == len(subjects)


@pytest.mark.parametrize(
    ("tag", "expected"), [("pt", "pt"), ("pt-BR", "pt"), ("PT_br", "pt"), ("fr", "en"), ("", "en")]
)
def test_a_language_without_words_is_english(tag: str, expected: str) -> None:
    assert language(tag).tag == expected


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_the_installation_alone(name: LetterName) -> None:
    written = write(name, "en", FACTS, URL)
    assert all(link == f"{URL}/#/reset/A-z_0" for link in Page(written.html).links)
    assert re.findall(r"https?://\S+?(?=[.]?\s)", written.text)[-1] == URL
    assert set(Page(written.html).tags) <= {"html", "head", "meta", "title", "body", "p", "a"}


def test_a_token_stands_in_the_fragment_alone() -> None:
    written = write("reset", "en", FACTS, URL)
    (link,) = Page(written.html).links
    assert link is not None
    before, _, fragment = link.partition("#")
    assert (before, fragment) == (f"{URL}/", "/reset/A-z_0")
    assert f"\n\n{link}\n\n" in written.text


def test_a_code_stands_alone_on_its_line() -> None:
    assert "\n\n123456\n\n" in write("verify", "en", FACTS, URL).text


@pytest.mark.parametrize("name", [name for name in NAMES if has_proof(name)])
@pytest.mark.parametrize("proof", ["", " ", "12 34", "<b>1</b>", "1" * 201, "https://evil.example", "12\n34", "é"])
def test_what_is_no_code_or_token_is_in_no_letter(name: LetterName, proof: str) -> None:
    with pytest.raises(ValueError, match="none"):
        write(name, "en", FACTS | {"code": proof, "token": proof}, URL)


def test_a_paragraph_without_its_fact_is_left_out() -> None:
    facts = {"name": "Ada", "reason": "", "until": "-"}
    assert "Reason" not in write("banned", "en", facts, URL).text
    assert "Until" not in write("banned", "en", facts, URL).text
    assert not write("banned", "en", {}, URL).text.startswith("Hello")


def test_what_was_changed_is_told_in_words() -> None:
    assert "alterado na sua conta: a senha." in write("changed", "pt", FACTS, URL).text


@pytest.mark.parametrize("fact", ["name", "agent", "text", "reason", "address", "what", "until"])
@pytest.mark.parametrize(
    "said",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</p></body><a href='https://evil.example'>Log in</a>",
        "https://evil.example/login",
        "evil.example/login",
        "www.evil.example",
        "mailto:bob@evil.example",
        "bob@evil.example",
        "javascript:alert(1)",
        "a\r\nBcc: bob@evil.example\r\n\r\nNew body",
        "a\n\n123456\n\n",
        "\u202eelpmaxe.live//:sptth",
        "a\u2028b\u2029c\u0085d\x0be",
        "{code} {link} {url}",
        "&lt;b&gt;",
    ],
)
def test_a_fact_is_text_on_one_line_and_nothing_else(fact: str, said: str) -> None:
    usual = {name: write(name, "en", FACTS, URL) for name in NAMES}
    for name in NAMES:
        written = write(name, "en", FACTS | {fact: said}, URL)
        assert written.subject == usual[name].subject
        assert len(written.text.split("\n")) == len(usual[name].text.split("\n"))
        page = Page(written.html)
        assert (page.tags, page.links) == (Page(usual[name].html).tags, Page(usual[name].html).links)
        assert not re.search(r"evil\.example|://evil|\w@\w|[\u202a-\u202e\u2066-\u2069\u2028\u2029]", written.text)
        written.html.encode()
        written.text.encode()


@pytest.mark.parametrize("said", ["\ud800", "\u200b\u202e", "\x00\n\t", " "])
def test_a_fact_that_nobody_sees_is_none(said: str) -> None:
    assert write("banned", "en", FACTS | {"reason": said}, URL) == write("banned", "en", FACTS | {"reason": ""}, URL)


def test_a_fact_may_be_long_and_is_cut() -> None:
    text = write("warned", "en", FACTS | {"text": "x" * 100_000}, URL).text
    assert "x" * FACT_LENGTH in text
    assert "x" * (FACT_LENGTH + 1) not in text
