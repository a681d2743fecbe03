"""Patterns of what says who or where somebody is: addresses, numbers of phones and of cards."""

import re
from typing import Final

# Each begins at a character that nothing of its own kind stands before, and is bounded: a text is read once.
_MAILBOX: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PHONE: Final = re.compile(
    r"(?<![\w+])(?:\+\d[\d ().-]{6,18}\d"  # +55 11 91234-5678
    r"|\(\d{2,3}\) ?\d{3,5}[ .-]\d{3,4}"  # (11) 91234-5678
    r"|\d{2,3}[ .-]\d{3,5}[ .-]\d{3,4})(?![\w-])"  # 555-123-4567, 912 345 678
)
# Its first digits stand together: nobody is asked to write a card digit by digit, and so fewer places are looked at.
_CARD: Final = re.compile(r"(?<!\d)(?=(\d{3}(?:[ -]?\d){10,16})(?!\d))", re.ASCII)
_PHONE_DIGITS: Final = range(9, 16)
"""How many there are: 15 at most (ITU-T E.164), and fewer than nine are no number that can be called from elsewhere."""


def personal(text: str) -> list[str]:
    """Return what of a person a text may tell: ``email``, ``phone``, ``card``."""
    found = ["email"] if "@" in text and _MAILBOX.search(text) else []
    if any(len(re.findall(r"\d", match[0])) in _PHONE_DIGITS for match in _PHONE.finditer(text)):
        found.append("phone")
    if any(is_card(match[1]) for match in _CARD.finditer(text)):
        found.append("card")
    return found


def is_card(text: str) -> bool:
    """Tell whether the digits of a text are the number of a card, by their check digit (ISO/IEC 7812-1, annex B)."""
    digits = [int(character) for character in text if character.isdecimal()]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
