"""Ties, searching and conversations on each store, through a server of its own."""

import asyncio
from urllib.parse import urlencode

from tests.client.site import Site
from tests.people import Person


async def test_ties_are_counted_and_listed(site: Site) -> None:
    star, *fans = [await Person.register(site, name) for name in ("star", "ann", "bob", "cid", "dan")]
    await asyncio.gather(*(fan.do("follow.put", user=star.id) for fan in fans for _ in range(3)))
    await asyncio.gather(*(fan.do("friend.request", user=star.id) for fan in fans))
    await asyncio.gather(*(star.do("friend.accept", user=fan.id) for fan in fans[:3]))
    await fans[0].do("follow.take", user=star.id)
    await star.do("users.block", user=fans[1].id)
    seen = await fans[2].do("users.one", user=star.id)
    assert (seen["followers"], seen["friends"], seen["tie"]["friends"]) == (2, 2, True)
    followers = [item["user"]["id"] for item in (await star.do("follow.followers", user="me"))["items"]]
    assert sorted(followers) == sorted(fan.id for fan in fans[2:])
    assert [item["user"]["id"] for item in (await star.do("friend.requests"))["items"]] == [fans[3].id]


async def test_people_are_found_by_words(site: Site) -> None:
    ann, bob = [await Person.register(site, name) for name in ("ann", "bob")]
    assert (await bob.account.request("PATCH", "/api/users/me", {"name": "Zoë Überall"})).status == 200
    for q in ("zoe uber", bob.account.username):
        page = (await ann.account.request("GET", f"/api/users/search?{urlencode({'q': q})}")).json
        assert [one["id"] for one in page["items"]] == [bob.id], q


async def test_conversations_leave_out_what_is_hidden(site: Site) -> None:
    ann, bob = [await Person.register(site, name) for name in ("ann", "bob")]
    room = (await ann.do("room.direct", user=bob.id))["id"]
    items = [await ann.say(room, text) for text in ("a", "b", "c")]
    await bob.do("message.clear", room=room, seq=items[0]["seq"])
    await bob.do("message.clear", room=room, seq=items[0]["seq"])
    await bob.do("message.hide", room=room, message=items[2]["id"])
    (mine,) = (await bob.do("message.conversations"))["items"]
    assert (mine["last"]["text"], mine["room"]["unread"]) == ("b", 2)
    told = await bob.do("message.hidden", room=room)
    assert (told["cleared"], [item["id"] for item in told["items"]]) == (items[0]["seq"], [items[2]["id"]])
    assert await bob.do("message.unread") == {"unread": 2, "conversations": 1}
