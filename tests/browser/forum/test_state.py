"""What the page knows of votes, threads, lists of posts and notifications, without its views."""

from typing import Any

import pytest

from tests.browser.conftest import Come

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTS = """
const post = (id, more = {}) => (
  {kind: "post", id, room: "t", seq: 1, rev: 1, up: 0, down: 0, deleted: false, parent: null, ...more});
const later = () => {
  const one = {};
  one.promise = new Promise((resolve, reject) => Object.assign(one, {resolve, reject}));
  return one;
};
"""


async def told(come: Come, script: str) -> Any:
    """Return what a script of the page's own modules says."""
    person = await come()
    return await person.page.evaluate(f"(async () => {{ {PARTS} {script} }})()")


VOTES = """
const { Votes } = await import("/state/forum/votes.js");
const sent = [];
const votes = new Votes((item, value) => { const one = later(); sent.push([value, one]); return one.promise; },
  async () => ({}));
"""


async def test_a_vote_shows_at_once_and_once_only_when_the_totals_have_it(come: Come) -> None:
    shown = await told(
        come,
        VOTES
        + """
        const item = post("a", {up: 4});
        const done = votes.vote(item, 1);
        const at_once = votes.shown(item).score;
        sent[0][1].resolve(); await done;
        const kept = votes.shown(item).score;
        const counted = post("a", {up: 5, rev: 2});
        votes.see(counted);
        return [at_once, kept, votes.shown(counted).score, votes.mine("a")];
        """,
    )
    assert shown == [5, 5, 5, 1]


async def test_a_vote_that_was_counted_before_its_answer_counts_once(come: Come) -> None:
    shown = await told(
        come,
        VOTES
        + """
        const done = votes.vote(post("a", {up: 4}), 1);
        const counted = post("a", {up: 5, rev: 2});
        votes.see(counted);
        const before = votes.shown(counted).score;
        sent[0][1].resolve(); await done;
        return [before, votes.shown(counted).score];
        """,
    )
    assert shown == [5, 5]


async def test_the_vote_of_another_does_not_hide_mine(come: Come) -> None:
    shown = await told(
        come,
        VOTES
        + """
        const done = votes.vote(post("a", {up: 4}), 1);
        const others = post("a", {up: 4, down: 1, rev: 2});
        votes.see(others);
        const before = votes.shown(others);
        sent[0][1].resolve(); await done;
        votes.see(post("a", {up: 5, down: 1, rev: 3}));
        return [before.up, before.down, votes.shown(post("a", {up: 5, down: 1, rev: 3})).score];
        """,
    )
    assert shown == [5, 1, 4]


async def test_a_vote_that_is_refused_is_taken_back(come: Come) -> None:
    shown = await told(
        come,
        VOTES
        + """
        const item = post("a", {up: 4});
        const done = votes.vote(item, -1);
        const before = votes.shown(item).score;
        sent[0][1].reject(new Error("no"));
        const refused = await done.then(() => false, () => true);
        return [before, refused, votes.shown(item).score, votes.mine("a")];
        """,
    )
    assert shown == [3, True, 4, 0]


async def test_who_changes_their_mind_has_the_last_vote_sent_after_the_first(come: Come) -> None:
    told_of = await told(
        come,
        VOTES
        + """
        const item = post("a", {up: 4});
        const done = votes.vote(item, 1);
        votes.vote(item, -1); votes.vote(item, 0);
        const one_at_a_time = sent.length;
        sent[0][1].resolve(); await Promise.resolve(); await Promise.resolve();
        sent[1][1].resolve(); await done;
        return [one_at_a_time, sent.map(([value]) => value), votes.shown(item).score];
        """,
    )
    assert told_of == [1, [1, 0], 4]


THREAD = """
const { Thread } = await import("/state/forum/thread.js");
const comment = (id, seq, parent = null, more = {}) => post(id, {kind: "comment", seq, parent, ...more});
const shape = (thread) => thread.rows.map(({item, below}) => `${item.id}${below}`).join(" ");
"""


async def test_a_thread_stands_by_its_order_however_it_came(come: Come) -> None:
    shapes = await told(
        come,
        THREAD
        + """
        const shapes = [];
        for (const order of ["old", "new", "top"]) {
          const thread = new Thread(order);
          for (const one of [comment("c", 3, "a"), comment("b", 2), comment("a", 1), comment("d", 4, "c")])
            thread.put(one);
          shapes.push(shape(thread));
        }
        return shapes;
        """,
    )
    assert shapes == ["a2 c1 d0 b0", "b0 a2 c1 d0", "b0 a2 c1 d0"]


async def test_a_folded_comment_hides_what_is_below_it_and_says_how_much(come: Come) -> None:
    shapes = await told(
        come,
        THREAD
        + """
        const thread = new Thread("old");
        for (const one of [comment("a", 1), comment("b", 2, "a"), comment("c", 3, "b")]) thread.put(one);
        thread.fold("a", true);
        const folded = shape(thread);
        thread.reveal("c");
        return [folded, shape(thread)];
        """,
    )
    assert shapes == ["a2", "a2 b1 c0"]


