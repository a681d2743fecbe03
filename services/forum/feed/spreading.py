"""Putting posts into feeds, and taking them out: jobs, a page of people or posts at a time.

Each page is one transaction with the job of the next: whoever goes on after a node died goes on there. What is done
twice changes nothing.
"""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services import feeding
from services.accounts.people.ties import tie_id
from services.feeding import FEED_CLEAR, FEED_DROP, FEED_FILL, FEED_REACH, FEED_SPREAD
from services.forum.posts.seeing import visible
from services.forum.posts.writing import EVERYBODY
from services.ids import member_id
from services.jobs.job import job
from store.database import FIND_LIMIT, Delete, Insert, Put, Write
from store.errors import Duplicate
from store.tables import BLOCKS, FED, FOLLOWS, JOBS, MEMBERS, POSTS, ROOMS, Fed, Follow, Member, Post

if TYPE_CHECKING:
    from services.application import Application

PAGE: Final = 500
"""People, or posts, of one transaction."""
CLEARED: Final = FIND_LIMIT // 3
"""Rows of one feed that are looked at in one transaction: of each three records say whether it stays."""
FILLED: Final = 50
"""Posts of an author or a topic that come into the feed of whoever begins to follow them."""

FOLLOWERS: Final = "followers"
"""Where it begins; then come the members of the topic."""

Work = dict[str, Any]


class FedPost(msgspec.Struct, frozen=True):
    """A post that came into one's feed."""

    post: str
    place: str


class FeedEvent(msgspec.Struct, tag_field="ev", tag="feed", frozen=True):
    """Not kept: there is something new in one's feed."""

    d: FedPost


def fed(user: str, post: Post) -> Fed:
    """Return the row of a post in somebody's feed; it has no author where the post shows another name."""
    paged = user if post.place.startswith("p_") else None
    return Fed(id=f"{user}:{post.id}", user=user, post=post.id, author=post.by or "", place=post.place, paged=paged)


async def spread(application: "Application", work: Work) -> None:
    """Do the job: put a post into the feeds of its author, of their followers, and of the members of its topic.

    Of a post under another name nothing goes to followers, and blocks do not count: both would tell whose it is.
    """
    row = await application.database.get(POSTS, work["post"])
    if row is None or row.live is None:
        return
    people, following = await _people(application, row, work.get("stage", FOLLOWERS), work.get("after", ""))
    if row.by is not None:
        people = await _unblocked(application, people, row.by)
    rows = [fed(user, row) for user in people]
    await _written(application, [*(Put(FED, one) for one in rows), *_next(FEED_SPREAD, work, following)])
    rows = await _take_back(application, rows)
    told = msgspec.json.encode(FeedEvent(FedPost(row.id, row.place)))
    for one in rows:
        application.live.tell(one.user, told)


async def _people(application: "Application", row: Post, stage: str, after: str) -> tuple[list[str], Work]:
    """Return those whom a post is for, a page of each sort at most, and where to go on; nowhere after the last."""
    database = application.database
    people = [row.person] if stage == FOLLOWERS and not after else []
    if stage == FOLLOWERS:
        if row.by is not None and row.wide is not None:
            follows = await database.find(FOLLOWS, {"other": row.by}, by="since", above=after, limit=PAGE)
            people += [one.user for one in follows]
            if len(follows) == PAGE:
                return people, {"stage": stage, "after": follows[-1].since}
        after = ""
    following: Work = {}
    if not row.place.startswith("p_"):
        members = await database.find(MEMBERS, {"room": row.place}, by="user", above=after, limit=PAGE)
        people += [one.user for one in members]
        if len(members) == PAGE:
            following = {"stage": "members", "after": members[-1].user}
    return list(dict.fromkeys(people)), following


