"""How often people may follow, ask and look for each other."""

from typing import Final

from services.operations.limits import Limit, Reach

FOLLOW_USER: Final = Limit("follow_user", 60, 5)
"""60 at once: whoever is new follows many."""
FRIEND_USER: Final = Limit("friend_user", 20, 180, Reach.EXACT)
"""20 an hour in the long run: each of them reaches a stranger."""
ANSWER_USER: Final = Limit("answer_user", 50, 72)
"""Answers to those who ask to be friends, and what is taken back."""
LOOK_USER: Final = Limit("look_user", 60, 1)
"""Lists of people."""
FIND_USER: Final = Limit("find_user", 20, 3, Reach.EXACT)
"""Searches for people, typed letter by letter; nobody reads the whole directory so."""
