"""Finding out whose another name is: for moderators of the installation, and never without a line that says so."""

from typing import Annotated

import msgspec

from services.accounts.logins.needs import LATELY, MODERATOR
from services.accounts.people.acts import act
from services.aliases.silences import AliasId, alias_in
from services.errors import AliasNotFound
from services.operations.context import Context
from services.operations.inputs import Input, RoomId
from services.operations.limits import ADMIN_USER
from services.operations.operation import Operation, by_user
from services.streams.items.authors import Author

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Reveal(Input):
    """Whose name is to be told, and why: the reason stands in the audit log."""

    topic: RoomId
    alias: AliasId
    reason: Why


class Revealed(msgspec.Struct, frozen=True):
    """Whose name it is."""

    user: Author


async def _reveal(context: Context, given: Reveal) -> Revealed:
    """Find out whose another name is; the audit log tells who did, and why."""
    application = context.application
    alias = await alias_in(application.database, given.topic, given.alias)
    people = await application.directory.find([alias.user])
    if alias.user not in people:
        raise AliasNotFound
    # The line first: where it cannot be written nothing is told.
    line = act(context, "alias.revealed", alias.user, alias=alias.id, topic=alias.topic, reason=given.reason)
    await application.database.together([line])
    return Revealed(Author(alias.user, people[alias.user].username))


REVEAL = Operation(
    name="alias.reveal",
    method="POST",
    path="/api/admin/topics/{topic}/aliases/{alias}/reveal",
    socket=False,
    scope="account",
    needs=(MODERATOR, LATELY),
    input=Reveal,
    output=Revealed,
    run=_reveal,
    raises=(AliasNotFound,),
    limits=((ADMIN_USER, by_user),),
)
