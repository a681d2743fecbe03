"""Every operation of the blog's wire."""

from typing import Any

from services.blog import following, people, posts
from services.operations.operation import Operation

BLOG: tuple[Operation[Any], ...] = (
    people.FIND,
    people.MAKE,
    people.ONE,
    people.CHANGE,
    people.PROVE,
    following.FOLLOW,
    following.UNFOLLOW,
    posts.LIST,
    posts.CREATE,
    posts.ONE,
    posts.PUT,
    posts.POST,
    posts.DELETE,
    posts.LIKE,
    posts.COMMENT,
)
