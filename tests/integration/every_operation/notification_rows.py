"""Rows of the parity table about stances and notifications."""

from tests.integration.every_operation.rows import Row

_NOWHERE = {"target": "nowhere"}

NOTIFICATIONS = [
    Row("stance.set", "ok", "member", {"target": "$stranger", "mute": -1, "hide": True}, writes=True),
    Row("stance.set", "not_found", "member", _NOWHERE | {"silence": 5}),
    Row("stance.get", "ok", "member", {"target": "$owner"}),
    Row("stance.get", "not_found", "member", _NOWHERE),
    Row("notification.list", "ok", "member", {"unread": True, "type": "mention", "limit": 10}),
    Row("notification.unread", "ok", "member"),
    Row("notification.read", "notification_not_found", "member", {"notification": "none"}),
    Row("notification.read", "ok", "member", {"notification": "$notification"}, writes=True),
    Row("notification.delete", "notification_not_found", "member", {"notification": "none"}),
    Row("notification.delete", "ok", "member", {"notification": "$notification"}, writes=True),
    Row("notification.read_all", "ok", "member", writes=True),
    Row("stance.list", "ok", "member", {"what": "hidden", "kind": "person", "limit": 10}),
]
