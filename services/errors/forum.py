"""What topics, posts, comments and people's ties refuse."""

from services.errors.kinds import Conflict, Forbidden, NotFound


class PostNotFound(NotFound):
    """No such post, or none that the caller may know of."""

    code = "post_not_found"
    detail = "there is no such post"


class CommentNotFound(NotFound):
    """No such comment under this post, or none that the caller may see."""

    code = "comment_not_found"
    detail = "there is no such comment"


class PostClosed(Conflict):
    """The post takes no more comments."""

    code = "post_closed"
    detail = "this post is closed"


class ItemDeleted(Conflict):
    """The post or comment was deleted."""

    code = "deleted"
    detail = "this was deleted"


class AnonymousOff(Forbidden):
    """Nobody speaks under another name here."""

    code = "anonymous_off"
    detail = "nobody speaks under another name here"


class PermissionMissing(Forbidden):
    """A moderator without the permission that this needs."""

    code = "permission_missing"
    detail = "you moderate here, but may not do this"
