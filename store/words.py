"""The words of a text, the same for every store: folded, so that what is typed finds what was written."""

import re
import unicodedata

WORDS_LIMIT = 64
"""Words taken from one text; the rest is not found by search."""

WORD_LENGTH = 40
"""Characters of a word; longer ones are cut."""

# Letters that Unicode does not decompose, to what people type instead of them.
_UNDECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the distinct words of a text in order: case-folded, without accents, cut to ``WORD_LENGTH``."""
    # Folded again: what is decomposed may have capitals of its own (the sign ℡ is TEL).
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_UNDECOMPOSED)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(plain)))[:WORDS_LIMIT]
