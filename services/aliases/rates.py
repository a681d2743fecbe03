"""How often people take other names, and what else is counted of these."""

from typing import Final

from services.operations.limits import Limit

ALIAS_USER: Final = Limit("alias_user", 10, 60)
"""Every name that was ever taken in a topic stays taken there."""

SILENCE_USER: Final = Limit("silence_user", 20, 2)
