"""How often people may put their own copy of what was said in order."""

from typing import Final

from services.operations.limits import Limit

HIDE_USER: Final = Limit("hide_user", 50, 0.5)
"""50 at once: somebody tidies up a long talk."""
CONVERSATIONS_USER: Final = Limit("conversations_user", 20, 1)
"""Lists of conversations, and what is unread in all of them."""
