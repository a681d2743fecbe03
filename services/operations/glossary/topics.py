"""What the fields on the wire mean that topics, rooms in them, bans and invitations have; see ``glossary``."""

from typing import Final

_OPEN = "Whether all who may see what it is in may see and join it; a topic: whether everybody may."
_LINKS = "What becomes of links in it: `allow`, `flag` or `refuse`."
_TITLE = "What it is called: of open topics no two are called the same, whatever the case of the letters."
_NAMES = "Whether people may speak under another name in it."
_ALL = "Tags with commas between them, all of which it has to have."

TOPICS: Final[dict[str, str]] = {
    "active_at": "When something was last said in it, a minute more or less.",
    "background": "Address of the picture behind what is said; null where there is none.",
    "invite": "Ids of users to invite; none of them joins before they accept.",
    "BanMember.reason": "Why: those who may ban read it, and whoever is banned.",
    "BanMember.days": "Days until it ends by itself, in place of `until`.",
    "BanView.by": "Who banned them; null where they are nobody any more.",
    "BanView.reason": "Why; null where that was not said.",
    "BanView.user": "Who is banned.",
    "CreateInside.open": _OPEN,
    "CreateTopic.anonymous": _NAMES,
    "CreateTopic.links": _LINKS,
    "CreateTopic.open": "Whether everybody may see and join it; else people are invited.",
    "CreateTopic.title": _TITLE,
    "InvitationView.by": "Who invited them; null where they are nobody any more.",
    "InvitationView.room": "What they are invited to: its name and what it is for, and no more of it.",
    "InvitationView.user": "Who is invited.",
    "ListInside.tags": _ALL,
    "ListTopics.order": "`active`: latest activity first; `members`: the largest first; `new`: the newest first, "
    "always so with `q` or `tags`.",
    "ListTopics.tags": _ALL,
    "MemberView.permissions": "What a moderator may do; left out where it is everything that moderators may.",
    "NoticeItem.permissions": "What a moderator may do from then on; left out where it is everything that they may.",
    "RoomState.open": _OPEN,
    "RoomView.open": _OPEN,
    "SetRole.permissions": "What a moderator may do: of `delete_messages`, `ban_users`, `invite`, `edit_topic` (of "
    "any room: to change it), `manage_posts` and `manage_rooms`. Null: all of it, as for those who begin to moderate; "
    "left out, it stays.",
    "TopicView.anonymous": _NAMES,
    "TopicView.open": _OPEN,
    "UpdateRoom.open": _OPEN,
    "UpdateTopic.anonymous": _NAMES,
    "UpdateTopic.links": _LINKS,
    "UpdateTopic.open": "Whether everybody may see and join it; its owner alone changes that.",
    "UpdateTopic.title": _TITLE,
}
