"""What the rules of content and the reports refuse."""

from services.errors.kinds import Conflict, Forbidden, Invalid, NotFound


class ContentRefused(Invalid):
    """It says what may not be said here. Nothing tells what of it: whoever meant no harm knows, and others try."""

    code = "content_refused"
    detail = "this says what may not be said here"


class ReportNotFound(NotFound):
    """No such report, or none that the caller may see."""

    code = "report_not_found"
    detail = "there is no such report"


class TargetNotFound(NotFound):
    """Nothing like it that the caller may see."""

    code = "target_not_found"
    detail = "there is no such thing to report"


class ReportedAlready(Conflict):
    """The caller has reported it before."""

    code = "reported_already"
    detail = "you have reported this before"


class OwnContent(Forbidden):
    """Nobody reports themselves."""

    code = "own_content"
    detail = "nobody reports themselves"


class ReportClosed(Conflict):
    """The report was decided; it has to be opened again first."""

    code = "report_closed"
    detail = "this report was decided"
