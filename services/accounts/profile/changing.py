"""A person's profile and preferences, and what they are called."""

import contextlib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from services.accounts.logins.needs import CONFIRMED
from services.accounts.logins.tokens import ACCESS_S, LEEWAY_S
from services.accounts.people.acts import act
from services.accounts.people.making import Username
from services.accounts.people.notices import notice
from services.accounts.people.person import Chosen, Me, chosen, myself, require_user
from services.accounts.profile.countries import COUNTRIES
from services.accounts.profile.digests import first_due
from services.accounts.profile.revising import Change, revise
from services.content.rules import require_decent
from services.errors import (
    ConfirmationNeeded,
    Conflict,
    ContentRefused,
    EmailUnverified,
    Flaw,
    Invalid,
    TooMany,
    UsernameTaken,
    UserNotFound,
)
from services.ids import now_ms
from services.jobs.job import job
from services.operations.context import Context
from services.operations.inputs import Input
from services.operations.limits import AVAILABLE_ADDRESS, PROFILE_USER
from services.operations.operation import Operation, by_address, by_user
from store.database import Insert, Write
from store.errors import Duplicate, Mismatch
from store.tables import JOBS, MEMBERS, USERS, Preferences, User

if TYPE_CHECKING:
    from services.application import Application

RENAMES = 2
RENAMES_MS = 30 * 86_400_000
"""A username may be changed twice in 30 days: whoever changes it all the time cannot be held to what they said."""
RENAMED = "renamed"
"""Kind of the job that has a person's rows in rooms follow."""
AGAIN_S = ACCESS_S + LEEWAY_S + 60
"""When it is done once more: until then somebody may join a room under the name in an older access token."""

ROWS = 200
"""Rows that one job changes: a second of work at most."""

_HOST = "[A-Za-z0-9\\[]"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Picture = Annotated[str, msgspec.Meta(max_length=2048, pattern=f"^https://{_HOST}[!-~]*(?![^!-~])$")]
Link = Annotated[str, msgspec.Meta(max_length=2048, pattern=f"^https?://{_HOST}[!-~]*(?![^!-~])$")]
Country = Annotated[str, msgspec.Meta(min_length=2, max_length=2)]


class UpdateMe(Input):
    """What somebody says of themselves from now on; fields left out stay."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    picture: Picture | msgspec.UnsetType | None = msgspec.UNSET
    banner: Picture | msgspec.UnsetType | None = msgspec.UNSET
    country: Country | msgspec.UnsetType | None = msgspec.UNSET
    links: Annotated[tuple[Link, ...], msgspec.Meta(max_length=10)] | msgspec.UnsetType = msgspec.UNSET
    username: Username | msgspec.UnsetType = msgspec.UNSET


class Choose(Input):
    """What somebody chooses from now on; fields left out stay."""

    theme: Literal["system", "light", "dark"] | msgspec.UnsetType = msgspec.UNSET
    language: Literal["en", "pt"] | msgspec.UnsetType = msgspec.UNSET
    anonymous: bool | msgspec.UnsetType = msgspec.UNSET
    mail_second_step: bool | msgspec.UnsetType = msgspec.UNSET
    relay: Literal["strangers", "always", "never"] | msgspec.UnsetType = msgspec.UNSET
    last_seen: Literal["everybody", "friends", "nobody"] | msgspec.UnsetType = msgspec.UNSET
    mail_follow: bool | msgspec.UnsetType = msgspec.UNSET
    mail_like: bool | msgspec.UnsetType = msgspec.UNSET
    mail_comment: bool | msgspec.UnsetType = msgspec.UNSET
    mail_digest: Literal["off", "daily", "weekly"] | msgspec.UnsetType = msgspec.UNSET


class Wanted(Input):
    """What somebody would be called."""

    username: Username


class Availability(msgspec.Struct, frozen=True):
    """Whether nobody is called so."""

    username: str
    available: bool


async def _update(context: Context, given: UpdateMe) -> Me:
    """Change what one says of oneself, and what one is called: twice in 30 days, and confirmed."""
    application, caller = context.application, context.caller
    if isinstance(given.country, str) and given.country not in COUNTRIES:
        raise Invalid(flaws=(Flaw("/country", "is not one of ISO 3166"),))
    user = await require_user(application.database, caller.user)
    renamed = given.username is not msgspec.UNSET and given.username != user.username
    if renamed:
        require_decent(application, str(given.username))
        await CONFIRMED.check(context)

    def change(user: User) -> tuple[dict[str, Any], tuple[Write, ...]]:
        changes = _given(given)
        if changes.pop("username", None) is None:
            return changes, ()
        renamed, also = renaming(context, str(given.username))(user)
        return changes | renamed, also

    try:
        user = await revise(application, caller.user, change)
    except Duplicate as error:
        raise UsernameTaken from error
    if renamed:
        application.jobs.wake()
    return myself(user)


def renaming(context: Context, username: str) -> Change:
    """Return the change of what somebody is called: counted, told by mail, and followed by a job in their rooms."""

    def change(user: User) -> tuple[dict[str, Any], tuple[Write, ...]]:
        if username == user.username:
            return {}, ()
        names = {"username": username, "name_key": username.lower(), "renamed_at": _counted(user)}
        return names, _following(context, user, username)

    return change


def _given(given: Input) -> dict[str, Any]:
    fields = msgspec.structs.asdict(given)
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def _counted(user: User) -> tuple[int, ...]:
    """Return the times of the latest changes of a username with this one.

    Raises:
        TooMany: If there were enough of them.
    """
    now = now_ms()
    lately = tuple(at for at in user.renamed_at if at > now - RENAMES_MS)
    if len(lately) >= RENAMES:
        raise TooMany("a username is changed twice in 30 days", retry_after=(lately[0] + RENAMES_MS - now) / 1000)
    return (*lately, now)


def _following(context: Context, user: User, username: str) -> tuple[Write, ...]:
    """Return what is written with another username."""
    work = {"user": user.id}
    jobs = (Insert(JOBS, job(RENAMED, work)), Insert(JOBS, job(RENAMED, work, after_s=AGAIN_S)))
    told = act(context, "username.changed", user.id, before=user.username, after=username)
    return (*jobs, told, *notice(user, "username"))


async def follow(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: have a page of a person's rows in rooms show what they are called now; then the next one.

    Done again it changes nothing.
    """
    database = application.database
    user = await database.get(USERS, work["user"])
    if user is None or user.deleted_at is not None:
        return
    after = work.get("after", "")
    rows = await database.find(MEMBERS, {"user": user.id}, by="room", above=after, limit=ROWS)
    for row in rows:
        if row.username != user.username:
            with contextlib.suppress(Mismatch):  # left meanwhile
                await database.update(MEMBERS, row.id, {"username": user.username})
    if len(rows) == ROWS:
        await database.insert(JOBS, job(RENAMED, work | {"after": rows[-1].room}))
        application.jobs.wake()


