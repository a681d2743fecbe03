"""What is one emoji, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messages.react import is_emoji


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "👍🏽",
        "❤",
        "❤️",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "👩🏽‍🚀",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🇩🇪",
        "1️⃣",
        "#⃣",
        "*️⃣",
        "✓",
        "™",
        "a",
        "é",
        "e\u0301",
        "字",
        "!",
        ":+1:",
        ":a:",
        ":thumbs_up-2:",
    ],
)
def test_one_grapheme_or_a_name_is_one(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t",
        "\0",
        "\u200b",
        "\u200d",
        "\ufe0f",
        "\u0301",
        "👍👍",
        "ab",
        "1a",
        "👍 ",
        " 👍",
        "👍\u200d",
        "\u200d👍",
        "👍\u200d\u200d👍",
        "a\u200db",
        "👍\u200da",
        "🇩",
        "🇩🇪🇫",
        "🇩🇪🇫🇷",
        "🇩a",
        "::",
        ":UP:",
        ":a b:",
        ":a",
        "a:",
        ":a::b:",
        "\ud800",
        "\U000e0067",
    ],
)
def test_none_or_several_are_not(text: str) -> None:
    assert not is_emoji(text)


@given(st.text(max_size=10))
def test_any_text_is_judged_and_no_two_together_are_one(text: str) -> None:
    if is_emoji(text):
        assert not is_emoji(text + " " + text)
        assert not is_emoji(text + "x")
