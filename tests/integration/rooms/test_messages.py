"""Messages: sending, changing, reacting, reading back, and what is unread."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.messages import react
from services.rooms import views
from tests.application import Parley, running
from tests.audit import audit
from tests.client.checks import Json
from tests.people import Person


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Parley]:
    async with running(tmp_path) as parley:
        yield parley
        assert await audit(parley.database) == []


class Talk:
    """A room with an owner, a member, a reader, and one message of the member's."""

    def __init__(self, room: str, people: list[Person], message: Json) -> None:
        self.room = room
        self.owner, self.member, self.reader = people
        self.message = message
        self.place = {"room": room, "message": message["id"]}


@pytest.fixture
async def talk(parley: Parley) -> Talk:
    people = await parley.people("owner", "member", "reader")
    room = await people[0].create()
    for person in people[1:]:
        await person.do("room.join", room=room)
    return Talk(room, people, await people[1].say(room, "first"))


# Sending


async def test_sent_message_is_an_item(talk: Talk) -> None:
    answer = await talk.member.answer(
        "message.send", room=talk.room, text=" as typed\n", cid="my cid", reply_to=talk.message["id"]
    )
    item = answer.json
    assert answer.status == 201
    assert (item["kind"], item["text"], item["cid"]) == ("text", " as typed\n", "my cid")
    assert item["author"] == {"id": talk.member.id, "username": talk.member.account.username}
    assert (item["seq"], item["rev"], item["reply_to"]) == (item["rev"], item["seq"], talk.message["id"])
    assert (item["edited_at"], item["deleted"], item["reactions"], item["attachments"]) == (None, False, [], [])
    assert await talk.reader.do("message.get", room=talk.room, message=item["id"]) == item


async def test_repeated_request_answers_the_message_as_it_is_now(talk: Talk) -> None:
    body = {"room": talk.room, "text": "once", "cid": "same"}
    first = await talk.member.answer("message.send", **body)
    again = await talk.member.answer("message.send", **body)
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    await talk.member.do("message.edit", room=talk.room, message=first.json["id"], text="changed")
    assert (await talk.member.do("message.send", **body))["text"] == "changed"
    await talk.member.do("message.delete", room=talk.room, message=first.json["id"])
    assert (await talk.member.do("message.send", **body))["deleted"] is True
    assert len(await talk.reader.texts(talk.room)) == 2


@pytest.mark.parametrize("other", [{"text": "another"}, {"reply_to": "first"}])
async def test_cid_with_another_body_is_a_conflict(talk: Talk, other: Json) -> None:
    other = {key: talk.message["id"] if key == "reply_to" else value for key, value in other.items()}
    body = {"room": talk.room, "text": "once", "cid": "same"}
    await talk.member.do("message.send", **body)
    assert await talk.member.refused("message.send", **body | other) == "cid_conflict"
    assert await talk.reader.code("message.send", **body | other) == "ok", "a cid is its author's own"


@pytest.mark.parametrize("cid", ["~", "~mine", "", "x" * 65, "with\ttab", "ümlaut", "line\n"])
async def test_cid_that_is_none_is_refused(talk: Talk, cid: str) -> None:
    assert await talk.member.refused("message.send", room=talk.room, text="x", cid=cid) == "bad_request"


@pytest.mark.parametrize("text", ["", "x" * 4001])
async def test_text_that_is_none_is_refused(talk: Talk, text: str) -> None:
    assert await talk.member.refused("message.send", room=talk.room, text=text, cid="x") == "bad_request"
    assert await talk.member.refused("message.edit", **talk.place, text=text) == "bad_request"


async def test_reply_is_to_a_message_of_the_same_room(talk: Talk) -> None:
    other = await talk.member.create("other")
    for reply_to in (talk.message["id"], "nothing"):
        refused = await talk.member.refused("message.send", room=other, text="x", cid="x", reply_to=reply_to)
        assert refused == "message_not_found"


# Changing


async def test_edit_keeps_the_place_and_tells_the_time(talk: Talk) -> None:
    edited = await talk.member.do("message.edit", **talk.place, text="second")
    assert (edited["text"], edited["seq"], edited["cid"]) == ("second", talk.message["seq"], talk.message["cid"])
    assert edited["rev"] > talk.message["rev"]
    assert edited["edited_at"] >= talk.message["created_at"]
    assert await talk.member.do("message.edit", **talk.place, text="second") == edited, "nothing changed: no rev"


async def test_only_its_author_edits_a_message(talk: Talk) -> None:
    for person in (talk.owner, talk.reader):
        assert await person.refused("message.edit", **talk.place, text="forged") == "forbidden"


async def test_deleted_message_keeps_its_place_and_is_blank(talk: Talk) -> None:
    await talk.reader.do("message.react", **talk.place, emoji=":x:", on=True)
    gone = await talk.member.do("message.delete", **talk.place)
    assert (gone["deleted"], gone["text"], gone["reactions"]) == (True, "", [])
    assert (gone["seq"], gone["cid"], gone["author"]) == (
        talk.message["seq"],
        talk.message["cid"],
        talk.message["author"],
    )
    assert await talk.member.do("message.delete", **talk.place) == gone
    assert (await talk.reader.items(talk.room))[-1] == gone
    assert await talk.member.refused("message.edit", **talk.place, text="back") == "message_deleted"
    assert await talk.reader.refused("message.react", **talk.place, emoji=":y:", on=True) == "message_deleted"


