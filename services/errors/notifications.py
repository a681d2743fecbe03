"""What notifications refuse."""

from services.errors.kinds import NotFound


class NotificationNotFound(NotFound):
    """No such notification, or somebody else's, or one that was deleted."""

    code = "notification_not_found"
    detail = "there is no such notification"
