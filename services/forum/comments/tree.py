"""The tree of comments under a post: who stands below whom, and what of it makes a page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from store.tables import Comment

Order = Literal["top", "new", "old"]

DEPTH: Final = 10
"""The deepest that a comment stands: 0 is one on the post itself."""

UNDER: Final = 50
"""Comments below one that it knows by id. With more it comes alone: half a page of one thread is enough at first."""


class Way(NamedTuple):
    """How a list of comments is asked for: by which field, and from which end."""

    by: Literal["top", "id"]
    falling: bool


WAYS: Final[dict[Order, Way]] = {"top": Way("top", True), "new": Way("id", True), "old": Way("id", False)}


def with_one_below(row: Comment, comment: str) -> Comment:
    """Return a comment's row with one more comment below it."""
    # Once there were more than can be known, those that are known are too few for ever.
    under = (*row.under, comment) if row.below < UNDER else ()
    return msgspec.structs.replace(row, below=row.below + 1, under=under)


def whole_threads(rows: Iterable[Comment], limit: int) -> list[tuple[Comment, bool]]:
    """Return the rows that make a page of at most ``limit`` comments, and whether each comes with all below it.

    The rows keep their order. What does not fit with all below it comes alone.
    """
    page: list[tuple[Comment, bool]] = []
    room = limit
    for row in rows:
        if not room:
            break
        whole = len(row.under) == row.below and row.below < room
        page.append((row, whole))
        room -= 1 + (row.below if whole else 0)
    return page


def threads(roots: Sequence[Comment], below: Mapping[str, Comment], order: Order) -> list[list[Comment]]:
    """Return each root with those of ``below`` that stand under it: depth first, siblings by the order.

    Roots keep their order. One whose parent is in neither is left out.
    """
    by, falling = WAYS[order]
    children: defaultdict[str, list[Comment]] = defaultdict(list)
    for row in sorted(below.values(), key=lambda row: _key(row, by), reverse=falling):
        children[row.level].append(row)
    return [_thread(root, children) for root in roots]


def _thread(root: Comment, children: Mapping[str, list[Comment]]) -> list[Comment]:
    thread: list[Comment] = []
    waiting = [root]
    while waiting:
        row = waiting.pop()
        thread.append(row)
        waiting.extend(reversed(children.get(row.id, ())))
    return thread


def _key(row: Comment, by: str) -> Any:
    return (row.top, row.id) if by == "top" else row.id