async def test_of_two_states_of_a_comment_the_later_one_holds(come: Come) -> None:
    texts = await told(
        come,
        THREAD
        + """
        const thread = new Thread("old");
        thread.put(comment("a", 1, null, {rev: 5, text: "new"}));
        thread.put(comment("a", 1, null, {rev: 4, text: "old"}));
        return [thread.size, thread.get("a").text];
        """,
    )
    assert texts == [1, "new"]


async def test_answers_that_are_not_loaded_leave_a_gap_in_their_place(come: Come) -> None:
    shapes = await told(
        come,
        THREAD
        + """
        const view = (below, ...one) => ({comment: comment(...one), below});
        const gaps = (thread) => thread.rows.map((row) => row.more ? `+${row.count}` : row.item.id).join(" ");
        const thread = new Thread("old");
        thread.page([view(5, "a", 1), view(1, "b", 2, "a"), view(0, "c", 3)]);
        const shapes = [gaps(thread)];
        thread.put(comment("d", 9, "a")); shapes.push(gaps(thread));
        thread.page([view(0, "e", 4, "b")]); shapes.push(gaps(thread));
        thread.complete("a"); shapes.push(gaps(thread));
        return shapes;
        """,
    )
    assert shapes == ["a b +1 +3 c", "a b +1 d +3 c", "a b e d +3 c", "a b e d c"]


LIST = """
const { PostList } = await import("/state/forum/posts.js");
const pages = [];
const list = new PostList({order: "new", takes: (one) => one.room === "t",
  fetch: () => { const one = later(); pages.push(one); return one.promise; }});
const ids = () => [list.posts.map(({id}) => id).join(), list.waiting.map(({id}) => id).join()];
const load = async (items, next = null) => {
  const done = list.load(); pages.at(-1).resolve({items, next}); await done;
};
"""


async def test_a_new_post_waits_above_the_list_until_it_is_wanted(come: Come) -> None:
    seen = await told(
        come,
        LIST
        + """
        await load([post("b"), post("a")]);
        list.take(post("c")); list.take(post("x", {room: "elsewhere"}));
        const before = ids();
        list.reveal();
        return [before, ids()];
        """,
    )
    assert seen == [["b,a", "c"], ["c,b,a", ""]]


async def test_a_post_beyond_the_loaded_pages_is_no_news(come: Come) -> None:
    seen = await told(
        come,
        LIST
        + """
        await load([post("c"), post("b")], "more");
        list.take(post("a", {rev: 9}));
        return ids();
        """,
    )
    assert seen == ["c,b", ""]


async def test_what_an_event_says_while_a_page_is_under_way_is_not_lost(come: Come) -> None:
    seen = await told(
        come,
        LIST
        + """
        const done = list.load();
        list.take(post("a", {rev: 3, up: 7})); list.take(post("b"));
        pages[0].resolve({items: [post("a")], next: null});
        await done;
        return [...ids(), list.posts[0].up];
        """,
    )
    assert seen == ["a", "b", 7]


async def test_a_deleted_post_leaves_the_list(come: Come) -> None:
    seen = await told(
        come,
        LIST
        + """
        await load([post("b"), post("a")]);
        list.take(post("a", {rev: 2, deleted: true}));
        return ids();
        """,
    )
    assert seen == ["b", ""]


NOTES = """
const { Notifications } = await import("/state/forum/own/notifications.js");
const note = (id, seq, more = {}) => ({id, seq, rev: seq, kind: "notification", count: 1, seen: false, ...more});
const notes = new Notifications();
"""


async def test_unread_notifications_are_counted_each_once(come: Come) -> None:
    counts = await told(
        come,
        NOTES
        + """
        const view = (unread, ...one) => ({unread, item: note(...one)});
        notes.put({items: [view(true, "b", 2), view(false, "a", 1)], next: null}, true);
        notes.count(1);
        const counts = [notes.unread];
        notes.take(note("b", 2, {rev: 3, count: 2})); counts.push(notes.unread);
        notes.take(note("c", 4)); counts.push(notes.unread);
        notes.readOne("c"); counts.push(notes.unread);
        notes.take(note("c", 4, {rev: 5, seen: true})); counts.push(notes.unread);
        notes.take(note("b", 2, {rev: 6, deleted: true})); counts.push(notes.unread);
        return counts;
        """,
    )
    assert counts == [1, 1, 2, 1, 1, 0]


async def test_a_notification_that_grows_stays_in_its_place_and_is_news(come: Come) -> None:
    order = await told(
        come,
        NOTES
        + """
        const news = [];
        notes.news.listen(({id}) => news.push(id));
        const items = [note("b", 2), note("a", 1)].map((item) => ({unread: true, item}));
        notes.put({items, next: null}, true);
        notes.take(note("a", 1, {rev: 3, count: 2}));
        return [notes.items.map(({id}) => id), news];
        """,
    )
    assert order == [["b", "a"], ["a"]]
