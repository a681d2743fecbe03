"""Everything that is kept of somebody, for themselves: a page at a time, without a secret."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec

from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.person import myself, require_user
from services.accounts.profile import kept
from services.accounts.profile.kept import Found, names_of, of, time_of
from services.errors import Flaw, Invalid, UserNotFound
from services.operations.context import Context
from services.operations.inputs import Input, PageSize
from services.operations.limits import EXPORT_USER
from services.operations.operation import Operation, by_user
from store.database import FIND_LIMIT
from store.tables import (
    ACTS,
    API_TOKENS,
    BACKUPS,
    BLOCKS,
    ENTRIES,
    IDENTITIES,
    LOGINS,
    MEMBERS,
    PASSKEYS,
    ROOMS,
    WARNINGS,
    Act,
    Called,
    Entry,
    Text,
    User,
)

Section = Literal[
    "profile",
    "proofs",
    "session",
    "token",
    "passkey",
    "identity",
    "block",
    "warning",
    "act",
    "room",
    "message",
    "call",
    "counts",
    "follow",
    "friend",
    "alias",
    "post",
    "comment",
    "vote",
    "stance",
    "hidden",
    "invitation",
    "notification",
]
ExportCursor = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class AskExport(Input):
    """Which page."""

    limit: PageSize = 100
    cursor: ExportCursor | None = None


class Exported(msgspec.Struct, frozen=True):
    """One thing that is kept."""

    section: Section
    data: dict[str, Any]


class Export(msgspec.Struct, frozen=True):
    """A page of what is kept; ``next`` is the cursor of the page that follows."""

    items: list[Exported]
    next: str | None


async def _profile(_context: Context, user: User, after: str, _limit: int) -> list[Found]:
    return [] if after else [Found("1", msgspec.to_builtins(myself(user)))]


async def _proofs(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    if after:
        return []
    codes = await context.application.database.find(BACKUPS, {"user": user.id}, limit=100)
    data = {
        "password": user.password is not None,
        "password_changed_at": time_of(user.password_changed_at),
        "totp": user.totp is not None,
        "recovery_code": user.recovery is not None,
        "backup_codes": sum(code.used_at is None for code in codes),
    }
    return [Found("1", data)]


async def _sessions(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    # All at once: there are as many as may be at once, and no more.
    found = [] if after else await context.application.database.find(LOGINS, {"user": user.id, "live": True})
    fields = ("id", "name", "agent", "address", "methods", "created_at", "seen_at", "expires_at")
    return [Found(one.id, of(one, fields)) for one in found]


async def _tokens(context: Context, user: User, after: str, _limit: int) -> list[Found]:
    found = [] if after else await context.application.database.find(API_TOKENS, {"user": user.id, "live": True})
    return [Found(one.id, of(one, ("id", "name", "scopes", "created_at", "used_at", "expires_at"))) for one in found]


async def _passkeys(context: Context, user: User, after: str, limit: int) -> list[Found]:
    equal = {"user": user.id}
    found = await context.application.database.find(PASSKEYS, equal, by="id", above=after, limit=limit)
    return [Found(one.id, of(one, ("id", "name", "created_at", "used_at"))) for one in found]


async def _identities(context: Context, user: User, after: str, limit: int) -> list[Found]:
    equal = {"user": user.id}
    found = await context.application.database.find(IDENTITIES, equal, by="id", above=after, limit=limit)
    fields = ("provider", "issuer", "subject", "label", "created_at", "used_at")
    return [Found(one.id, of(one, fields)) for one in found]


async def _blocks(context: Context, user: User, after: str, limit: int) -> list[Found]:
    equal = {"user": user.id}
    found = await context.application.database.find(BLOCKS, equal, by="other", above=after, limit=limit)
    return [Found(one.other, {"user": one.other, "created_at": time_of(one.created_at)}) for one in found]


async def _warnings(context: Context, user: User, after: str, limit: int) -> list[Found]:
    equal = {"user": user.id}
    found = await context.application.database.find(WARNINGS, equal, by="id", above=after, limit=limit)
    return [Found(one.id, of(one, ("id", "text", "created_at", "dismissed_at"))) for one in found]


async def _acts(context: Context, user: User, after: str, limit: int) -> list[Found]:
    equal = {"subject": user.id}
    found = await context.application.database.find(ACTS, equal, by="id", above=after, limit=limit)
    return [Found(one.id, _act(one, user)) for one in found]


def _act(act: Act, user: User) -> dict[str, Any]:
    """Return a line of the log about somebody: who else did it, and from where, is not theirs to know."""
    mine = act.actor == user.id
    told = {"action": act.action, "created_at": time_of(act.created_at), "by_you": mine}
    return told | ({"address": act.address} if mine else {})


async def _rooms(context: Context, user: User, after: str, limit: int) -> list[Found]:
    database = context.application.database
    found = await database.find(MEMBERS, {"user": user.id}, by="room", above=after, limit=limit)
    rooms = await database.get_many(ROOMS, [one.room for one in found])
    listed = []
    for one in found:
        room = rooms.get(one.room)
        named = {} if room is None else of(room, ("kind", "name"))
        listed.append(Found(one.room, named | of(one, ("room", "role", "read", "joined_at"))))
    return listed


async def _messages(context: Context, user: User, after: str, limit: int) -> list[Found]:
    return await _authored(context, user, after, limit, Text)


async def _calls(context: Context, user: User, after: str, limit: int) -> list[Found]:
    return await _authored(context, user, after, limit, Called)


async def _authored(
    context: Context, user: User, after: str, limit: int, kind: type[Text] | type[Called]
) -> list[Found]:
    """Return one's own items, room by room, under other names too, and in rooms that were left.

    Those that were deleted are no more.
    """
    database = context.application.database
    begun, _, cid = after.partition("//")
    listed: list[Found] = []
    async for room, name in names_of(database, user.id):
        if begun not in {"", f"{room}/{name}"}:
            continue
        begun, last, cid = "", cid, ""
        while len(listed) < limit:
            equal = {"stream": room, "author": name}
            found = await database.find(ENTRIES, equal, by="cid", above=last, limit=limit)
            mine = [one for one in found if one.seq is not None and not one.deleted and isinstance(one.body, kind)]
            listed += [Found(f"{room}/{name}//{one.cid}", _item(one)) for one in mine[: limit - len(listed)]]
            if len(found) < limit:
                break
            last = found[-1].cid
        if len(listed) >= limit:
            break
    return listed


def _item(entry: Entry) -> dict[str, Any]:
    told = {"room": entry.stream, **of(entry, ("id", "seq", "created_at", "edited_at"))}
    match entry.body:
        case Text(text=text, reply_to=reply_to):
            return told | {"text": text, "reply_to": reply_to}
        case Called(media=media, outcome=outcome, seconds=seconds):
            return told | {"media": media, "outcome": outcome, "seconds": seconds}
    return told


Read = Callable[[Context, User, str, int], Awaitable[list[Found]]]
SECTIONS: Final[dict[Section, Read]] = {
    "profile": _profile,
    "proofs": _proofs,
    "session": _sessions,
    "token": _tokens,
    "passkey": _passkeys,
    "identity": _identities,
    "block": _blocks,
    "warning": _warnings,
    "act": _acts,
    "room": _rooms,
    "message": _messages,
    "call": _calls,
    "counts": kept.counts,
    "follow": kept.follows,
    "friend": kept.friends,
    "alias": kept.aliases,
    "post": kept.posts,
    "comment": kept.comments,
    "vote": kept.votes,
    "stance": kept.stances,
    "hidden": kept.hidden,
    "invitation": kept.invitations,
    "notification": kept.notifications,
}
"""What is kept of somebody, in the order in which it is told; each is asked for what follows a place, so many at most
(the first ones give all that there is)."""


async def _export(context: Context, given: AskExport) -> Export:
    """Read everything that is kept of oneself, a page at a time."""
    user = await require_user(context.application.database, context.caller.user)
    begun, after = _place(given.cursor)
    items: list[Exported] = []
    names = list(SECTIONS)
    for section in names[names.index(begun) :]:
        while found := await SECTIONS[section](context, user, after, min(given.limit - len(items), FIND_LIMIT)):
            items += [Exported(section, one.data) for one in found]
            after = found[-1].place
            if len(items) >= given.limit:
                return Export(items, f"{section}:{after}")
        after = ""
    return Export(items, None)


def _place(cursor: str | None) -> tuple[Section, str]:
    if cursor is None:
        return "profile", ""
    named, colon, after = cursor.partition(":")
    section = next((name for name in SECTIONS if name == named), None)
    if section is None or not colon or not after:
        raise Invalid(flaws=(Flaw("/cursor", "is not one that an export gave"),))
    return section, after


EXPORT = Operation(
    name="users.me.export",
    method="GET",
    path="/api/users/me/export",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=AskExport,
    output=Export,
    run=_export,
    raises=(UserNotFound,),
    limits=((EXPORT_USER, by_user),),
)
