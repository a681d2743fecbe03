"""How often one may change what one is told of, and ask for it."""

from typing import Final

from services.operations.limits import Limit

STANCE_USER: Final = Limit("stance_user", 60, 1)
NOTIFICATION_USER: Final = Limit("notification_user", 60, 0.5)
