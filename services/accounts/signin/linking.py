"""Link somebody elsewhere to an account, by whoever is logged in to it; and take the link away."""

import msgspec

from services.accounts.logins.families import lives
from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.acts import act
from services.accounts.people.notices import notice
from services.accounts.people.person import require_user
from services.accounts.secrets.ways import leave_another
from services.accounts.signin.doors import RETURNS, Elsewhere, new_identity
from services.accounts.signin.flow import ProviderName, Return, come_back, leave
from services.errors import (
    CrossSite,
    IdentityNotFound,
    IdentityTaken,
    LastWayIn,
    ProviderNotFound,
    ProviderUnavailable,
    Unauthenticated,
)
from services.errors import Unavailable as NotNow
from services.ids import rfc3339
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import LINK_USER
from services.operations.operation import Operation, by_user
from store.database import FIND_LIMIT, Delete, Insert, Write
from store.errors import Duplicate, Mismatch
from store.tables import IDENTITIES, LOGINS, Identity

LINK = "link"
"""Kind of the ticket that goes to a provider and comes back to the session that asked for it."""

TRIES = 3
"""Looks at an account that loses other ways in at the same moment."""


class OneProvider(Input):
    """Whom to link."""

    provider: ProviderName


class OneIdentity(Input):
    """Which link."""

    identity: str


class IdentityView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody elsewhere who may sign in to this account."""

    id: str
    provider: str
    label: str
    created_at: str
    used_at: str | None


class IdentityList(msgspec.Struct, frozen=True, kw_only=True):
    """All who may sign in to this account from elsewhere."""

    items: list[IdentityView]


def view(identity: Identity) -> IdentityView:
    """Return a link as its person sees it."""
    return IdentityView(
        id=identity.id,
        provider=identity.provider,
        label=identity.label,
        created_at=rfc3339(identity.created_at),
        used_at=None if identity.used_at is None else rfc3339(identity.used_at),
    )


async def _begin(context: Context, given: OneProvider) -> Elsewhere:
    """Begin to link somebody elsewhere to this account: the browser goes to ``url``, and comes back to our page."""
    return Elsewhere(url=await leave(context, LINK, given.provider, {"login": context.caller.login}))


async def _finish(context: Context, given: Return) -> IdentityView:
    """Link whom the provider has proved to this account; the session that began it finishes it."""
    application = context.application
    proof, _ = await come_back(context, LINK, given)
    user = await require_user(application.database, context.caller.user)
    identity = new_identity(proof, user.id, given.provider)
    linked = act(context, "identity.linked", user.id, provider=given.provider)
    try:
        await application.database.together(
            [Insert(IDENTITIES, identity), lives(context), linked, *notice(user, "identity")]
        )
    except Mismatch as error:
        raise Unauthenticated from error
    except Duplicate as error:
        there = await application.database.get(IDENTITIES, identity.id)
        if there is None or there.user != user.id:
            raise IdentityTaken from error
        return view(there)
    application.jobs.wake()
    context.status = 201
    return view(identity)


async def _list(context: Context, _given: Empty) -> IdentityList:
    """List who may sign in to this account from elsewhere."""
    database, user = context.application.database, context.caller.user
    found = await database.find(IDENTITIES, {"user": user}, limit=FIND_LIMIT)
    return IdentityList(items=[view(identity) for identity in sorted(found, key=lambda one: one.created_at)])


async def _unlink(context: Context, given: OneIdentity) -> None:
    """Take a link away. The last way in stays."""
    application = context.application
    for _ in range(TRIES):
        identity = await application.database.get(IDENTITIES, given.identity)
        if identity is None or identity.user != context.caller.user:
            raise IdentityNotFound
        user = await require_user(application.database, identity.user)
        writes: list[Write] = [Delete(IDENTITIES, identity.id), *notice(user, "identity")]
        if application.sign_ins.knows(identity.issuer):  # else it is no way in
            writes.append(await leave_another(application, user))
        writes.append(lives(context))
        writes.append(act(context, "identity.unlinked", user.id, provider=identity.provider))
        try:
            await application.database.together(writes)
        except Mismatch as error:
            if error.table == LOGINS.name:
                raise Unauthenticated from error
            continue
        application.jobs.wake()
        context.status = 204
        return
    raise NotNow


BEGIN = Operation(
    name="auth.identities.begin",
    method="POST",
    path="/api/auth/identities/{provider}/begin",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=OneProvider,
    output=Elsewhere,
    run=_begin,
    raises=(ProviderNotFound, CrossSite, ProviderUnavailable),
    limits=((LINK_USER, by_user),),
)
FINISH = Operation(
    name="auth.identities.finish",
    method="POST",
    path="/api/auth/identities/{provider}/finish",
    socket=False,
    scope="account",
    statuses=(200, 201),
    input=Return,
    output=IdentityView,
    run=_finish,
    raises=(*RETURNS, IdentityTaken),
    limits=((LINK_USER, by_user),),
)
LIST = Operation(
    name="auth.identities",
    method="GET",
    path="/api/auth/identities",
    socket=False,
    scope="account",
    input=Empty,
    output=IdentityList,
    run=_list,
)
UNLINK = Operation(
    name="auth.identities.unlink",
    method="DELETE",
    path="/api/auth/identities/{identity}",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    statuses=(204,),
    input=OneIdentity,
    run=_unlink,
    raises=(IdentityNotFound, LastWayIn),
)