async def _unblocked(application: "Application", people: list[str], author: str) -> list[str]:
    """Return those of some people who block the author as little as the author blocks them."""
    apart: set[str] = set()
    others = [user for user in people if user != author]
    for start in range(0, len(others), FIND_LIMIT // 2):
        part = others[start : start + FIND_LIMIT // 2]
        ids = [id_ for user in part for id_ in (tie_id(user, author), tie_id(author, user))]
        for row in (await application.database.get_many(BLOCKS, ids)).values():
            apart |= {row.user, row.other}
    return [user for user in people if user == author or user not in apart]


async def fill(application: "Application", work: Work) -> None:
    """Do the job: put the latest posts of an author, or of a topic, into somebody's feed, if it is still to be.

    Of an author it is the latest that everybody may see: what else they wrote comes with its topic to whoever is in it,
    and must not tell others by what it leaves out that it is there.
    """
    user, author, place = work["user"], work["author"], work["place"]
    if not await _wanted(application, work):
        return
    equal = {"by": author, "wide": EVERYBODY} if author else {"live": place}
    rows = await application.database.find(POSTS, equal, by="id", falling=True, limit=FILLED)
    rooms, members = await application.database.gather(
        (ROOMS, places := list(dict.fromkeys(row.place for row in rows))),
        (MEMBERS, [member_id(id_, user) for id_ in places]),
    )
    seen = visible(places, user, rooms, members)
    rows = [row for row in rows if row.place in seen]
    apart = {row.by for row in rows if row.by is not None and not await _unblocked(application, [user], row.by)}
    filled = [fed(user, row) for row in rows if row.by not in apart]
    await _written(application, [Put(FED, one) for one in filled])
    await _take_back(application, filled)


async def _take_back(application: "Application", rows: Sequence[Fed]) -> list[Fed]:
    """Take those of some rows out again, just written, that have no reason to be there; return the others.

    Somebody left, or followed no more, or the post was deleted, between being asked about and the write: the job that
    takes out what is there for that may have come before it.
    """
    reasons = await _with_reason(application, rows)
    wrong = [row for row in rows if row.id not in reasons]
    for start in range(0, len(wrong), PAGE):
        await _written(application, [Delete(FED, row.id) for row in wrong[start : start + PAGE]])
    await _bring_back(application, wrong)
    return [row for row in rows if row.id in reasons]


async def _bring_back(application: "Application", rows: Sequence[Fed]) -> None:
    """Have the posts of those of some rows, just deleted, spread once more that have a reason to be there by now.

    The job that puts in what is there for it may have come before they were deleted.
    """
    reasons = await _with_reason(application, rows)
    posts = {row.post: None for row in rows if row.id in reasons}
    await _written(application, [feeding.spread(post) for post in posts])


async def _with_reason(application: "Application", rows: Sequence[Fed]) -> set[str]:
    """Return the ids of those of some rows that have a reason to be there."""
    found = set()
    for start in range(0, len(rows), FIND_LIMIT // 3):
        part = rows[start : start + FIND_LIMIT // 3]
        posts, members, follows = await application.database.gather(
            (POSTS, list({row.post for row in part})),
            (MEMBERS, list({member_id(row.place, row.user) for row in part})),
            (FOLLOWS, list({tie_id(row.user, row.author) for row in part})),
        )
        found |= {row.id for row in part if _has_reason(row, posts, members, follows)}
    return found


def _has_reason(
    row: Fed, posts: Mapping[str, Post], members: Mapping[str, Member], follows: Mapping[str, Follow]
) -> bool:
    """Tell whether a post is in somebody's feed for a reason, by their records.

    It is their own, or they are in its topic, or they follow its author and everybody may see it.
    """
    post, follow = posts.get(row.post), follows.get(tie_id(row.user, row.author))
    if post is None or post.live is None:
        return False
    if row.author == row.user or member_id(row.place, row.user) in members:
        return True
    return post.wide is not None and follow is not None and follow.since is not None


async def _wanted(application: "Application", work: Work) -> bool:
    """Tell whether somebody still follows the author, or is in the topic."""
    if work["author"]:
        row = await application.database.get(FOLLOWS, tie_id(work["user"], work["author"]))
        return row is not None and row.since is not None
    return await application.database.get(MEMBERS, member_id(work["place"], work["user"])) is not None


async def clear(application: "Application", work: Work) -> None:
    """Do the job: take posts out of a feed that were there for an author, or a topic, alone, if it is still to be."""
    database, user, author = application.database, work["user"], work["author"]
    if await _wanted(application, work):
        return
    equal = {"user": user, "author": author} if author else {"user": user, "place": work["place"]}
    rows = await database.find(FED, equal, by="post", above=work.get("after", ""), limit=CLEARED)
    posts, members, follows = await database.gather(
        (POSTS, [row.post for row in rows]),
        (MEMBERS, list({member_id(row.place, user) for row in rows})),
        (FOLLOWS, list({tie_id(user, row.author) for row in rows})),
    )
    gone = [row for row in rows if not _has_reason(row, posts, members, follows)]
    following = {"after": rows[-1].post} if len(rows) == CLEARED else {}
    await _written(application, [*(Delete(FED, row.id) for row in gone), *_next(FEED_CLEAR, work, following)])


async def drop(application: "Application", work: Work) -> None:
    """Do the job: take deleted posts out of all feeds, but those that were brought back.

    One may come back, and into feeds, between being asked about and the write: so behind it they are looked at again,
    by whoever does the page again too, and those that are back are spread once more.
    """
    database, after = application.database, work.get("after", "")
    posts = await database.get_many(POSTS, work["posts"])
    looked: list[str] = []
    writes: list[Write] = []
    for number, post in enumerate(work["posts"]):
        above, after = after, ""
        looked.append(post)
        if _is_live(posts.get(post)):
            continue
        rows = await database.find(FED, {"post": post}, by="user", above=above, limit=PAGE - len(writes))
        writes += [Delete(FED, one.id) for one in rows]
        if len(writes) == PAGE:
            writes += _next(FEED_DROP, work, {"posts": work["posts"][number:], "after": rows[-1].user})
            break
    await _written(application, writes)
    posts = await database.get_many(POSTS, looked)
    await _written(application, [feeding.spread(post) for post in looked if _is_live(posts.get(post))])


async def reach(application: "Application", work: Work) -> None:
    """Do the job: have posts of a topic in their authors' followers' feeds if the topic is open, else in its members'.

    Who is to have a post may change between being asked about and the write, so what was written is looked at again.
    The next page is written down behind it: done again, this one may find another answer, and has to write it.
    """
    database, (first, *others) = application.database, work["posts"]
    post, follows = await database.get(POSTS, first), list[Follow]()
    if post is not None and post.live is not None and post.by is not None:
        follows = await database.find(FOLLOWS, {"other": post.by}, by="since", above=work.get("after", ""), limit=PAGE)
        await _reached(application, post, [one.user for one in follows])
    following: Work = {"posts": others, "after": ""} if others else {}
    if len(follows) == PAGE:
        following = {"after": follows[-1].since}
    await _written(application, _next(FEED_REACH, work, following))


async def _reached(application: "Application", post: Post, users: list[str]) -> None:
    """Have a post in the feeds of some followers of its author, or in those of members among them alone.

    No block is asked about: it ends that one follows.
    """
    if post.wide is None:
        members = await application.database.get_many(MEMBERS, [member_id(post.place, user) for user in users])
        rows = [fed(user, post) for user in users if member_id(post.place, user) not in members]
        await _written(application, [Delete(FED, one.id) for one in rows])
        await _bring_back(application, rows)
    else:
        rows = [fed(user, post) for user in users]
        await _written(application, [Put(FED, one) for one in rows])
        await _take_back(application, rows)


def _is_live(row: Post | None) -> bool:
    return row is not None and row.live is not None


def _next(kind: str, work: Work, following: Work) -> list[Insert]:
    """Return the job that goes on after a page, if any does. Made again by a page that is done again it is the same.

    The work of each first page has an ``origin`` of its own: asked for again, the same goes on with other jobs.
    """
    if not following:
        return []
    work = work | following
    named = hashlib.blake2b(msgspec.json.encode(work, order="sorted"), digest_size=16).hexdigest()
    return [Insert(JOBS, job(kind, work, id_=f"{kind}:{named}"))]


async def _written(application: "Application", writes: Sequence[Write]) -> None:
    with contextlib.suppress(Duplicate):  # the job that goes on is there: this page was written before
        if writes:
            await application.database.together(writes)
    application.jobs.wake()


JOBS_BY_KIND: Final = {FEED_SPREAD: spread, FEED_FILL: fill, FEED_CLEAR: clear, FEED_DROP: drop, FEED_REACH: reach}
"""Every kind of these jobs, and what does it."""
