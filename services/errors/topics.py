"""What topics and invitations refuse."""

from services.errors.kinds import Conflict, NotFound


class TitleTaken(Conflict):
    """Another open topic has this title, whatever the case of its letters."""

    code = "title_taken"
    detail = "another topic has this title"


class AlreadyMember(Conflict):
    """Whoever is to be invited is in there already."""

    code = "already_member"
    detail = "they are a member already"


class AlreadyInvited(Conflict):
    """Whoever is to be invited was invited before, and has not answered yet."""

    code = "already_invited"
    detail = "they are invited already"


class InvitationNotFound(NotFound):
    """No such invitation: it was answered or withdrawn, or there never was one."""

    code = "invitation_not_found"
    detail = "there is no such invitation"
