"""The shipped filter: word lists, read once, and patterns of what is about persons."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from services.content.filter import Verdict
from services.content.folding import Folded, Token, counts, fold, key, readings
from services.content.personal import personal
from services.content.wordlist import SHIPPED, Entry, Severity, read_lists

TOKENS_KEPT: Final = 8_192
"""Words of which is remembered what they are: most that people say are the same few."""
TOKEN_KEPT_LENGTH: Final = 32
"""Longest of them, in characters."""
GAP: Final = 3
"""Longest stretch between two words of a phrase: a comma and a blank, a line's end."""


class _Word(NamedTuple):
    """A word of an entry: every letter once in a row, and how often it has to stand there at the least."""

    key: str
    counts: tuple[int, ...]
    begins: bool

    def says(self, reading: str) -> bool:
        """Tell whether something written says this, each letter once or drawn out."""
        there = key(reading)
        if not (there.startswith(self.key) if self.begins else there == self.key):
            return False
        return all(count >= least for count, least in zip(counts(reading), self.counts, strict=False))


class _Rule(NamedTuple):
    words: tuple[_Word, ...]
    severity: Severity
    category: str


class Lexicon:
    """Finds entries of word lists as whole words, whatever their case, accents, drawn out letters and digits for them.

    Its cost grows with the length of a text alone: each word is looked up in tables, and most are remembered.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._whole: dict[str, list[_Rule]] = defaultdict(list)
        self._begun: dict[str, list[_Rule]] = defaultdict(list)
        """Rules by the letters their first word begins with."""
        for entry in entries:
            rule = _rule(entry)
            first = rule.words[0]
            (self._begun if first.begins else self._whole)[first.key].append(rule)
        self._lengths = sorted({len(head) for head in self._begun})
        self._heads = {head[: self._lengths[0]] for head in self._begun}
        """What the shortest of them has: most words have another beginning."""
        self._remembered = functools.lru_cache(TOKENS_KEPT)(self._read)

    def judge(self, text: str) -> Verdict:
        """Return what is to become of a text; see ``Filter``."""
        folded = fold(text)
        found = list(self._found(folded))
        flags = [rule.category for rule, _, _ in found if rule.severity == "flag"]
        refused = [rule.category for rule, _, _ in found if rule.severity == "refuse"]
        spans = [folded.span(start, end) for rule, start, end in found if rule.severity == "mask"]
        return Verdict(_masked(text, spans), _once(refused), _once([*flags, *personal(text)]))

    def _found(self, folded: Folded) -> Iterator[tuple[_Rule, int, int]]:
        tokens = list(self._tokens(folded))
        for at, token in enumerate(tokens):
            for rule in self._rules(token.text):
                end = self._end(rule, folded, tokens, at)
                if end is not None:
                    yield rule, token.start, end

    def _tokens(self, folded: Folded) -> Iterator[Token]:
        for token in folded.tokens():
            # Signs that stand for letters make one word, if that is in a list; else they part two.
            if token.parts and not self._rules(token.text):
                yield from token.parts
            else:
                yield token

    def _rules(self, token: str) -> tuple[_Rule, ...]:
        """Return the rules whose first word a word may be meant to be."""
        return self._remembered(token) if len(token) <= TOKEN_KEPT_LENGTH else self._read(token)

    def _read(self, token: str) -> tuple[_Rule, ...]:
        found: list[_Rule] = []
        for reading in readings(token):
            word = key(reading)
            rules = list(self._whole.get(word, ()))
            if self._lengths and word[: self._lengths[0]] in self._heads:
                rules += [rule for length in self._lengths for rule in self._begun.get(word[:length], ())]
            found += [rule for rule in rules if rule.words[0].says(reading)]
        return tuple(dict.fromkeys(found))

    def _end(self, rule: _Rule, folded: Folded, tokens: list[Token], at: int) -> int | None:
        """Return where what a rule looks for ends that begins at a word; None where it does not stand there."""
        for word in rule.words[1:]:
            before = tokens[at]
            at += 1
            if at == len(tokens):
                return None
            gap = folded.text[before.end : tokens[at].start]
            # What is masked already parts words: else masking one could bring two others together.
            if len(gap) > GAP or "*" in gap or not any(map(word.says, readings(tokens[at].text))):
                return None
        return tokens[at].end


def _rule(entry: Entry) -> _Rule:
    last = len(entry.words) - 1
    words = (_Word(key(word), counts(word), entry.begins and at == last) for at, word in enumerate(entry.words))
    return _Rule(tuple(words), entry.severity, entry.category)


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    if not spans:
        return text
    letters = list(text)
    for start, end in spans:
        letters[start:end] = [letter if letter.isspace() else "*" for letter in letters[start:end]]
    return "".join(letters)


def _once(categories: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(categories))


@functools.cache
def shipped() -> Lexicon:
    """Return the filter with the lists that come along."""
    return Lexicon(read_lists(*SHIPPED))


def load_filter(words: Path | None) -> Lexicon:
    """Return the filter with the lists that come along, and over them an operator's own.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not a word list; says where.
    """
    return shipped() if words is None else Lexicon(read_lists(*SHIPPED, words))
