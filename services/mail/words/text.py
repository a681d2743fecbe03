"""What a language has words for."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.mail.letter import LetterName


@dataclass(frozen=True, slots=True)
class Text:
    """One letter. ``{fact}`` stands for a fact, ``{code}`` and ``{link}`` alone for the code and the link."""

    subject: str
    """In it there are no facts: what people choose is in no header."""
    paragraphs: tuple[str, ...]
    """One that names a fact which was not given is left out."""


@dataclass(frozen=True, slots=True)
class Language:
    """All letters in one language."""

    tag: str
    greeting: str
    farewell: str
    """What stands under every letter; ``{url}`` is the installation's address."""
    texts: Mapping[LetterName, Text]
    things: Mapping[str, str]
    """What the fact ``what`` of a letter may be, in words."""
