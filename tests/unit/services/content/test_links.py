"""What counts as a link."""

import pytest

from services.content.links import has_link


@pytest.mark.parametrize(
    "text",
    [
        "see http://chat.example",
        "HTTPS://a.b/c",
        "ftp://x",
        "(www.chat.example)",
        "go to example.com",
        "Example.COM.",
        "a.b.example.org/path?q",
        "xn--bcher-kva.de",
        "bücher.de",
        "example.com, then",
    ],
)
def test_an_address_is_a_link(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize(
    "text", ["e.g. this", "joe@example.com", "main.py", "3.14", "foo.community", "a :// b", "end.Of", "www", ""]
)
def test_what_is_no_address_is_no_link(text: str) -> None:
    assert not has_link(text)
