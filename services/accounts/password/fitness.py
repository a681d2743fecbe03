"""Which passwords are refused: those that are guessed first."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from services.errors import Flaw, WeakPassword

COMMON: Final = Path(__file__).with_name("common.txt")

CONTEXT: Final = ("parley",)
"""Words that everybody connects with this place."""
WORD_LENGTH: Final = 4
"""Shortest word of a context that counts: ``ann`` is in too many good sentences."""
REST_LENGTH: Final = 4
"""Fewest characters that have to be left beside the words of the context: fewer are tried behind each name."""


@functools.cache
def common() -> frozenset[str]:
    """Return the passwords that are guessed first, in lower case."""
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def require_fit(password: str, *known: str, pointer: str = "/password") -> None:
    """Let pass what is not guessed first; ``known`` is what others know of the person: names, the address.

    There are no other rules: every character counts, and none is asked for (NIST SP 800-63B, 5.1.1.2).

    Raises:
        WeakPassword: If it is among the common ones, or little more than what is known.
    """
    folded = password.casefold()
    if folded in common() or len(set(folded)) == 1 or _is_of_context(folded, known):
        raise WeakPassword(flaws=(Flaw(pointer, WeakPassword.detail),))


def _is_of_context(folded: str, known: Iterable[str]) -> bool:
    # The domain of an address is known of its person too, and "example.org" may be somebody's whole password.
    words = {word for text in (*CONTEXT, *known) for word in re.split(r"[@\s]", text.casefold())}
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= WORD_LENGTH:
            rest = rest.replace(word, "")
    return rest != folded and len(rest) < REST_LENGTH
