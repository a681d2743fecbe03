"""The blog's posts: what people post on their own pages."""

import contextlib
import dataclasses

import msgspec

from services.blog.acting import acting, as_person, user_numbered
from services.blog.inputs import (
    BlogPost,
    ChangePost,
    LikePost,
    ListPosts,
    NewComment,
    NewPost,
    OnePost,
    PostPage,
    Said,
)
from services.blog.numbers import id_of
from services.blog.paging import numbered
from services.blog.people import by_username
from services.blog.reading import PostKept, blog_posts, posts_of
from services.blog.views import blog_user
from services.errors import Blocked, Forbidden, PostNotFound, UserNotFound
from services.forum.comments import saying
from services.forum.posts import changing, creating, removing
from services.forum.votes import casting
from services.ids import new_id, page_room
from services.operations.context import Context
from services.operations.limits import LOOKUP_USER
from services.operations.operation import Operation, by_user, perform
from store.tables import FED, POSTS, User


async def _list(context: Context, given: ListPosts) -> Said:
    """List posts, the latest first: of somebody and whom they follow, of an author, or all."""
    database = context.application.database
    user: User | None = None
    if given.user is not None:
        user = await _named(context, given.user)
        as_person(context, user)  # a feed is one's own
        found = await numbered(database, FED, {"paged": user.id}, "post", given.page, given.per_page)
        ids = [row.post for row in found.records]
    else:
        user = None if given.author is None else await _named(context, given.author)
        equal = {"paged": "all"} if user is None else {"live": page_room(user.id)}
        found = await numbered(database, POSTS, equal, "id", given.page, given.per_page)
        ids = [row.id for row in found.records]
    data = None if user is None else await blog_user(context, user)
    return Said(PostPage(data, await blog_posts(context, await posts_of(context, ids))), pagination_meta=found.meta)


async def _named(context: Context, name: str) -> User:
    """Return a user by name, or by number: the blog's pages send either."""
    if name.isascii() and name.isdigit() and len(name) < 17:
        with contextlib.suppress(UserNotFound):  # it may be a name
            return await user_numbered(context, int(name))
    return await by_username(context.application.database, name)


async def _create(context: Context, given: NewPost) -> Said:
    """Post on somebody's page."""
    asking = await acting(context, given.user_id)
    wanted = creating.Publish(title=given.title, text=given.content, cid=new_id())
    made = await perform(creating.PUBLISH, asking, wanted)
    context.status = 201
    return await _said(context, made.id)


async def _one(context: Context, given: OnePost) -> Said:
    """Read a post."""
    return await _said(context, (await _kept(context, given.post)).entry.id)


async def _change(context: Context, given: ChangePost) -> Said:
    """Change what a post says."""
    kept = await _kept(context, given.post)
    asking = as_person(context, kept.author)
    wanted = changing.EditPost(
        post=kept.entry.id,
        title=msgspec.UNSET if given.title is None else given.title,
        text=msgspec.UNSET if given.content is None else given.content,
    )
    await perform(changing.EDIT, asking, wanted)
    return await _said(context, kept.entry.id)


async def _remove(context: Context, given: OnePost) -> None:
    """Delete a post."""
    kept = await _kept(context, given.post)
    asking = as_person(context, kept.author)
    await perform(removing.DELETE, asking, removing.DeletePost(post=kept.entry.id))
    context.status = 204


async def _like(context: Context, given: LikePost) -> Said:
    """Like a post, once; again it changes nothing."""
    asking = await acting(context, given.user_id)
    kept = await _kept(context, given.post)
    totals = await perform(casting.POST, asking, casting.VotePost(post=kept.entry.id, value=1))
    context.status = 201
    return Said((await blog_posts(context, [kept], likes={kept.entry.id: totals.up}))[0])


async def _comment(context: Context, given: NewComment) -> Said:
    """Comment on a post."""
    asking = await acting(context, given.user_id)
    kept = await _kept(context, given.post)
    await perform(saying.CREATE, asking, saying.CreateComment(post=kept.entry.id, text=given.text, cid=new_id()))
    context.status = 201
    return await _said(context, kept.entry.id)


async def _kept(context: Context, number: int) -> PostKept:
    id_ = await id_of(context.application.database, "post", number)
    found = [] if id_ is None else await posts_of(context, [id_])
    if not found:
        raise PostNotFound
    return found[0]


async def _said(context: Context, id_: str) -> Said:
    found = await posts_of(context, [id_])
    if not found:
        raise PostNotFound
    return Said((await blog_posts(context, found))[0])


_POSTS = "/compat/blog/posts"
_POST = _POSTS + "/{post}"

LIST = Operation(
    name="blog.posts.list",
    method="GET",
    path=_POSTS,
    socket=False,
    input=ListPosts,
    output=PostPage,
    run=_list,
    raises=(UserNotFound, Forbidden),
    limits=((LOOKUP_USER, by_user),),
)
CREATE = Operation(
    name="blog.posts.create",
    method="POST",
    path=_POSTS,
    socket=False,
    input=NewPost,
    output=BlogPost,
    run=_create,
    statuses=(201,),
    raises=(UserNotFound, Forbidden),
)
ONE = Operation(
    name="blog.posts.one",
    method="GET",
    path=_POST,
    socket=False,
    input=OnePost,
    output=BlogPost,
    run=_one,
    raises=(PostNotFound,),
    limits=((LOOKUP_USER, by_user),),
)
PUT = Operation(
    name="blog.posts.put",
    method="PUT",
    path=_POST,
    socket=False,
    input=ChangePost,
    output=BlogPost,
    run=_change,
    raises=(PostNotFound, Forbidden),
)
POST = dataclasses.replace(PUT, name="blog.posts.post", method="POST")
"""Its document and its code differ in the method."""
DELETE = Operation(
    name="blog.posts.delete",
    method="DELETE",
    path=_POST,
    socket=False,
    input=OnePost,
    run=_remove,
    statuses=(204,),
    raises=(PostNotFound, Forbidden),
)
LIKE = Operation(
    name="blog.posts.like",
    method="POST",
    path=_POST + "/likes",
    socket=False,
    input=LikePost,
    output=BlogPost,
    run=_like,
    statuses=(201,),
    raises=(PostNotFound, UserNotFound, Forbidden, Blocked),
)
COMMENT = Operation(
    name="blog.posts.comment",
    method="POST",
    path=_POST + "/comments",
    socket=False,
    input=NewComment,
    output=BlogPost,
    run=_comment,
    statuses=(201,),
    raises=(PostNotFound, UserNotFound, Forbidden, Blocked),
)