async def test_moderators_delete_what_members_say(talk: Talk) -> None:
    assert await talk.reader.refused("message.delete", **talk.place) == "forbidden"
    assert (await talk.owner.do("message.delete", **talk.place))["deleted"] is True


async def test_nobody_deletes_what_the_other_says_in_a_direct_room(talk: Talk) -> None:
    room = (await talk.member.do("room.direct", user=talk.reader.id))["id"]
    item = await talk.member.say(room)
    assert await talk.reader.refused("message.delete", room=room, message=item["id"]) == "forbidden"


async def test_notices_and_foreign_messages_cannot_be_changed(talk: Talk) -> None:
    notice = (await talk.owner.items(talk.room))[0]
    other = await talk.member.create("other")
    for place in ({"room": talk.room, "message": notice["id"]}, {"room": other, "message": talk.message["id"]}):
        for op, d in (
            ("message.edit", {"text": "x"}),
            ("message.delete", {}),
            ("message.react", {"emoji": ":x:", "on": True}),
        ):
            assert await talk.member.refused(op, **place, **d) == "message_not_found", (op, place)


# Reacting


async def test_reaction_is_counted_once_a_person(talk: Talk) -> None:
    people = (talk.owner, talk.reader, talk.reader)
    item = [await person.do("message.react", **talk.place, emoji="👍", on=True) for person in people][-1]
    assert item["reactions"] == [{"emoji": "👍", "count": 2, "users": [talk.owner.id, talk.reader.id]}]
    assert item["rev"] == talk.message["rev"] + 2
    item = [await talk.owner.do("message.react", **talk.place, emoji="👍", on=False) for _ in range(2)][-1]
    assert item["reactions"] == [{"emoji": "👍", "count": 1, "users": [talk.reader.id]}]
    item = await talk.reader.do("message.react", **talk.place, emoji="👍", on=False)
    assert item["reactions"] == []
    assert item["edited_at"] is None


async def test_reactions_stand_in_the_order_of_their_coming(talk: Talk) -> None:
    emojis = (":b:", ":a:", ":c:")
    item = [await talk.owner.do("message.react", **talk.place, emoji=emoji, on=True) for emoji in emojis][-1]
    assert [reaction["emoji"] for reaction in item["reactions"]] == [":b:", ":a:", ":c:"]


async def test_everybody_may_react_at_once(talk: Talk) -> None:
    asks = [(person, emoji) for emoji in (":a:", ":b:", ":a:") for person in (talk.owner, talk.member, talk.reader)]
    await asyncio.gather(*(person.do("message.react", **talk.place, emoji=emoji, on=True) for person, emoji in asks))
    item = await talk.reader.do("message.get", **talk.place)
    assert {reaction["emoji"]: reaction["count"] for reaction in item["reactions"]} == {":a:": 3, ":b:": 3}


