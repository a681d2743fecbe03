"""One's passkeys: made, seen, named and removed."""

import unicodedata
from typing import Annotated, Final

import msgspec

from services.accounts.logins.needs import CONFIRMED
from services.accounts.people.person import require_user
from services.accounts.second.backups import without
from services.accounts.second.changing import change
from services.accounts.second.passkeys import ceremony
from services.accounts.second.passkeys.ceremony import Ceremony
from services.accounts.second.passkeys.credential import Created, CredentialId
from services.accounts.second.proofs import TicketToken
from services.accounts.secrets import tickets, ways
from services.accounts.secrets.held import keys_of
from services.errors import BadPasskey, Conflict, LastWayIn, NameTaken, PasskeyNotFound, TicketOver
from services.ids import now_ms, rfc3339
from services.operations.context import Context
from services.operations.inputs import Empty, Input
from services.operations.limits import CHANGE_USER
from services.operations.operation import Operation, by_user
from store.database import Delete, Insert, Write
from store.errors import Duplicate, Mismatch
from store.tables import PASSKEYS, TICKETS, Passkey, User

KIND: Final = "passkey_new"
COUNT_LIMIT: Final = 20
"""Passkeys of one person: a browser is told of all, so that none is made twice."""

_PLAIN = "[^\\x00-\\x1f\\x7f]*"
PasskeyName = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=64, pattern=f"^(?={_PLAIN}[^\\s\\x00-\\x1f\\x7f-\\xa0\\ufeff]){_PLAIN}(?!\\n)$"
    ),
]


class OnePasskey(Input):
    """A passkey."""

    passkey: Annotated[CredentialId, msgspec.Meta(pattern="^[A-Za-z0-9_-]+(?![^A-Za-z0-9_-])$")]


class NamePasskey(OnePasskey):
    """A passkey, and what it is to be called."""

    name: PasskeyName


class NewPasskey(Input):
    """A passkey that was made as it was asked for."""

    ticket: TicketToken
    credential: Created
    name: PasskeyName


class PasskeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as its person sees it."""

    id: str
    name: str
    created_at: str
    used_at: str | None


class PasskeyList(msgspec.Struct, frozen=True):
    """All passkeys of a person, the oldest first."""

    items: list[PasskeyView]
    next: None = None


def _view(key: Passkey) -> PasskeyView:
    used_at = None if key.used_at is None else rfc3339(key.used_at)
    return PasskeyView(id=key.id, name=key.name, created_at=rfc3339(key.created_at), used_at=used_at)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


async def _options(context: Context, _given: Empty) -> Ceremony:
    """Tell a browser what to ask an authenticator for a new passkey."""
    application, caller = context.application, context.caller
    user = await require_user(application.database, caller.user)
    keys = await keys_of(application.database, user.id)
    if len(keys) >= COUNT_LIMIT:
        raise Conflict(f"an account has {COUNT_LIMIT} passkeys at most")
    token, ticket = tickets.issue(KIND, ceremony.LIFE_S, user=user.id, bound=caller.login)
    await application.database.insert(TICKETS, ticket)
    return ceremony.to_make(application, token, user, keys)


async def _make(context: Context, given: NewPasskey) -> PasskeyView:
    """Keep a passkey that was made; all other sessions end."""
    application, caller = context.application, context.caller
    ticket = await tickets.look(application.database, KIND, given.ticket)
    if ticket.user != caller.user or ticket.bound != caller.login:
        raise TicketOver
    user = await require_user(application.database, caller.user)
    await _require_room(context, given.name)
    await tickets.count_try(application.database, ticket)
    made = ceremony.registered(application, given.ticket, given.credential)
    key = Passkey(
        id=made.id,
        user=user.id,
        key=made.key,
        signs=made.signs,
        name=given.name,
        name_key=_folded(given.name),
        transports=made.transports,
        created_at=now_ms(),
    )
    try:
        await change(context, user, "passkey", "passkey.added", Insert(PASSKEYS, key), ticket=ticket)
    except Duplicate as error:
        if await application.database.get(PASSKEYS, key.id) is not None:
            raise Conflict("this passkey is known here already") from error
        raise NameTaken from error
    context.status = 201
    return _view(key)


async def _require_room(context: Context, name: str) -> None:
    keys = await keys_of(context.application.database, context.caller.user)
    if len(keys) >= COUNT_LIMIT:
        raise Conflict(f"an account has {COUNT_LIMIT} passkeys at most")
    if _folded(name) in {key.name_key for key in keys}:
        raise NameTaken


async def _list(context: Context, _given: Empty) -> PasskeyList:
    """List my passkeys."""
    return PasskeyList([_view(key) for key in await keys_of(context.application.database, context.caller.user)])


async def _mine(context: Context, id_: str) -> Passkey:
    key = await context.application.database.get(PASSKEYS, id_)
    if key is None or key.user != context.caller.user:
        raise PasskeyNotFound
    return key


async def _name(context: Context, given: NamePasskey) -> PasskeyView:
    """Give a passkey another name."""
    key = await _mine(context, given.passkey)
    named = {"name": given.name, "name_key": _folded(given.name)}
    try:
        await context.application.database.update(PASSKEYS, key.id, named, {"user": key.user})
    except Duplicate as error:
        raise NameTaken from error
    except Mismatch as error:
        raise PasskeyNotFound from error
    return _view(msgspec.structs.replace(key, **named))


async def _remove(context: Context, given: OnePasskey) -> None:
    """Remove a passkey; all other sessions end."""
    application = context.application
    user = await require_user(application.database, context.caller.user)
    key = await _mine(context, given.passkey)
    another = await ways.leave_another(application, user)
    gone = (another, Delete(PASSKEYS, key.id), *await _needless(context, user))
    await change(context, user, "passkey", "passkey.removed", *gone)
    context.status = 204


async def _needless(context: Context, user: User) -> tuple[Write, ...]:
    """Return the writes that take backup codes away with the last thing that they could stand in for."""
    database = context.application.database
    if user.totp is not None or len(await keys_of(database, user.id)) > 1:
        return ()
    return await without(context.application, user.id)


OPTIONS = Operation(
    name="auth.passkeys.options",
    method="POST",
    path="/api/auth/passkeys/options",
    socket=False,
    scope="account",
    needs=(CONFIRMED,),
    input=Empty,
    output=Ceremony,
    run=_options,
    raises=(Conflict, BadPasskey),
    limits=((CHANGE_USER, by_user),),
)
MAKE = Operation(
    name="auth.passkeys.add",
    method="POST",
    path="/api/auth/passkeys",
    socket=False,
    scope="account",
    statuses=(201,),
    needs=(CONFIRMED,),
    input=NewPasskey,
    output=PasskeyView,
    run=_make,
    raises=(TicketOver, BadPasskey, NameTaken, Conflict),
    limits=((CHANGE_USER, by_user),),
)
LIST = Operation(
    name="auth.passkeys.list",
    method="GET",
    path="/api/auth/passkeys",
    socket=False,
    scope="account",
    input=Empty,
    output=PasskeyList,
    run=_list,
)
NAME = Operation(
    name="auth.passkeys.name",
    method="PATCH",
    path="/api/auth/passkeys/{passkey}",
    socket=False,
    scope="account",
    input=NamePasskey,
    output=PasskeyView,
    run=_name,
    raises=(PasskeyNotFound, NameTaken),
    limits=((CHANGE_USER, by_user),),
)
REMOVE = Operation(
    name="auth.passkeys.remove",
    method="DELETE",
    path="/api/auth/passkeys/{passkey}",
    socket=False,
    scope="account",
    statuses=(204,),
    needs=(CONFIRMED,),
    input=OnePasskey,
    run=_remove,
    raises=(PasskeyNotFound, LastWayIn, Conflict),
    limits=((CHANGE_USER, by_user),),
)
