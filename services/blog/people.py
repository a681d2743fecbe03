"""The blog's users: found, made, changed, proved by their password."""

import msgspec

from services.accounts.logins import families as logins
from services.accounts.logins.entering import refuse_banned, second_proofs
from services.accounts.password.fitness import require_fit
from services.accounts.password.proving import prove_later
from services.accounts.people.making import Email, Username, new_user, require_free, rows_of
from services.accounts.people.person import require_user
from services.accounts.profile.changing import renaming
from services.accounts.profile.revising import revise
from services.blog.acting import as_person, is_service, require_service, user_numbered
from services.blog.inputs import BlogUser, ChangeUser, FindUser, NewUser, OneUser, Prove, Said
from services.blog.views import DEFAULT_IMAGE, blog_user
from services.errors import BadCredentials, Forbidden, Invalid, UserNotFound
from services.operations.context import Context
from services.operations.limits import LOGIN_ACCOUNT, LOOKUP_USER, PROFILE_USER
from services.operations.operation import Operation, by_user
from services.operations.schemas.schemas import convert
from store.database import Database, Insert, Put
from store.errors import Duplicate
from store.tables import ADDRESSES, BLOGGERS, USERS, Blogger, User


class _Name(msgspec.Struct):
    """What somebody may be called."""

    username: Username


class _Address(msgspec.Struct):
    """Where somebody may be written to."""

    email: Email


async def by_address_of(database: Database, address: str) -> User | None:
    """Return whom the blog knows by an e-mail address, or who has proved it."""
    key = address.lower()
    known = await database.find(BLOGGERS, {"address": key}, limit=1)
    if known:
        return await database.get(USERS, known[0].id)
    proved = await database.get(ADDRESSES, key)
    return None if proved is None else await database.get(USERS, proved.user)


async def by_username(database: Database, username: str) -> User:
    """Return who is called so.

    Raises:
        UserNotFound: If nobody is.
    """
    found = await database.find(USERS, {"name_key": username.lower()}, limit=1)
    if not found or found[0].deleted_at is not None:
        raise UserNotFound
    return found[0]


async def _find(context: Context, given: FindUser) -> Said:
    """Find a user by name or, for a service or oneself, by e-mail address."""
    database = context.application.database
    if given.username is not None:
        return await _said(context, await by_username(database, given.username))
    if given.email is None:
        raise Invalid("give a username or an email")
    user = await by_address_of(database, given.email)
    if user is None or user.deleted_at is not None or not (is_service(context) or user.id == context.caller.user):
        raise UserNotFound
    return await _said(context, user)


async def _one(context: Context, given: OneUser) -> Said:
    """Read a user."""
    return await _said(context, await user_numbered(context, given.user))


async def _make(context: Context, given: NewUser) -> Said:
    """Make an account; one that came from a provider gets no password, whatever was sent."""
    require_service(context)
    application, database = context.application, context.application.database
    convert(_Name, {"username": given.username})
    convert(_Address, {"email": given.email})
    await require_free(database, given.username)
    if await by_address_of(database, given.email) is not None:
        raise Invalid("this e-mail address is taken")
    password = None
    if not given.from_oauth:
        require_fit(given.password, given.username, given.email)
        password = await application.passwords.hash(given.password)
    user = new_user(given.username, given.email, password=password)
    blogger = Blogger(
        id=user.id,
        address=given.email.lower(),
        from_oauth=given.from_oauth,
        image=given.image_url or DEFAULT_IMAGE,
    )
    writes = [*rows_of(user), prove_later(user, user.email), Insert(BLOGGERS, blogger)]
    try:
        await database.together(writes)
    except Duplicate as error:
        raise Invalid("this username or e-mail address is taken") from error
    application.jobs.wake()
    context.status = 201
    return await _said(context, user)


async def _change(context: Context, given: ChangeUser) -> Said:
    """Change what somebody is called, or the address and the picture that the blog knows."""
    database = context.application.database
    user = await user_numbered(context, given.user)
    acting = as_person(context, user)
    if given.username is not None and given.username != user.username:
        require_service(context)  # at our own doors it takes a fresh proof
        convert(_Name, {"username": given.username})
        if given.username.lower() != user.name_key:
            await require_free(database, given.username)
    blogger = await database.get(BLOGGERS, user.id) or Blogger(id=user.id)
    if given.email is not None and given.email.lower() != blogger.address:
        convert(_Address, {"email": given.email})
        other = await by_address_of(database, given.email)
        if other is not None and other.id != user.id:
            raise Invalid("this e-mail address is taken")
        require_service(context)
        blogger.address = given.email.lower()
    blogger.image = given.image_filename or blogger.image
    try:
        if given.username is not None:
            user = await revise(context.application, user.id, renaming(acting, given.username))
        await database.together([Put(BLOGGERS, blogger)])
    except Duplicate as error:
        raise Invalid("this username or e-mail address is taken") from error
    context.application.jobs.wake()
    return await _said(context, user)


async def _prove(context: Context, given: Prove) -> Said:
    """Tell whether a password is somebody's. It is not, where a second proof is asked for at their log-in."""
    require_service(context)
    application = context.application
    user = await by_address_of(application.database, given.email)
    key = await logins.bucket_of(application, user.id if user else given.email.lower(), context.address)
    await application.limits.take_exactly(LOGIN_ACCOUNT, key)
    matches = await application.passwords.matches(given.password, user.password if user else None)
    if user is None or user.deleted_at is not None:
        raise UserNotFound
    if not matches:
        raise BadCredentials
    refuse_banned(user)
    if await second_proofs(application.database, user, ("password",)):
        raise BadCredentials("this account asks for a second proof, which this door cannot ask for")
    return await _said(context, await require_user(application.database, user.id))


async def _said(context: Context, user: User) -> Said:
    return Said(await blog_user(context, user))


_USERS = "/compat/blog/users"

FIND = Operation(
    name="blog.users.find",
    method="GET",
    path=_USERS,
    socket=False,
    input=FindUser,
    output=BlogUser,
    run=_find,
    raises=(UserNotFound,),
    limits=((LOOKUP_USER, by_user),),
)
ONE = Operation(
    name="blog.users.one",
    method="GET",
    path=_USERS + "/{user}",
    socket=False,
    input=OneUser,
    output=BlogUser,
    run=_one,
    raises=(UserNotFound,),
    limits=((LOOKUP_USER, by_user),),
)
MAKE = Operation(
    name="blog.users.make",
    method="POST",
    path=_USERS,
    socket=False,
    input=NewUser,
    output=BlogUser,
    run=_make,
    statuses=(201,),
    raises=(Forbidden,),
)
CHANGE = Operation(
    name="blog.users.change",
    method="PUT",
    path=_USERS + "/{user}",
    socket=False,
    input=ChangeUser,
    output=BlogUser,
    run=_change,
    raises=(UserNotFound, Forbidden),
    limits=((PROFILE_USER, by_user),),
)
PROVE = Operation(
    name="blog.user-auth",
    method="GET",
    path="/compat/blog/user-auth",
    socket=False,
    input=Prove,
    output=BlogUser,
    run=_prove,
    raises=(UserNotFound, BadCredentials, Forbidden),
    own_limits=(LOGIN_ACCOUNT,),
)
