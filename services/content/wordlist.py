"""Word lists as they stand in files.

A line is a word or a phrase, and ``word*`` is all words that begin so; ``#`` begins a comment. What follows a heading
belongs to it: ``[refuse slur]``, ``[mask profanity]``, ``[flag threat]`` name a severity and a category, ``[allow]``
takes entries out again.
"""

import re
from pathlib import Path
from typing import Final, Literal, NamedTuple, cast, get_args

from services.content.folding import fold

Severity = Literal["refuse", "mask", "flag"]

SHIPPED: Final = tuple(Path(__file__).with_name(f"{language}.txt") for language in ("english", "portuguese"))

WORDS_LIMIT: Final = 6
"""Words of a phrase."""
LETTERS_LIMIT: Final = 40
"""Letters of a word."""
ENTRIES_LIMIT: Final = 20_000
"""Entries of a file: more is no list that somebody has read."""

_HEADING: Final = re.compile(r"\[(refuse|mask|flag) ([a-z][a-z_]{0,31})\]|\[(allow)\]")


class Entry(NamedTuple):
    """A word or phrase, folded, and what becomes of a text that has it."""

    words: tuple[str, ...]
    begins: bool
    """Whether the last word may go on."""
    severity: Severity
    category: str


def read_lists(*files: Path) -> list[Entry]:
    """Return the entries of some files; a later one overrides those before it.

    Raises:
        OSError: If one cannot be read.
        ValueError: If one is not a word list; says where.
    """
    found: dict[tuple[tuple[str, ...], bool], Entry | None] = {}
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{file}: is not text in UTF-8") from error
        for entry, allowed in _entries(file, text):
            found[entry.words, entry.begins] = None if allowed else entry
    return [entry for entry in found.values() if entry is not None]


def _entries(file: Path, text: str) -> list[tuple[Entry, bool]]:
    entries: list[tuple[Entry, bool]] = []
    heading: re.Match[str] | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            heading = _HEADING.fullmatch(line)
            if heading is None:
                raise ValueError(f"{file}:{number}: {line!r} is no heading like [mask profanity] or [allow]")
        elif line:
            if heading is None:
                raise ValueError(f"{file}:{number}: stands before the first heading")
            entries.append((_entry(f"{file}:{number}", line, heading), heading[3] is not None))
            if len(entries) > ENTRIES_LIMIT:
                raise ValueError(f"{file}: has more than {ENTRIES_LIMIT:,} entries")
    return entries


def _entry(where: str, line: str, heading: re.Match[str]) -> Entry:
    begins = line.endswith("*")
    words = tuple(fold(line.removesuffix("*")).text.split())
    if not 1 <= len(words) <= WORDS_LIMIT or not all(word.isalpha() and len(word) <= LETTERS_LIMIT for word in words):
        raise ValueError(f"{where}: {line!r} is not {WORDS_LIMIT} words at most, of letters alone")
    severity = heading[1] if heading[1] in get_args(Severity) else "flag"
    return Entry(words, begins, cast("Severity", severity), heading[2] or "")
