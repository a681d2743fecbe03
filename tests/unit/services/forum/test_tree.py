"""Threads: what stands below what, in which order, and how much of it makes a page; against a simple model."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.forum.comments.tree import DEPTH, UNDER, WAYS, Order, threads, whole_threads, with_one_below
from store.tables import Comment

ORDERS: tuple[Order, ...] = ("top", "new", "old")


def row(id_: str, parent: Comment | None = None, **fields: Any) -> Comment:
    """Return the row of a comment as it is when it is made."""
    values: dict[str, Any] = {"post": "post", "place": "place", "person": "ann", "top": 0} | fields
    if parent is not None:
        values |= {"parent": parent.id, "level": parent.id, "depth": parent.depth + 1}
    return Comment(id=id_, **{"level": "post"} | values)


class Tree(RuleBasedStateMachine):
    """Comments are added anywhere and voted on; what the rows say is what a walk over all of them says."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Comment] = {}

    @rule(under=st.integers(0, 200), score=st.integers(-3, 3))
    def add(self, under: int, score: int) -> None:
        """Answer one of those that may be answered, or the post."""
        open_ = [None, *(one for one in self.rows.values() if one.depth < DEPTH)]
        parent = open_[under % len(open_)]
        fresh = row(f"c{len(self.rows):04}", parent, top=score)
        self.rows[fresh.id] = fresh
        while parent is not None:
            self.rows[parent.id] = with_one_below(parent, fresh.id)
            parent = self.rows[parent.parent] if parent.parent else None

    @rule(which=st.integers(0, 200), score=st.integers(-3, 3))
    def vote(self, which: int, score: int) -> None:
        """Let the score of a comment be another one."""
        if self.rows:
            list(self.rows.values())[which % len(self.rows)].top = score

    @invariant()
    def below_is_how_many_stand_there(self) -> None:
        """``below`` is a count of the tree, and ``under`` is all of it while it is few."""
        for one in self.rows.values():
            below = self.walk(one.id, "old")[1:]
            assert one.below == len(below)
            assert set(one.under) == (set(below) if len(below) <= UNDER else set())

    @invariant()
    def threads_are_the_walk(self) -> None:
        """Every order gives what walking the tree gives."""
        for order in ORDERS:
            roots = [self.rows[id_] for id_ in self.children("post", order)]
            below = {id_: one for id_, one in self.rows.items() if one.depth}
            found = [[one.id for one in thread] for thread in threads(roots, below, order)]
            assert found == [self.walk(root.id, order) for root in roots]

    def children(self, level: str, order: Order) -> list[str]:
        """Return what stands directly below something, in order."""
        by, falling = WAYS[order]
        here = [one for one in self.rows.values() if one.level == level]
        return [one.id for one in sorted(here, key=lambda one: (getattr(one, by), one.id), reverse=falling)]

    def walk(self, id_: str, order: Order) -> list[str]:
        """Return a comment and all below it, depth first."""
        return [id_, *(one for child in self.children(id_, order) for one in self.walk(child, order))]


def test_rows_agree_with_a_walk_over_the_tree() -> None:
    run_state_machine_as_test(
        Tree, settings=settings(max_examples=25, stateful_step_count=40, deadline=None, database=None)
    )


def heavy(count: int) -> Comment:
    """Return a comment with so many below it."""
    one = row("heavy")
    for number in range(count):
        one = with_one_below(one, f"c{number}")
    return one


def test_comment_knows_those_below_it_only_while_they_are_few() -> None:
    assert len(heavy(UNDER).under) == UNDER
    for count in (UNDER + 1, UNDER + 7):
        assert heavy(count).under == ()
        assert heavy(count).below == count


@given(st.lists(st.integers(0, UNDER + 10), max_size=30), st.integers(1, 100))
@settings(deadline=None, database=None)
def test_page_holds_no_more_than_asked_for_and_whole_threads_where_they_fit(sizes: list[int], limit: int) -> None:
    rows = [heavy(size) for size in sizes]
    page = whole_threads(rows, limit)
    assert [one for one, _ in page] == rows[: len(page)]
    assert sum(1 + (one.below if whole else 0) for one, whole in page) <= limit
    assert page or not rows
    left = limit
    for one, whole in page:
        assert whole == (one.below <= UNDER and one.below < left)
        left -= 1 + (one.below if whole else 0)
    assert left == 0 or len(page) == len(rows)


def test_comment_whose_parent_is_not_there_is_left_out() -> None:
    root = row("a")
    lost = row("c", row("b", root))
    assert threads([root], {"c": lost}, "top") == [[root]]
