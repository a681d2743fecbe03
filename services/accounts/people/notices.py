"""Letters that tell somebody what was done to their account, in case it was not them."""

from typing import Literal

from services.mail.letter import letter
from store.database import Insert, Write
from store.tables import JOBS, User

What = Literal["password", "email", "second_factor", "passkey", "recovery_code", "identity", "token", "username"]
"""What was changed; the letter has words for each."""


def notice(user: User, what: What) -> tuple[Write, ...]:
    """Return the write that has a person told, to be made with the change itself; none where the address is not proved.

    An address that is only claimed may be a stranger's, who has no account to worry about.
    """
    if not user.email_verified:
        return ()
    return (Insert(JOBS, letter("changed", user.email, user.preferences.language, what=what, name=user.name)),)
