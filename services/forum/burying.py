"""What deleted posts and comments said: kept apart for a while, for whoever may bring them back."""

from typing import Final

from services.errors import Forbidden, ItemDeleted
from services.forum.discussion import writer_of
from services.ids import now_ms
from services.rooms.rights.rules import require_permission
from store.tables import Buried, Commented, Entry, Member, Posted, Room

RESTORABLE_DAYS: Final = 30
"""For how long: then nobody has it any more."""

_DAY_MS: Final = 86_400_000


def buried(entry: Entry, place: str, by: str, reason: str | None, body: Posted | Commented) -> Buried:
    """Return what is kept of a post or comment that is deleted now."""
    until = now_ms() + RESTORABLE_DAYS * _DAY_MS
    return Buried(id=entry.id, place=place, by=by, reason=reason, body=body, until=until)


def require_carer(user: str, place: Room, member: Member | None) -> None:
    """Let only those pass who care for a place: its owner, and moderators who manage posts; on a page its owner.

    Raises:
        Forbidden: For the others.
        PermissionMissing: For moderators who may not do this.
    """
    if place.kind == "page" and place.owner == user:
        return
    if member is None:
        raise Forbidden("only its author, or whoever cares for the place, may do that")
    require_permission(member, "manage_posts")


def require_deleter(user: str, entry: Entry, place: Room, member: Member | None) -> None:
    """Let only those delete something who wrote it or care for the place: on a page its owner.

    Raises:
        Forbidden: For the others.
        PermissionMissing: For moderators who may not do this.
    """
    if writer_of(entry) != user:
        require_carer(user, place, member)


def require_restorer(user: str, entry: Entry, place: Room, member: Member | None, kept: Buried | None) -> Buried:
    """Return what was kept, for whoever may bring it back: what its author deleted the author alone.

    Raises:
        ItemDeleted: If nothing is kept of it any more.
        Forbidden: For the others.
        PermissionMissing: For moderators who may not do this.
    """
    writer = writer_of(entry)
    if kept is None:
        require_deleter(user, entry, place, member)
        raise ItemDeleted("nothing of it is kept any more")
    if kept.by == writer:
        if user != writer:
            raise Forbidden("its author deleted it")
    elif user == writer:
        raise Forbidden("a moderator deleted it")
    else:
        require_deleter(user, entry, place, member)
    return kept
