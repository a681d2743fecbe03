"""What other names in topics refuse."""

from services.errors.kinds import Conflict, Forbidden, NotFound


class AliasNotFound(NotFound):
    """Nobody has, or had, this other name in the topic."""

    code = "alias_not_found"
    detail = "there is no such name in this topic"


class AliasTaken(Conflict):
    """The name is, or was, somebody's in the topic; or a user is called so; or it is kept for nobody."""

    code = "alias_taken"
    detail = "this name cannot be had in this topic"


class AliasSilenced(Forbidden):
    """The topic's moderators let the caller speak under their own name alone."""

    code = "alias_silenced"
    detail = "you may speak under your own name alone in this topic"
