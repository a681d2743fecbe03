"""Taking a stance to something, and listing those that one took; ``services.stances.rows`` says what each means."""

from typing import Annotated, Any, Literal

import msgspec

from services.errors import Flaw, Invalid, NotFound, Unavailable
from services.ids import now_ms, rfc3339
from services.notifications.rates import STANCE_USER
from services.notifications.targets import require_target
from services.operations.context import Context
from services.operations.inputs import Cursor, Input, PageSize
from services.operations.operation import Operation, by_user
from services.stances.rows import FOR_EVER, hidden, stance_id
from store.database import Database
from store.errors import Duplicate, Mismatch
from store.tables import STANCES, Stance

TRIES = 3
"""How often a first stance to something is tried: another session of the same person may take one at that moment."""

Target = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Minutes = Annotated[int, msgspec.Meta(ge=-1, le=527_040)]
"""-1 for ever, 0 not at all; else a year at most."""
Kind = Literal["topic", "room", "post", "comment", "message", "person"]


class SetStance(Input):
    """How to stand to something from now on; what is left out stays as it is."""

    target: Target
    follow: bool | None = None
    mute: Minutes | None = None
    silence: Minutes | None = None
    hide: bool | None = None


class OneStance(Input):
    """Something that one may have taken a stance to."""

    target: Target


class ListStances(Input):
    """Which stances: of one sort, to all kinds of things or to one."""

    what: Literal["followed", "muted", "silenced", "hidden"]
    kind: Kind | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class StanceView(msgspec.Struct, frozen=True):
    """How one stands to something."""

    target: str
    kind: str
    followed: bool
    muted_until: str | None
    silenced_until: str | None
    hidden: bool


class StancePage(msgspec.Struct, frozen=True):
    """Stances; ``next`` is the cursor of those that follow."""

    items: list[StanceView]
    next: str | None


class StanceEvent(msgspec.Struct, tag_field="ev", tag="stance", frozen=True):
    """Not kept: how one stands to something by now, for one's other sessions."""

    d: StanceView


def _view(stance: Stance, now: int) -> StanceView:
    def lasting(user: str | None, until: int) -> str | None:
        return None if user is None or until <= now else rfc3339(until)

    return StanceView(
        target=stance.target,
        kind=stance.kind,
        followed=stance.followed is not None,
        muted_until=lasting(stance.mutes, stance.muted_until),
        silenced_until=lasting(stance.silences, stance.silenced_until),
        hidden=hidden(stance),
    )


async def _set(context: Context, given: SetStance) -> StanceView:
    """Follow, mute, silence or hide something, or no more; nobody else is told."""
    application, user = context.application, context.caller.user
    database = application.database
    stance = await database.get(STANCES, stance_id(user, given.target))
    kind = "" if stance is None else stance.kind
    if stance is None or _takes(given):
        # What one may not see any more one can still let go of.
        kind = await require_target(context, given.target)
    if given.follow and kind in {"comment", "message", "person"}:
        raise Invalid(flaws=(Flaw("/follow", f"a {kind} cannot be followed so"),))
    if stance is None:
        stance = _fresh(user, given.target, kind)
        if not _takes(given):
            return _view(stance, now_ms())
    stance = await _changed(database, stance, _changes(user, given))
    view = _view(stance, now_ms())
    application.live.tell(user, msgspec.json.encode(StanceEvent(view)), but=context.origin)
    return view


def _fresh(user: str, target: str, kind: str) -> Stance:
    return Stance(id=stance_id(user, target), user=user, target=target, kind=kind, place=f"{kind}:{target}")


def _takes(given: SetStance) -> bool:
    return bool(given.follow or given.mute or given.silence or given.hide)


def _changes(user: str, given: SetStance) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if given.follow is not None:
        changes |= {"followed": given.target, "follows": user} if given.follow else {"followed": None, "follows": None}
    if given.mute is not None:
        changes |= {"mutes": user if given.mute else None, "muted_until": _until(given.mute)}
    if given.silence is not None:
        changes |= {"silences": user if given.silence else None, "silenced_until": _until(given.silence)}
    if given.hide is not None:
        changes["hides"] = user if given.hide else None
    return changes


def _until(minutes: int) -> int:
    if minutes == 0:
        return 0
    return FOR_EVER if minutes < 0 else now_ms() + minutes * 60_000


async def _changed(database: Database, stance: Stance, changes: dict[str, Any]) -> Stance:
    """Keep a stance with these changes, and return it as it is then; another session may change the rest of it."""
    for _ in range(TRIES):
        after = msgspec.structs.replace(stance, **changes)
        try:
            if changes:
                await database.update(STANCES, stance.id, changes)
        except Mismatch:
            try:
                await database.insert(STANCES, after)
            except Duplicate:
                continue
            return after
        return await database.get(STANCES, stance.id) or after
    raise Unavailable


async def _get(context: Context, given: OneStance) -> StanceView:
    """Return how one stands to something."""
    database, user = context.application.database, context.caller.user
    stance = await database.get(STANCES, stance_id(user, given.target))
    if stance is None:
        stance = _fresh(user, given.target, await require_target(context, given.target))
    return _view(stance, now_ms())


_COLUMNS = {"followed": "follows", "muted": "mutes", "silenced": "silences", "hidden": "hides"}


async def _list(context: Context, given: ListStances) -> StancePage:
    """List what one follows, muted, silenced or hid; what is muted no more is left out."""
    column = _COLUMNS[given.what]
    above, below = given.cursor, None
    if given.kind is not None:
        # Those of one kind stand between these two: a semicolon comes right after a colon.
        above, below = above or f"{given.kind}:", f"{given.kind};"
    rows = await context.application.database.find(
        STANCES, {column: context.caller.user}, by="place", above=above, below=below, limit=given.limit + 1
    )
    now = now_ms()
    page = rows[: given.limit]
    items = [view for view in (_view(row, now) for row in page) if _is(view, given.what)]
    return StancePage(items, page[-1].place if len(rows) > given.limit else None)


def _is(view: StanceView, what: str) -> bool:
    if what in {"muted", "silenced"}:
        return (view.muted_until if what == "muted" else view.silenced_until) is not None
    return view.followed if what == "followed" else view.hidden


_PATH = "/api/users/me/stances"

SET = Operation(
    name="stance.set",
    ordered=True,
    method="PUT",
    path=_PATH + "/{target}",
    input=SetStance,
    output=StanceView,
    run=_set,
    raises=(NotFound,),
    limits=((STANCE_USER, by_user),),
)
GET = Operation(
    name="stance.get",
    method="GET",
    path=_PATH + "/{target}",
    input=OneStance,
    output=StanceView,
    run=_get,
    raises=(NotFound,),
    limits=((STANCE_USER, by_user),),
)
LIST = Operation(
    name="stance.list",
    method="GET",
    path=_PATH,
    input=ListStances,
    output=StancePage,
    run=_list,
    limits=((STANCE_USER, by_user),),
)
