"""Invitations as they stand on the wire: of the place its name and what it is for, and not more."""

import msgspec

from services.ids import rfc3339
from services.streams.items.authors import Author
from store.tables import Invitation, Room


class Inviting(msgspec.Struct, frozen=True):
    """A place to which somebody is invited, as they see it before they are in it."""

    id: str
    kind: str
    name: str
    description: str


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation: to what, whom, and by whom."""

    room: Inviting
    user: Author
    by: Author | None
    created_at: str


class Invitations(msgspec.Struct, frozen=True):
    """Invitations; ``next`` is the cursor of those that follow."""

    items: list[InvitationView]
    next: str | None


def invitation_view(invitation: Invitation, room: Room, people: dict[str, Author]) -> InvitationView:
    """Return an invitation, for the wire; ``people`` has whom it concerns."""
    place = Inviting(room.id, room.kind, room.name, room.description)
    return InvitationView(place, people[invitation.user], people.get(invitation.by), rfc3339(invitation.created_at))
