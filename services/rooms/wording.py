"""What topics and their rooms are called and said to be about, as the rules of content let it stand."""

from typing import TYPE_CHECKING, Any

from services.content.rules import Checked, checked
from services.errors import ContentRefused
from store.tables import Room

if TYPE_CHECKING:
    from services.application import Application


async def worded(application: "Application", room: Room | None, wanted: dict[str, Any]) -> Checked:
    """Put name, description and tags of ``wanted`` as they may stand; ``room`` is what it is or is made in.

    Rooms that are in no topic are called as people like.

    Raises:
        ContentRefused: If one of them says what may not be said; of a tag no part can be left out.
    """
    fields = [field for field in ("name", "description") if field in wanted]
    tags = tuple(wanted.get("tags", ()))
    said = await checked(application, room, *(wanted[field] for field in fields), *tags)
    wanted.update(zip(fields, said.texts, strict=False))
    if said.texts[len(fields) :] != tags:
        raise ContentRefused
    return said
