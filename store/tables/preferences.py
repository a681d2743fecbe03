"""What people choose for themselves."""

import msgspec


class Preferences(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody chose for themselves."""

    theme: str = "system"
    """system, light or dark."""
    language: str = "en"
    """en or pt: of the mail they get, and of the page."""
    anonymous: bool = False
    """Whether they are shown under another name where a place permits it."""
    mail_second_step: bool = False
    """Whether a code by mail is asked for after the first proof at a log-in."""
    relay: str = "strangers"
    """strangers, always or never: in which calls the others are not to learn one's address."""
    last_seen: str = "everybody"
    """everybody (who knows one), friends or nobody: who may know whether one is there, and when one last was."""
    mail_follow: bool = True
    """Whether a letter tells of who follows them; ``mail_like`` and ``mail_comment`` the same of likes and comments."""
    mail_like: bool = True
    mail_comment: bool = True
    mail_digest: str = "off"
    """off, daily or weekly: whether a letter tells of all that they have not read."""
