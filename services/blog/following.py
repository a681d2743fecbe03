"""Following people, by number and name."""

from services.blog.acting import as_person, user_numbered
from services.blog.inputs import BlogUser, Follow, Said
from services.blog.people import by_username
from services.blog.views import blog_user
from services.errors import Blocked, Forbidden, UserNotFound
from services.operations.context import Context
from services.operations.operation import Operation, perform
from services.people import follows


async def _follow(context: Context, given: Follow) -> Said:
    """Follow somebody; again it changes nothing."""
    acting = as_person(context, await user_numbered(context, given.user))
    other = await by_username(context.application.database, given.username)
    await perform(follows.PUT, acting, follows.OnePerson(user=other.id))
    context.status = 201
    return Said(await blog_user(context, other))


async def _unfollow(context: Context, given: Follow) -> None:
    """Follow somebody no more."""
    acting = as_person(context, await user_numbered(context, given.user))
    other = await by_username(context.application.database, given.username)
    await perform(follows.TAKE, acting, follows.OnePerson(user=other.id))
    context.status = 204


_PATH = "/compat/blog/user-follow/{user}/{username}"
_RAISES = (UserNotFound, Forbidden)

FOLLOW = Operation(
    name="blog.user-follow.put",
    method="POST",
    path=_PATH,
    socket=False,
    input=Follow,
    output=BlogUser,
    run=_follow,
    statuses=(201,),
    raises=(*_RAISES, Blocked),
)
UNFOLLOW = Operation(
    name="blog.user-follow.take",
    method="DELETE",
    path=_PATH,
    socket=False,
    input=Follow,
    run=_unfollow,
    statuses=(204,),
    raises=_RAISES,
)
