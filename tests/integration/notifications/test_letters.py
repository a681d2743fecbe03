"""Letters about follows, likes and comments, and the digest, as they come to a mail server."""

from typing import Any

import pytest

from services.ids import now_ms
from services.notifications.digest import write_digests
from store.tables import JOBS, MAILED, USERS
from tests.application import Parley
from tests.integration.notifications.told import at, room_of
from tests.people import Person
from tests.postbox import Letter, Postbox


async def proved(parley: Parley, *people: Person) -> None:
    """Have these people's addresses proved."""
    for person in people:
        await parley.database.update(USERS, person.id, {"email_verified": True})


async def choose(person: Person, **preferences: Any) -> None:
    answer = await person.account.request("PATCH", "/api/users/me/preferences", preferences)
    assert answer.status == 200, answer


async def letters(parley: Parley, postbox: Postbox, person: Person) -> list[Letter]:
    """Return the letters to somebody that are about what concerns them, once every job is done."""
    await parley.without_jobs()
    to = f"{person.account.username}@example.org"
    # The code that confirms an address comes in the language of that moment.
    return [one for one in postbox.letters if one.to == to and not {"code", "código"} & set(one.subject.split())]


async def written(posting: Parley, bob: Person, *others: Person, is_open: bool = True) -> dict[str, str]:
    """Have somebody post something in a topic of theirs, which others are in; return the ids."""
    topic = str((await bob.do("topic.create", title=f"Sailing {bob.account.username}", open=is_open))["id"])
    for person in others:
        await bob.do("room.add", room=topic, user=person.id)
    post = await bob.do("post.create", topic=topic, title="Secret title", text="secret words", cid="p1")
    await posting.without_jobs()
    return {"topic": topic, "post": post["id"]}


async def test_follow_like_and_comment_each_come_by_mail(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    ids = await written(posting, bob, ann)
    await ann.do("follow.put", user=bob.id)
    (follow,) = await letters(posting, postbox, bob)
    await ann.do("post.vote", post=ids["post"], value=1)
    _, like = await letters(posting, postbox, bob)
    await ann.do("comment.create", post=ids["post"], text="private words", cid="c1")
    _, _, comment = await letters(posting, postbox, bob)
    subjects = [one.subject for one in (follow, like, comment)]
    assert subjects == ["Somebody follows you", "Somebody likes what you wrote", "There is a comment for you"]
    for one, what in ((follow, "follows"), (like, "likes"), (comment, "comments")):
        assert ann.account.username in one.text
        assert f"no letters about {what}" in one.text
        assert "private words" not in one.text
        assert "secret words" not in one.text
    assert ["Secret title" in one.text for one in (follow, like, comment)] == [False, True, True]


@pytest.mark.parametrize("what", ["mail_follow", "mail_like", "mail_comment", "unproved"])
async def test_each_is_switched_off_by_itself_and_none_goes_to_an_address_of_nobody(
    posting: Parley, postbox: Postbox, what: str
) -> None:
    ann, bob = await posting.people("ann", "bob")
    if what != "unproved":
        await proved(posting, bob)
        await choose(bob, **{what: False})
    ids = await written(posting, bob, ann)
    await ann.do("follow.put", user=bob.id)
    await ann.do("post.vote", post=ids["post"], value=1)
    await ann.do("comment.create", post=ids["post"], text="words", cid="c1")
    words = {"mail_follow": "follows", "mail_like": "likes", "mail_comment": "comment"}
    expected = sorted(word for name, word in words.items() if name != what and what != "unproved")
    subjects = [one.subject for one in await letters(posting, postbox, bob)]
    assert sorted(word for word in words.values() for subject in subjects if word in subject) == expected


async def test_many_likes_of_one_thing_are_one_letter_in_an_hour(posting: Parley, postbox: Postbox) -> None:
    ann, bob, cid, dan = await posting.people("ann", "bob", "cid", "dan")
    await proved(posting, bob)
    ids = await written(posting, bob, ann, cid, dan)
    for person in (ann, cid):
        await person.do("post.vote", post=ids["post"], value=1)
    assert len(await letters(posting, postbox, bob)) == 1
    mailed = await posting.database.find(MAILED, {"user": bob.id}, by="id")
    await posting.database.update(MAILED, mailed[0].id, {"mailed_at": now_ms() - 3_600_001})
    await dan.do("post.vote", post=ids["post"], value=1)
    assert len(await letters(posting, postbox, bob)) == 2


async def test_nothing_of_a_closed_topic_is_in_a_letter(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    ids = await written(posting, bob, ann, is_open=False)
    await ann.do("comment.create", post=ids["post"], text="words", cid="c1")
    (comment,) = await letters(posting, postbox, bob)
    assert "title" not in comment.text
    assert "Sailing" not in comment.text


async def test_letters_are_in_the_language_of_who_reads_them(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    await choose(bob, language="pt")
    await ann.do("follow.put", user=bob.id)
    (follow,) = await letters(posting, postbox, bob)
    assert follow.subject == "Alguém segue você"
    assert "nas suas preferências" in follow.text


async def test_what_is_said_in_rooms_makes_no_letter(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    room = await room_of(ann, bob)
    said = await bob.say(room)
    await ann.say(room, f"{at(bob)} words", reply_to=said["id"])
    assert await letters(posting, postbox, bob) == []


async def due(parley: Parley, person: Person) -> None:
    """Have somebody's digest be due now."""
    user = await parley.database.get(USERS, person.id)
    assert user is not None
    assert user.digest_due is not None
    await parley.database.update(USERS, person.id, {"digest_due": now_ms() - 1000})


async def test_digest_counts_what_was_not_read_and_comes_once(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    await choose(bob, mail_digest="daily")
    for _ in range(2):
        await ann.say(await room_of(ann, bob), f"{at(bob)} secret words")
    room = await room_of(ann, bob)
    await ann.say(room, "hello", reply_to=(await bob.say(room))["id"])
    await posting.without_jobs()
    await due(posting, bob)
    await write_digests(posting.application, {})
    await write_digests(posting.application, {})
    (digest,) = await letters(posting, postbox, bob)
    assert digest.subject == "What you have not read yet"
    assert "Mentions: 2\n" in digest.text
    assert "Answers: 1\n" in digest.text
    assert "Comments" not in digest.text
    assert "secret" not in digest.text
    user = await posting.database.get(USERS, bob.id)
    assert user is not None
    assert abs((user.digest_due or 0) - now_ms() - 86_400_000) < 60_000


async def test_digest_of_nothing_new_is_not_written(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await proved(posting, bob)
    await ann.say(await room_of(ann, bob), at(bob))
    await posting.without_jobs()
    await choose(bob, mail_digest="weekly")
    await bob.do("notification.read_all")
    await due(posting, bob)
    await write_digests(posting.application, {})
    assert await letters(posting, postbox, bob) == []
    await choose(bob, mail_digest="off")
    user = await posting.database.get(USERS, bob.id)
    assert user is not None
    assert user.digest_due is None


async def test_digest_goes_to_no_address_that_is_not_proved(posting: Parley, postbox: Postbox) -> None:
    ann, bob = await posting.people("ann", "bob")
    await choose(bob, mail_digest="daily")
    await ann.say(await room_of(ann, bob), at(bob))
    await posting.without_jobs()
    await due(posting, bob)
    await write_digests(posting.application, {})
    assert await letters(posting, postbox, bob) == []
    assert not [row for row in await posting.database.find(JOBS, {"state": "waiting"}) if row.kind == "mail"]
