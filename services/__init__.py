"""The application: every operation that a client may ask for, at a glance."""

from typing import Any

from services.accounts import doors
from services.accounts.moderation import audit, bans, caring, warnings
from services.accounts.moderation import roles as positions
from services.accounts.password import changing, proving, resetting
from services.accounts.people import person
from services.accounts.profile import changing as profile
from services.accounts.profile import deleting, exporting
from services.accounts.second import backups, confirm, recovery, step, totp
from services.accounts.second import listing as proofs
from services.accounts.second.mailed import entering as by_mail
from services.accounts.second.mailed import signing_up
from services.accounts.second.passkeys import entering as by_passkey
from services.accounts.second.passkeys import keeping as passkeys
from services.accounts.sessions import api_tokens
from services.accounts.sessions import listing as sessions
from services.accounts.signin import doors as signing_in
from services.accounts.signin import linking
from services.aliases import keeping as aliases
from services.aliases import revealing, silences
from services.calls.doors import answering, attributes, hosting, ice, signalling, starting
from services.calls.doors import listing as calls
from services.forum.comments import changing as rewording
from services.forum.comments import deleting as withdrawing
from services.forum.comments import reading as threads
from services.forum.comments import saying
from services.forum.feed import listing as feed
from services.forum.posts import changing as posts
from services.forum.posts import creating as posting
from services.forum.posts import removing as unposting
from services.forum.posts.lists import listing as posted
from services.forum.votes import casting
from services.forum.votes import mine as votes
from services.messages import change, conversations, hiding, history, react, reading, send
from services.notifications import stances
from services.notifications.inbox import listing as inbox
from services.notifications.inbox import marking
from services.operations.operation import Operation
from services.people import finding, follows, friends, profiles
from services.presence import asking
from services.reports import deciding, queue
from services.reports import making as reporting
from services.rooms import changing as room_changes
from services.rooms import direct, listing, making, visiting
from services.rooms.apart import blocks
from services.rooms.invitations import answering as invited
from services.rooms.invitations import groups
from services.rooms.invitations import making as inviting
from services.rooms.members import bans as room_bans
from services.rooms.members import members, membership, roles
from services.rooms.topics import inside
from services.rooms.topics import listing as topics
from services.rooms.topics import making as topic
from services.work import JOBS, RECURRING

__all__ = ["JOBS", "OPERATIONS", "RECURRING"]

