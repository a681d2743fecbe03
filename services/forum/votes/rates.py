"""How often people vote."""

from typing import Final

from services.operations.limits import Limit

VOTE_USER: Final = Limit("vote_user", 30, 0.5)
