"""One's own votes: items on the wire hold nothing of them, for they are the same for everybody."""

from typing import Annotated

import msgspec

from services.errors import Flaw, Invalid
from services.forum.posts.terms import PostId
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user
from store.database import FIND_LIMIT
from store.tables import VOTES

IDS = 40
"""Items asked about at once: those of a page of posts, and some."""
IDS_LENGTH = 1240
"""Characters of a list of ids: 40 of ours. Were each one of those that take twelve bytes in an address, the head would
still be one that is read, and its sender told what is wrong with it."""


Ids = Annotated[str, msgspec.Meta(min_length=1, max_length=IDS_LENGTH, pattern="^[0-9A-Za-z_,-]+(?![^0-9A-Za-z_,-])$")]
"""Of letters that stand in an address as they are: others would make it longer than a server reads."""


class MyVotes(Input):
    """Which of one's votes: those on items, or all on a post and what is said about it."""

    ids: Ids | None = None
    post: PostId | None = None


class Votes(msgspec.Struct, frozen=True):
    """One's votes by item: 1 or -1; what is not in it one has not voted on."""

    votes: dict[str, int]


async def _mine(context: Context, given: MyVotes) -> Votes:
    """Tell one's own votes on up to 40 items, or on a post and its comments, 1,000 of them at most."""
    if (given.ids is None) == (given.post is None):
        raise Invalid(flaws=(Flaw("/ids", "either these or a post has to be given"),))
    database, user = context.application.database, context.caller.user
    if given.post is not None:
        rows = await database.find(VOTES, {"user": user, "post": given.post}, limit=FIND_LIMIT)
    else:
        ids = dict.fromkeys(id_ for id_ in (given.ids or "").split(",") if id_)
        if len(ids) > IDS:
            raise Invalid(flaws=(Flaw("/ids", f"has more than {IDS} ids"),))
        found = await database.get_many(VOTES, [f"{id_}:{user}" for id_ in ids])
        rows = list(found.values())
    return Votes({row.item: row.value for row in rows if row.value})


MINE = Operation(
    name="vote.mine",
    method="GET",
    path="/api/votes",
    input=MyVotes,
    output=Votes,
    run=_mine,
    limits=((LOOKUP_USER, by_user),),
)