OPERATIONS: tuple[Operation[Any], ...] = (
    doors.REGISTER,
    doors.LOG_IN,
    doors.REFRESH,
    doors.LOG_OUT,
    sessions.VALIDATE,
    changing.CHANGE,
    resetting.ASK,
    resetting.FINISH,
    proving.AGAIN,
    proving.OTHER,
    proving.FINISH,
    confirm.CONFIRM,
    confirm.MAIL,
    confirm.PASSKEY,
    step.FINISH,
    step.MAIL,
    step.PASSKEY,
    by_mail.ASK,
    by_mail.FINISH,
    signing_up.BEGIN,
    signing_up.FINISH,
    by_passkey.OPTIONS,
    by_passkey.LOG_IN,
    recovery.ASK,
    recovery.FINISH,
    recovery.SET,
    recovery.REMOVE,
    proofs.LIST,
    totp.BEGIN,
    totp.FINISH,
    totp.REMOVE,
    backups.MAKE,
    passkeys.OPTIONS,
    passkeys.MAKE,
    passkeys.LIST,
    passkeys.NAME,
    passkeys.REMOVE,
    sessions.LIST,
    sessions.NAME,
    sessions.END,
    sessions.END_OTHERS,
    api_tokens.LIST,
    api_tokens.MAKE,
    api_tokens.END,
    signing_in.PROVIDERS,
    signing_in.BEGIN,
    signing_in.FINISH,
    signing_in.ACCOUNT,
    linking.BEGIN,
    linking.FINISH,
    linking.LIST,
    linking.UNLINK,
    profiles.ME,
    profile.UPDATE,
    profile.CHOOSE,
    profile.AVAILABLE,
    exporting.EXPORT,
    deleting.ASK,
    deleting.DELETE,
    blocks.LIST,
    blocks.PUT,
    blocks.TAKE,
    stances.SET,
    stances.GET,
    stances.LIST,
    inbox.LIST,
    inbox.COUNT,
    marking.READ,
    marking.READ_ALL,
    marking.DELETE,
    warnings.LIST,
    warnings.DISMISS,
    positions.CLAIM_IT,
    positions.GIVE,
    bans.PUT,
    bans.TAKE,
    warnings.GIVE,
    caring.FIND,
    caring.ONE,
    caring.END,
    caring.RESET_PROOFS,
    audit.READ,
    person.LISTED,
    finding.SEARCH,
    profiles.ONE,
    person.MANY,
    follows.PUT,
    follows.TAKE,
    follows.FOLLOWERS,
    follows.FOLLOWING,
    friends.REQUEST,
    friends.ACCEPT,
    friends.REJECT,
    friends.CANCEL,
    friends.REMOVE,
    friends.LIST,
    friends.REQUESTS,
    listing.LIST,
    making.CREATE,
    direct.OPEN,
    groups.CREATE,
    making.GET,
    room_changes.ROOM,
    making.DELETE,
    members.MEMBERS_LIST,
    membership.JOIN,
    membership.ADD,
    membership.LEAVE,
    membership.REMOVE,
    room_bans.LIST,
    room_bans.BAN,
    room_bans.UNBAN,
    invited.MINE,
    invited.ACCEPT,
    invited.DECLINE,
    inviting.PENDING,
    inviting.MAKE,
    inviting.WITHDRAW,
    topics.LIST,
    topics.MINE,
    topic.CREATE,
    topic.GET,
    room_changes.TOPIC,
    topic.DELETE,
    topic.JOIN,
    topic.LEAVE,
    inside.LIST,
    inside.CREATE,
    visiting.WATCH,
    visiting.UNWATCH,
    roles.SET_ROLE,
    send.SEND,
    change.EDIT,
    change.DELETE,
    react.REACT,
    react.PUT,
    react.TAKE,
    history.ONE,
    history.LIST,
    history.CHANGES,
    hiding.HIDE,
    hiding.SHOW,
    hiding.CLEAR,
    hiding.LIST,
    conversations.LIST,
    conversations.UNREAD,
    reading.READ,
    reading.TYPING,
    aliases.GET,
    aliases.SET,
    aliases.DROP,
    aliases.MINE,
    silences.SILENCE,
    silences.UNSILENCE,
    revealing.REVEAL,
    saying.CREATE,
    threads.LIST,
    threads.GET,
    rewording.EDIT,
    withdrawing.DELETE,
    withdrawing.RESTORE,
    casting.POST,
    casting.COMMENT,
    votes.MINE,
    reporting.MAKE,
    queue.LIST,
    queue.MINE,
    queue.GET,
    deciding.REVIEW,
    deciding.DISMISS,
    deciding.RESOLVE,
    deciding.ESCALATE,
    deciding.REOPEN,
    starting.START,
    answering.RINGING,
    answering.ACCEPT,
    answering.DECLINE,
    answering.CANCEL,
    answering.JOIN,
    answering.LEAVE,
    answering.CONNECTED,
    signalling.SIGNAL,
    attributes.SET,
    hosting.END,
    hosting.MUTE,
    hosting.REMOVE,
    ice.ICE,
    ice.SERVERS,
    calls.MINE,
    calls.ONE,
    calls.HISTORY,
    posting.CREATE,
    posting.PUBLISH,
    posted.RECENT,
    feed.LIST,
    posts.GET,
    posts.EDIT,
    posts.STATUS,
    unposting.DELETE,
    unposting.RESTORE,
    posted.LIST,
    posted.WRITTEN,
    asking.SET,
    asking.WATCH,
    asking.COUNT,
    reading.PING,
)
