"""What a passkey proves."""

from typing import NamedTuple

from services.accounts.second.passkeys import ceremony
from services.accounts.second.passkeys.credential import Used, decoded
from services.accounts.second.proofs import Proof
from services.accounts.secrets import tickets
from services.errors import BadPasskey
from services.ids import now_ms
from services.operations.context import Context
from store.database import Update
from store.tables import PASSKEYS, USERS, Ticket, User


class Proved(NamedTuple):
    """A proof, and whose it is."""

    user: User
    proof: Proof


async def prove_passkey(context: Context, token: str, ticket: Ticket, used: Used, whose: str | None = None) -> Proved:
    """Prove by a passkey that has signed a ticket's challenge; the ticket is used up by it: its end is the first write.

    ``whose`` is the person who has to be proved; None takes the word of the passkey.

    Raises:
        BadPasskey: If it proves nothing, or another person.
        TicketOver: If there were too many tries.
    """
    database = context.application.database
    # The passkey is read before the try is counted: whoever finds its counter moved on by this very ticket is then told
    # that the ticket is over, and not that there are two of the passkey.
    key = await database.get(PASSKEYS, used.id)
    await tickets.count_try(database, ticket)
    handle = used.response.user_handle
    if key is None or (whose is not None and key.user != whose) or (whose is None and not handle):
        raise BadPasskey
    if handle and decoded(handle) != key.user.encode():
        raise BadPasskey
    signs = ceremony.signed(context.application, token, used, key)
    user = await database.get(USERS, key.user)
    if user is None:
        raise BadPasskey
    counted = Update(PASSKEYS, key.id, {"signs": signs, "used_at": now_ms()}, {"signs": key.signs})
    return Proved(user, Proof("passkey", (tickets.spent(ticket), counted)))
