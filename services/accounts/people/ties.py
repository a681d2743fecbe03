"""What people are to each other: how it is written, and counted, in the lanes of both.

Whoever changes something between two people appends to both own streams (``moved``): so nothing of it can change
between a plan and its write, on any node, and what is counted is exact.
"""

from collections.abc import Mapping
from typing import Literal

from services import feeding
from services.ids import new_id, now_ms, self_stream
from services.news import News, news
from services.streams.append import Step, View, marker_entry
from store.database import Delete, Put, Write
from store.tables import BLOCKS, COUNTS, FOLLOWS, FRIENDS, Counts, Follow, Friend, Person, User

DAY_MS = 86_400_000
"""How long somebody is not told again that the same person follows them."""

Counted = Literal["followers", "following", "friends", "posts"]
State = Literal["friends", "sent", "received"]


def tie_id(user: str, other: str) -> str:
    """Return the id of the record of what a user is to another."""
    return f"{user}:{other}"


def moved(*users: str) -> list[Step]:
    """Return the steps by which a change between people takes a rev of each own stream; nobody is told by them."""
    return [Step(marker_entry(self_stream(user))) for user in dict.fromkeys(users)]


async def counted(view: View, changes: Mapping[str, Mapping[Counted, int]]) -> list[Write]:
    """Return what counts are by such changes, by user; for a plan that appends to the own stream of each of them."""
    writes: list[Write] = []
    for user, by in changes.items():
        if not any(by.values()):
            continue
        was = await view.get(COUNTS, user) or Counts(id=user)
        writes.append(
            Put(
                COUNTS,
                Counts(
                    id=user,
                    followers=was.followers + by.get("followers", 0),
                    following=was.following + by.get("following", 0),
                    friends=was.friends + by.get("friends", 0),
                    posts=was.posts + by.get("posts", 0),
                ),
            )
        )
    return writes


async def apart(view: View, user: str, other: str) -> bool:
    """Tell whether one of two people blocks the other."""
    for one, two in ((user, other), (other, user)):
        if await view.get(BLOCKS, tie_id(one, two)) is not None:
            return True
    return False


async def follows(view: View, user: str, other: str) -> Follow | None:
    """Return the record of somebody's following another, where they do."""
    found = await view.get(FOLLOWS, tie_id(user, other))
    return found if found is not None and found.since is not None else None


async def following(view: View, user: User, other: str) -> list[Write]:
    """Return what is written where somebody begins to follow another, whom they do not follow yet."""
    before, now = await view.get(FOLLOWS, tie_id(user.id, other)), now_ms()
    told = None if before is None else before.told_at
    fresh = told is None or told + DAY_MS <= now
    row = Follow(id=tie_id(user.id, other), user=user.id, other=other, since=new_id(), told_at=now if fresh else told)
    writes: list[Write] = [Put(FOLLOWS, row), feeding.fill(user.id, author=other)]
    if fresh:
        shown = Person(user.id, user.username)
        writes.append(news(News(type="follow", actor=user.id, shown=shown, to=(other,))))
    return writes + await counted(view, {user.id: {"following": 1}, other: {"followers": 1}})


def befriended(user: str, other: str) -> list[Write]:
    """Return the rows of two who are friends from now on; what is counted comes besides."""
    since = new_id()
    return [_friend(user, other, "friends", since), _friend(other, user, "friends", since)]


def asked(user: str, other: str) -> list[Write]:
    """Return the rows of somebody's asking another to be friends."""
    since = new_id()
    return [_friend(user, other, "sent", since), _friend(other, user, "received", since)]


def _friend(user: str, other: str, state: State, since: str) -> Put:
    return Put(FRIENDS, Friend(id=tie_id(user, other), user=user, other=other, state=state, since=since))


def strangers(user: str, other: str) -> list[Write]:
    """Return the writes by which two are no friends, and neither has asked the other."""
    return [Delete(FRIENDS, tie_id(user, other)), Delete(FRIENDS, tie_id(other, user))]


async def parted(view: View, user: str, other: str, *, gone: bool = False) -> list[Write]:
    """Return what ends everything between two people: following both ways, friendship, and its being asked for.

    With ``gone`` the account of ``user`` is no more: nothing is counted of it, and nothing is remembered.
    """
    writes: list[Write] = []
    changes: dict[str, dict[Counted, int]] = {user: {}, other: {}}
    for one, two in ((user, other), (other, user)):
        row = await view.get(FOLLOWS, tie_id(one, two))
        if row is not None and gone:
            writes.append(Delete(FOLLOWS, row.id))
        if row is None or row.since is None:
            continue
        if not gone:
            writes.append(Put(FOLLOWS, ended(row)))
        changes[one]["following"] = changes[two]["followers"] = -1
        writes.append(feeding.clear(one, author=two))
    friend = await view.get(FRIENDS, tie_id(user, other))
    if friend is not None:
        writes += strangers(user, other)
        if friend.state == "friends":
            changes[user]["friends"] = changes[other]["friends"] = -1
    if gone:
        del changes[user]
    return writes + await counted(view, changes)


def ended(row: Follow) -> Follow:
    """Return the record of a following that is over: what stays is when the other was told of it."""
    return Follow(id=row.id, user=row.user, other=row.other, told_at=row.told_at)
