"""What operations on comments take and answer."""

from typing import Annotated

import msgspec

from services.forum.posts.terms import PostId
from services.operations.inputs import Input, MessageId
from services.streams.items.forum_items import CommentItem

CommentId = MessageId

Said = Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class OneComment(Input):
    """A comment on a post."""

    post: PostId
    comment: CommentId


class CommentView(msgspec.Struct, frozen=True):
    """A comment, and how many stand below it."""

    comment: CommentItem
    below: int