async def _choose(context: Context, given: Choose) -> Chosen:
    """Change what one chose; what is left out stays as it is."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    before = user.preferences.mail_second_step
    if given.mail_second_step is not msgspec.UNSET and given.mail_second_step != before:
        await CONFIRMED.check(context)

    def change(user: User) -> tuple[dict[str, Any], tuple[Write, ...]]:
        merged: Preferences = msgspec.structs.replace(user.preferences, **_given(given))
        changes: dict[str, Any] = {"preferences": merged}
        if merged.mail_digest != user.preferences.mail_digest:
            changes["digest_due"] = first_due(merged.mail_digest)
        if merged.mail_second_step == user.preferences.mail_second_step:
            return changes, ()
        if merged.mail_second_step and not user.email_verified:
            raise EmailUnverified
        told = act(context, "mail_second_step.changed", user.id, on=merged.mail_second_step)
        return changes, (told, *notice(user, "second_factor"))

    user = await revise(application, caller.user, change)
    if user.preferences.mail_second_step != before:
        application.jobs.wake()
    return chosen(user.preferences)


async def _available(context: Context, given: Wanted) -> Availability:
    """Tell whether nobody is called so, whatever the case of the letters."""
    found = await context.application.database.find(USERS, {"name_key": given.username.lower()}, limit=1)
    return Availability(given.username, not found)


UPDATE = Operation(
    name="users.me.update",
    method="PATCH",
    path="/api/users/me",
    socket=False,
    scope="account",
    input=UpdateMe,
    output=Me,
    run=_update,
    raises=(UsernameTaken, ContentRefused, ConfirmationNeeded, Conflict, UserNotFound),
    limits=((PROFILE_USER, by_user),),
)
CHOOSE = Operation(
    name="users.me.preferences",
    method="PATCH",
    path="/api/users/me/preferences",
    socket=False,
    scope="account",
    input=Choose,
    output=Chosen,
    run=_choose,
    raises=(ConfirmationNeeded, EmailUnverified, Conflict, UserNotFound),
    limits=((PROFILE_USER, by_user),),
)
AVAILABLE = Operation(
    name="users.available",
    method="GET",
    path="/api/users/available",
    socket=False,
    public=True,
    input=Wanted,
    output=Availability,
    run=_available,
    limits=((AVAILABLE_ADDRESS, by_address),),
)
