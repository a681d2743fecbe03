"""What the older blog's clients send, and what they are answered."""

from typing import Annotated

import msgspec

from services.operations.inputs import Input

Whole = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Named = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Content = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


class Loose(Input, forbid_unknown_fields=False):
    """Fields that are not known are passed over, as the blog did."""


class FindUser(Loose):
    """Who is called so, or is known by this address."""

    username: Named | None = None
    email: Named | None = None


class OneUser(Loose):
    """A user, by number."""

    user: Whole


class NewUser(Loose):
    """An account that the blog makes."""

    username: Named
    email: Named
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    from_oauth: bool = False
    image_url: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class ChangeUser(Loose):
    """What of a user is another from now on."""

    user: Whole
    username: Named | None = None
    email: Named | None = None
    image_filename: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


class Prove(Loose):
    """Whose password it is to be."""

    email: Named
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Follow(Loose):
    """Who follows whom."""

    user: Whole
    username: Named


class ListPosts(Loose):
    """Which posts: of whom somebody follows and their own, of one author, or all; and which page of them."""

    user: Named | None = None
    author: Named | None = None
    page: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10


class NewPost(Loose):
    """What somebody posts."""

    title: Title
    content: Content
    user_id: Whole | None = None


class OnePost(Loose):
    """A post, by number."""

    post: Whole


class ChangePost(Loose):
    """What a post says from now on."""

    post: Whole
    title: Title | None = None
    content: Content | None = None


class LikePost(Loose):
    """Who likes which post."""

    post: Whole
    user_id: Whole | None = None


class NewComment(Loose):
    """What somebody says about a post."""

    post: Whole
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]
    user_id: Whole | None = None


class BlogUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user, as the blog's clients read one; ``email`` is told to a service and to its person, else null."""

    id: int
    username: str
    email: str | None
    from_oauth: bool
    image_filename: str
    following_count: int
    follower_count: int


class BlogComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment, as the blog's clients read one."""

    id: int
    author_name: str
    text: str
    date_posted: str
    post_author_email: str | None


class BlogPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post, as the blog's clients read one."""

    id: int
    author: BlogUser
    title: str
    content: str
    date_posted: str
    likes: int
    comments: list[BlogComment]


class PageMeta(msgspec.Struct, frozen=True):
    """Which page it is, how many there are, and of how many posts."""

    page: int
    pages: int
    total: int


class PostPage(msgspec.Struct, frozen=True):
    """A page of posts, and whose they are where one was asked for."""

    user_data: BlogUser | None
    posts: list[BlogPost]


class Said(msgspec.Struct, frozen=True):
    """An answer in the blog's envelope."""

    data: BlogUser | BlogPost | PostPage
    status: str = "success"
    pagination_meta: PageMeta | msgspec.UnsetType = msgspec.UNSET
