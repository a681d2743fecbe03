"""What people are to each other, as it is read and told."""

from typing import TYPE_CHECKING

import msgspec

from services.accounts.people.ties import tie_id
from store.database import Database
from store.tables import BLOCKS, COUNTS, FOLLOWS, FRIENDS, Counts

if TYPE_CHECKING:
    from services.application import Application


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is to oneself, and oneself to them. Whether they block one is not told."""

    user: str
    following: bool
    followed_by: bool
    friends: bool
    requested: bool
    asked: bool
    blocked: bool


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of somebody."""

    followers: int
    following: int
    friends: int
    posts: int


class Tied(msgspec.Struct, frozen=True):
    """What somebody is to oneself by now, and what is counted of oneself."""

    tie: Tie
    counts: Totals


class TieEvent(msgspec.Struct, tag_field="ev", tag="tie", frozen=True):
    """Not kept: something has changed between oneself and somebody."""

    d: Tied


def totals(counts: Counts | None) -> Totals:
    """Return what is counted of somebody, for the wire; None: nothing yet."""
    if counts is None:
        return Totals(followers=0, following=0, friends=0, posts=0)
    return Totals(followers=counts.followers, following=counts.following, friends=counts.friends, posts=counts.posts)


async def ties_between(database: Database, user: str, other: str) -> tuple[Tied, Tied]:
    """Return what two people are to each other, and what is counted of each: as the first sees it, and the other."""
    ids = [tie_id(user, other), tie_id(other, user)]
    read = await database.gather((FOLLOWS, ids), (FRIENDS, ids), (BLOCKS, ids), (COUNTS, [user, other]))
    follows = {id_ for id_, row in read[0].items() if row.since is not None}
    states = {id_: row.state for id_, row in read[1].items()}

    def seen(one: str, two: str) -> Tied:
        mine, theirs = tie_id(one, two), tie_id(two, one)
        state = states.get(mine)
        tie = Tie(
            user=two,
            following=mine in follows,
            followed_by=theirs in follows,
            friends=state == "friends",
            requested=state == "sent",
            asked=state == "received",
            blocked=mine in read[2],
        )
        return Tied(tie, totals(read[3].get(one)))

    return seen(user, other), seen(other, user)


async def tell_ties(application: "Application", user: str, other: str, *, both: bool = True) -> Tied:
    """Tell the sessions of two people what they are to each other by now; return it as the first sees it.

    Without ``both`` the other one's sessions are told nothing: for them nothing has changed, and why it is told would
    tell them of a block.
    """
    mine, theirs = await ties_between(application.database, user, other)
    application.live.tell(user, msgspec.json.encode(TieEvent(mine)))
    if both:
        application.live.tell(other, msgspec.json.encode(TieEvent(theirs)))
    return mine