async def test_reactions_name_the_first_people_and_count_all(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(react, "USERS_LIMIT", 2)
    answers = [
        await person.answer("message.react", **talk.place, emoji=":x:", on=True)
        for person in (talk.owner, talk.member, talk.reader)
    ]
    (reaction,) = answers[-1].json["reactions"]
    assert reaction == {"emoji": ":x:", "count": 3, "users": [talk.owner.id, talk.member.id]}


async def test_message_carries_only_so_many_different_reactions(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(react, "EMOJI_LIMIT", 2)
    for emoji in (":a:", ":b:"):
        await talk.owner.do("message.react", **talk.place, emoji=emoji, on=True)
    assert await talk.owner.refused("message.react", **talk.place, emoji=":c:", on=True) == "too_many_reactions"
    assert await talk.reader.code("message.react", **talk.place, emoji=":a:", on=True) == "ok"


# Reading back


@pytest.fixture
async def long(talk: Talk) -> list[int]:
    """Twelve messages; the seqs of all items."""
    for number in range(11):
        await talk.member.say(talk.room, f"message {number}")
    return [item["seq"] for item in await talk.reader.items(talk.room)]


@pytest.mark.parametrize(
    ("where", "expected", "more"),
    [
        ({"limit": 4}, slice(-4, None), True),
        ({"limit": 100}, slice(None), False),
        ({"before": 8, "limit": 3}, slice(4, 7), True),
        ({"before": 4, "limit": 3}, slice(0, 3), False),
        ({"before": 1}, slice(0, 0), False),
        ({"after": 8, "limit": 3}, slice(8, 11), True),
        ({"after": 12, "limit": 3}, slice(12, None), False),
        ({"after": 0, "limit": 2}, slice(0, 2), True),
        ({"after": 99}, slice(0, 0), False),
        ({"around": 8, "limit": 5}, slice(5, 10), True),
        ({"around": 1, "limit": 4}, slice(0, 3), False),
        ({"around": 15, "limit": 4}, slice(-4, None), True),
    ],
)
async def test_page_is_what_was_asked_for(
    talk: Talk, long: list[int], where: dict[str, int], expected: slice, more: bool
) -> None:
    page = await talk.reader.do("message.list", room=talk.room, **where)
    assert [item["seq"] for item in page["items"]] == long[expected]
    assert (page["has_more"], page["head"]) == (more, long[-1])


@pytest.mark.parametrize("where", [{"before": 1, "after": 1}, {"around": 1, "before": 3}, {"around": 1, "after": 0}])
async def test_page_has_one_place(talk: Talk, where: dict[str, int]) -> None:
    assert await talk.reader.refused("message.list", room=talk.room, **where) == "bad_request"


@pytest.mark.parametrize("newest", [True, False])
async def test_page_is_cut_by_its_size(talk: Talk, newest: bool) -> None:
    for _ in range(70):
        await talk.member.say(talk.room, "\N{SNOWMAN}" * 4000)
    where = {} if newest else {"after": 4}
    page = await talk.reader.do("message.list", room=talk.room, limit=100, **where)
    assert 15 <= len(page["items"]) <= 22
    assert page["has_more"] is True
    assert (page["items"][-1]["seq"] == page["head"]) == newest
    changes = await talk.reader.do("room.changes", room=talk.room, since=0, limit=500)
    assert changes["complete"] is False
    assert len(await talk.reader.account.changes(talk.room)) == page["head"]


async def test_changes_are_items_as_they_are_now_each_once(talk: Talk, long: list[int]) -> None:
    await talk.member.do("message.edit", **talk.place, text="one")
    last = await talk.member.do("message.edit", **talk.place, text="two")
    page = await talk.reader.do("room.changes", room=talk.room, since=long[-2], limit=10)
    assert [item["rev"] for item in page["items"]] == [long[-1], last["rev"]]
    assert page["items"][-1] == last
    assert (page["head"], page["complete"]) == (last["rev"], True)


async def test_changes_are_paged(talk: Talk, long: list[int]) -> None:
    page = await talk.reader.do("room.changes", room=talk.room, since=0, limit=5)
    assert ([item["rev"] for item in page["items"]], page["complete"]) == (long[:5], False)
    assert [item["rev"] for item in await talk.reader.account.changes(talk.room, long[4])] == long[5:]
    page = await talk.reader.do("room.changes", room=talk.room, since=long[-1])
    assert (page["items"], page["complete"], page["head"]) == ([], True, long[-1])


async def test_changes_above_the_head_are_of_another_history(talk: Talk, long: list[int]) -> None:
    answer = await talk.reader.answer("room.changes", room=talk.room, since=long[-1] + 1)
    assert (answer.status, answer.code) == (410, "reset")


# Unread


async def test_unread_are_the_messages_of_others(talk: Talk) -> None:
    seen = await talk.reader.room(talk.room)
    assert seen["unread"] == 1
    await talk.member.say(talk.room)
    await talk.member.do("message.react", **talk.place, emoji=":x:", on=True)
    await talk.owner.do("room.update", room=talk.room, name="notices do not count")
    assert (await talk.reader.room(talk.room))["unread"] == 2
    assert (await talk.member.room(talk.room))["unread"] == 0
    assert await talk.reader.do("room.read", room=talk.room, seq=talk.message["seq"]) == {
        "read": talk.message["seq"],
        "unread": 1,
    }


async def test_reading_never_goes_back_nor_beyond_the_head(talk: Talk) -> None:
    head = (await talk.reader.room(talk.room))["head"]
    assert await talk.reader.do("room.read", room=talk.room, seq=10**9) == {"read": head, "unread": 0}
    assert await talk.reader.do("room.read", room=talk.room, seq=1) == {"read": head, "unread": 0}
    assert (await talk.reader.room(talk.room))["read"] == head


async def test_counting_stops(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "UNREAD_LIMIT", 3)
    for _ in range(5):
        await talk.member.say(talk.room)
    assert (await talk.reader.room(talk.room))["unread"] == 3


async def test_sending_reads_what_is_before(parley: Parley, talk: Talk) -> None:
    await talk.member.say(talk.room)
    mine = await talk.reader.say(talk.room)
    for _ in range(2):
        seen = await talk.reader.room(talk.room)
        assert (seen["read"], seen["unread"]) == (mine["seq"], 0)
        (listed,) = (await talk.reader.do("room.list"))["items"]
        assert (listed["read"], listed["unread"]) == (mine["seq"], 0)
        members = (await talk.owner.do("room.members", room=talk.room))["items"]
        assert [one["read"] for one in members if one["user"]["id"] == talk.reader.id] == [mine["seq"]]
        await parley.application.marks.flush()  # and the same once it is written


async def test_mark_that_waits_is_kept_at_the_end(tmp_path: Path) -> None:
    async with running(tmp_path) as parley:
        (ann,) = await parley.people("ann")
        room = await ann.create()
        item = await ann.say(room)
    async with running(tmp_path) as parley:
        again = Person(parley.site, await parley.site.log_in(ann.account))
        assert (await again.room(room))["read"] == item["seq"]
