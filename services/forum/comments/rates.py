"""How often people comment."""

from typing import Final

from services.operations.limits import Limit

COMMENT_USER: Final = Limit("comment_user", 10, 3)
COMMENT_POST: Final = Limit("comment_post", 5, 2)
