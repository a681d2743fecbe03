"""Texts as they are compared: without case and accents, with the place of every letter in what was written."""

import functools
import itertools
import re
import unicodedata
from typing import Final, NamedTuple

LETTERS_KEPT: Final = 8_192
"""Characters beyond ASCII of which is remembered what they fold to."""

_UNDECOMPOSED: Final = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not decompose, to what people type instead of them."""
_LEET: Final = str.maketrans("01345789@$!", "oieastbgasi")
"""Digits and signs that stand for the letters they look like."""
_TOKEN: Final = re.compile(r"[$@]?[^\W_]+(?:[$@!]+[^\W_]+)*")
_PART: Final = re.compile(r"[^\W_]+")
_DRAWN_OUT: Final = re.compile(r"(.)\1+", re.DOTALL)
_TIED_LENGTH: Final = 64
"""Longest word with signs in it that is read as one."""


class Token(NamedTuple):
    """A word of a folded text and where it stands there; ``parts`` where signs tie several to one."""

    text: str
    start: int
    end: int
    parts: "tuple[Token, ...]" = ()


class Folded(NamedTuple):
    """A folded text."""

    text: str
    places: list[int] | None
    """Where the character stood that each folded one is of; None where it is the same place."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text as written a stretch of the folded one stands."""
        return (start, end) if self.places is None else (self.places[start], self.places[end - 1] + 1)

    def tokens(self) -> list[Token]:
        """Return its words in order."""
        return [token for match in _TOKEN.finditer(self.text) for token in _tokens(match)]


def fold(text: str) -> Folded:
    """Return a text without case, accents and characters that do not show."""
    if text.isascii():
        return Folded(text.lower(), None)
    letters = [_letter(character) for character in text]
    lengths = [len(letter) for letter in letters]
    if all(length == 1 for length in lengths):
        return Folded("".join(letters), None)
    places = itertools.chain.from_iterable(itertools.repeat(at, length) for at, length in enumerate(lengths))
    return Folded("".join(letters), list(places))


@functools.lru_cache(LETTERS_KEPT)
def _letter(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.casefold()).casefold().translate(_UNDECOMPOSED)
    # Marks, and what joins or parts without being seen (zero width space, soft hyphen).
    return "".join(each for each in decomposed if unicodedata.category(each) not in {"Mn", "Me", "Cf"})


def _tokens(match: re.Match[str]) -> tuple[Token, ...]:
    text, start = match[0], match.start()
    if text.isalnum():
        return (Token(text, start, match.end()),)
    parts = tuple(Token(part[0], start + part.start(), start + part.end()) for part in _PART.finditer(text))
    return parts if len(text) > _TIED_LENGTH else (Token(text, start, match.end(), parts),)


def readings(token: str) -> tuple[str, ...]:
    """Return what a word may be meant to say: with digits read as letters, and without those at its ends.

    A number says nothing but itself.
    """
    if token.isalpha():
        return (token,)
    bare = token.strip("0123456789$@!")
    return tuple(dict.fromkeys((token.translate(_LEET), bare))) if bare else ()


def key(word: str) -> str:
    """Return a word with every letter once in a row."""
    return _DRAWN_OUT.sub(r"\1", word)


def counts(word: str) -> tuple[int, ...]:
    """Return how often each letter of its ``key`` stands in a row in a word."""
    return tuple(sum(1 for _ in group) for _, group in itertools.groupby(word))
