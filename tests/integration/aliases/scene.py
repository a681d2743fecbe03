"""A topic in which people may speak under another name, with a room in it, and those who are there."""

from dataclasses import dataclass
from typing import Any

from store.tables import ROOMS
from tests.application import Parley
from tests.forum import make_topic
from tests.people import Person


@dataclass
class Scene:
    """An open topic: ann owns it, bob moderates, cat and dan are members."""

    parley: Parley
    people: dict[str, Person]
    topic: str
    room: str
    """A room in the topic with all of them in it."""

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    async def change(self, room: str, **fields: Any) -> None:
        """Change the record of a room."""
        await self.parley.database.update(ROOMS, room, fields)
        self.parley.application.facts.forget(room)


async def scene_of(parley: Parley) -> Scene:
    """Make a scene."""
    names = ("ann", "bob", "cat", "dan")
    people = dict(zip(names, await parley.people(*names), strict=True))
    ann = people["ann"]
    scene = Scene(parley, people, await make_topic(parley, ann), await ann.create("inside", "private"))
    await scene.change(scene.room, place=scene.topic, open=True)
    for name in names[1:]:
        await people[name].do("room.join", room=scene.topic)
        await people[name].do("room.join", room=scene.room)
    await ann.do("room.role", room=scene.topic, user=people["bob"].id, role="moderator")
    return scene
