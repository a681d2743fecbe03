"""What the fields on the wire mean that are about notifications and stances; see ``glossary``."""

from typing import Final

_TARGET = "Id of a topic, a room, a post, a comment, a message, or a person: a user, or another name of one."

NOTIFICATIONS: Final[dict[str, str]] = {
    "follow": "Whether to be told of new posts in a topic, or of new comments under a post.",
    "followed": "Whether one is told of new posts or comments there.",
    "hidden": "Whether it is left out of the lists that one asks for.",
    "hide": "Whether to leave it out of the lists that one asks for.",
    "mute": "Minutes for which no notification is to be made of it: 0 to end that, -1 for ever.",
    "muted_until": "Until when no notification is made of it; null where they are made.",
    "silence": "Minutes for which nothing of it is to be notified nor shown as unread: 0 to end that, -1 for ever.",
    "silenced_until": "Until when nothing of it is notified nor shown as unread; null where it is.",
    "what": "Which of them.",
    "notification": "Id of a notification: of its item in one's own stream.",
    "ListNotifications.cursor": "The `next` of the answer before: below this seq.",
    "ListNotifications.type": "Only those of this type; `missed_call` and `warned` are types too.",
    "ListNotifications.unread": "Whether only those that are unread.",
    "NotificationPage.next": "The cursor of those that follow; null where there are none.",
    "NotificationView.item": "The item, a notification or a notice, of one's own stream.",
    "NotificationView.unread": "Whether it is unread.",
    "UnreadCount.count": "How many are unread, 100 at most.",
    "mail_digest": "`off`, `daily` or `weekly`: whether a letter tells of all that was not read.",
    "mail_comment": "Whether letters tell of comments and answers to one's own.",
    "mail_follow": "Whether letters tell of who follows one.",
    "mail_like": "Whether letters tell of who likes what one wrote.",
    "ListStances.kind": "Only what is of this kind.",
    "OneStance.target": _TARGET,
    "SetStance.target": _TARGET,
    "StanceView.kind": "`topic`, `room`, `post`, `comment`, `message` or `person`.",
    "StanceView.target": _TARGET,
}
