"""What the walk asks of every operation: a line for each, by the kind of what it takes."""

from tests.client.checks import Json

Rows = dict[str, tuple[Json, ...]]

AS_IT_IS: tuple[Json, ...] = ({},)
"""With what it has to be given, and all ids that it takes."""


def _plain(names: str) -> Rows:
    return dict.fromkeys(names.split(), AS_IT_IS)


OF_ONESELF = _plain(
    """
    auth.register auth.login auth.refresh auth.validate auth.password auth.password.reset auth.password.reset.finish
    auth.email auth.email.verify auth.email.finish auth.confirm auth.confirm.mail auth.confirm.passkey auth.second
    auth.second.mail auth.second.passkey auth.mail auth.mail.finish auth.signup auth.signup.finish auth.passkey.options
    auth.passkey auth.recover auth.recover.finish auth.recovery auth.recovery.remove auth.proofs auth.totp
    auth.totp.finish auth.totp.remove auth.backup auth.passkeys.options auth.passkeys.add auth.passkeys.list
    auth.passkeys.name auth.passkeys.remove auth.sessions auth.sessions.name auth.sessions.end auth.sessions.end_others
    auth.tokens auth.tokens.make auth.tokens.end auth.providers auth.providers.begin auth.providers.finish
    auth.providers.account auth.identities.begin auth.identities.finish auth.identities auth.identities.unlink users.me
    users.me.update users.me.preferences users.available users.me.export users.me.deletion users.me.delete users.blocks
    users.warnings users.warnings.dismiss admin.claim admin.audit admin.users room.create call.servers call.list
    presence.set ping alias.mine message.unread message.conversations invitation.list topic.mine friend.list
    friend.requests report.mine post.publish notification.list notification.read_all
    notification.unread feed.list
    """
)
"""What is about oneself, names nothing of others, or is for moderators of the installation."""

LISTS: Rows = {
    "room.list": ({}, {"scope": "public"}, {"scope": "public", "q": "needle"}),
    "topic.list": ({}, {"order": "members"}, {"order": "created"}, {"q": "needle"}, {"tags": "plain"}),
    "users.search": ({"q": "gho"}, {"q": "needle"}),
    "post.recent": AS_IT_IS,
    "stance.list": ({"what": "muted"}, {"what": "hidden"}, {"what": "followed"}),
    "vote.mine": ({"ids": "$ids"}, {"post": "$post"}),
    "report.list": ({}, {"topic": "$topic"}),
}
"""What finds things that it was not given the id of."""

PEOPLE = _plain(
    """
    users.one users.list users.get users.block users.unblock follow.put follow.take follow.followers follow.following
    friend.request friend.accept friend.reject friend.cancel friend.remove admin.role admin.ban admin.unban admin.warn
    admin.user admin.sessions.end admin.proofs.reset presence.watch room.direct post.written
    """
) | {
    "users.one": ({}, {"user": "$ghost"}),
    "users.list": ({"ids": "$ghost"},),
    "post.written": ({}, {"user": "$ghost"}),
    "follow.followers": ({}, {"user": "$ghost"}),
    "follow.following": ({}, {"user": "$ghost"}),
}

READING: Rows = _plain(
    """
    room.get room.members room.bans room.changes room.watch room.calls room.presence message.get message.list
    message.hidden invitation.pending topic.get topic.rooms post.get post.list comment.list comment.get call.get
    call.ice report.get stance.get room.unwatch alias.get
    """
) | {
    "message.list": ({}, {"around": 1}, {"after": 0}, {"before": 1000}),
    "room.changes": ({"since": 0},),
    "room.watch": ({}, {"since": 0}),
    "post.list": ({}, {"order": "top"}, {"order": "hot"}, {"order": "old"}),
    "comment.list": ({}, {"order": "top"}, {"parent": "$comment"}),
    "room.members": ({}, {"q": "gho"}, {"role": "owner"}),
}

CHANGING = _plain(
    """
    room.typing room.read message.send message.edit message.delete message.react message.reaction.put
    message.reaction.delete message.hide message.show message.clear stance.set alias.set alias.drop alias.silence
    alias.unsilence alias.reveal comment.create comment.edit comment.delete comment.restore post.create post.edit
    post.status post.delete post.restore post.vote comment.vote report.make report.review report.dismiss report.resolve
    report.escalate report.reopen call.start call.ringing call.accept call.decline call.cancel call.join call.leave
    call.connected call.signal call.set call.end call.mute call.remove notification.read notification.delete
    """
) | {
    "message.send": ({}, {"reply_to": "$message"}, {"anonymous": True}),
    "message.react": ({}, {"on": True, "anonymous": True}),
    "comment.create": ({}, {"parent": "$comment"}, {"anonymous": True}),
    "post.create": ({}, {"anonymous": True}),
    "report.make": (
        {"room": "$room"},
        {"kind": "post", "target": "$post"},
        {"kind": "comment", "target": "$comment", "post": "$post"},
        {"kind": "topic", "target": "$topic"},
        {"kind": "room", "target": "$room"},
        {"kind": "user", "target": "$alias"},
    ),
}

PLACES = _plain(
    """
    room.group topic.create room.update topic.update topic.rooms.create room.join topic.join room.add room.role
    room.remove room.ban room.unban invitation.make invitation.withdraw invitation.accept invitation.decline room.leave
    topic.leave room.delete topic.delete auth.logout
    """
)
"""What changes who is where, in the order in which it is asked: at the end, the worst last."""

ROWS: Rows = OF_ONESELF | LISTS | PEOPLE | READING | CHANGING | PLACES

GIVEN: Json = {
    "emoji": ":wave:",
    "password": "four words nobody guesses",
    "text": "words",
    "value": 1,
    "seq": 1,
    "reason": "spam",
    "kind": "message",
    "room.create.kind": "private",
    "room.role.role": "member",
    "report.make.reason": "spam",
    "alias.reveal.reason": "to know",
    "post.status.status": "closed",
    "call.start.media": "audio",
    "call.signal.kind": "offer",
    "call.signal.data": {"sdp": ""},
    "stance.set.mute": 5,
    "room.update.description": "changed",
    "topic.update.description": "changed",
    "users.get.users": [],
    "scopes": ["read"],
}
"""What has to be given for a request to mean something."""
