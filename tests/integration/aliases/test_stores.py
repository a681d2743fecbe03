"""Other names on each store: one after the other in one topic."""

from tests.client.site import Site
from tests.people import Person


async def test_one_name_after_the_other_is_taken_and_given_up(site: Site) -> None:
    ann = await Person.register(site, "ann")
    topic = (await ann.do("topic.create", title="One after the other"))["id"]
    ids = [(await ann.do("alias.set", topic=topic, name=name))["id"] for name in ("First1", "Second2", "Third3")]
    assert await ann.code("alias.set", topic=topic, name="first1") == "alias_taken"
    for _ in range(2):
        await ann.do("alias.drop", topic=topic)
        ids.append((await ann.do("alias.get", topic=topic))["id"])
    assert len(set(ids)) == 5
    assert (await ann.do("alias.mine"))["items"][0]["alias"]["id"] == ids[-1]
