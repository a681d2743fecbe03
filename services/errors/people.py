"""What people's ties refuse."""

from services.errors.kinds import NotFound


class RequestNotFound(NotFound):
    """Nobody with this id asks to be friends."""

    code = "request_not_found"
    detail = "they do not ask to be friends"
