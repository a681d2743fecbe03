"""Users as the blog's clients read them."""

from collections.abc import Iterable
from typing import Final

from services.blog.acting import is_service
from services.blog.inputs import BlogUser
from services.blog.numbers import numbers_of
from services.operations.context import Context
from store.tables import BLOGGERS, COUNTS, Blogger, Counts, User

DEFAULT_IMAGE: Final = "default.jpg"
"""What the blog's pages show for somebody without a picture: a file of theirs."""


async def blog_users(context: Context, users: Iterable[User]) -> dict[str, BlogUser]:
    """Return users by id as the caller may read them: an address is told to a service and to its person alone."""
    database, people = context.application.database, {user.id: user for user in users}
    if not people:
        return {}
    numbers = await numbers_of(database, "user", people)
    bloggers, counts = await database.gather((BLOGGERS, list(people)), (COUNTS, list(people)))
    return {id_: _view(context, user, numbers[id_], bloggers.get(id_), counts.get(id_)) for id_, user in people.items()}


async def blog_user(context: Context, user: User) -> BlogUser:
    """Return one user; see ``blog_users``."""
    return (await blog_users(context, (user,)))[user.id]


def _view(context: Context, user: User, number: int, blogger: Blogger | None, counts: Counts | None) -> BlogUser:
    told = is_service(context) or context.caller.user == user.id
    return BlogUser(
        id=number,
        username=user.username,
        email=((blogger.address if blogger is not None else None) or user.email) if told else None,
        from_oauth=blogger is not None and blogger.from_oauth,
        image_filename=(blogger.image if blogger is not None else None) or user.picture or DEFAULT_IMAGE,
        following_count=0 if counts is None else counts.following,
        follower_count=0 if counts is None else counts.followers,
    )
