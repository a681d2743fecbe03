"""Posting in topics and on one's own page."""

from tests.application import Parley
from tests.client.checks import Json
from tests.forum import make_topic, posted

GIVEN = {"title": "a title", "text": "a text", "cid": "c1"}


async def test_post_stands_in_the_stream_of_its_topic(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    await bob.do("room.join", room=topic)
    live = await ann.connect()
    item = await posted(bob, topic, "first", tags=["b", "a", "B"], picture="https://example.org/p.gif")
    assert (await live.next("message"))["d"] == item
    assert item["author"] == {"id": bob.id, "username": bob.account.username}
    wanted: Json = {"kind": "post", "room": topic, "title": "first", "text": "text", "status": "open", "reason": None}
    wanted |= {"up": 0, "down": 0, "score": 0, "comments": 0, "deleted": False, "edited_at": None}
    wanted |= {"tags": ["b", "a"], "picture": "https://example.org/p.gif"}
    assert {name: item[name] for name in wanted} == wanted


async def test_page_is_there_with_the_first_post_on_it(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    items = [await posted(ann, title=title) for title in ("first", "second")]
    assert {item["room"] for item in items} == {f"p_{ann.id}"}
    assert [item["seq"] for item in items] == [1, 2]
    assert (await bob.room(f"p_{ann.id}"))["owner"] == ann.id


async def test_discussion_of_a_post_is_a_stream_that_does_not_tell_who_posted(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    topic = await make_topic(one, ann)
    item = await posted(ann, topic, anonymous=True)
    room = await bob.room(item["id"])
    assert (room["kind"], room["place"], room["owner"]) == ("post", topic, None)
    assert item["author"]["anonymous"]
    assert item["author"]["id"] != ann.id
    assert item["cid"].startswith("~")


async def test_same_cid_answers_the_post_again_and_another_body_is_refused(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann)
    for op, where in (("post.create", {"topic": topic}), ("post.publish", {})):
        first = await ann.answer(op, **where, **GIVEN)
        again = await ann.answer(op, **where, **GIVEN)
        assert (first.status, again.status, first.body) == (201, 200, again.body)
        assert await ann.refused(op, **where, **GIVEN | {"text": "another"}) == "cid_conflict"


async def test_cid_of_a_message_is_none_of_a_post(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann)
    await ann.say(topic, cid="c1")
    assert await ann.refused("post.create", topic=topic, **GIVEN) == "cid_conflict"


async def test_only_members_post_in_a_topic(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    opened, shut = await make_topic(one, ann), await make_topic(one, ann, open=False)
    assert await bob.refused("post.create", topic=opened, **GIVEN) == "not_a_member"
    assert await bob.refused("post.create", topic=shut, **GIVEN) == "room_not_found"
    assert await bob.refused("post.create", topic="none", **GIVEN) == "room_not_found"


async def test_nobody_posts_in_what_is_no_topic(one: Parley) -> None:
    (ann,) = await one.people("ann")
    item = await posted(ann, await make_topic(one, ann))
    for room in (await ann.create(), ann.stream, item["id"], item["room"] + "x"):
        assert await ann.refused("post.create", topic=room, **GIVEN) in {"room_not_found", "not_a_member"}


async def test_other_name_is_for_topics_that_have_it(one: Parley) -> None:
    (ann,) = await one.people("ann")
    topic = await make_topic(one, ann, anonymous=False)
    assert await ann.refused("post.create", topic=topic, anonymous=True, **GIVEN) == "anonymous_off"


async def test_post_has_a_text_or_a_picture(one: Parley) -> None:
    (ann,) = await one.people("ann")
    assert await ann.refused("post.publish", title="t", text=" ", cid="c") == "bad_request"
    assert (await posted(ann, text="", picture="https://example.org/p.gif"))["text"] == ""
    for wrong in ({"title": " "}, {"title": "t" * 301}, {"text": "t" * 10_001}, {"picture": "http://example.org/p"}):
        assert await ann.refused("post.publish", **GIVEN | wrong) == "bad_request"


async def test_posts_go_out_to_whoever_watches_the_page(one: Parley) -> None:
    ann, bob = await one.people("ann", "bob")
    await posted(ann)
    live = await bob.connect()
    await live.call("room.watch", room=f"p_{ann.id}")
    item = await posted(ann, title="second")
    assert (await live.next("message"))["d"] == item
