"""What the fields on the wire mean, in one place: a word has one meaning wherever it stands.

``Type.field`` wins over ``field`` where a type says something of its own. A field without words fails the tests.
"""

from typing import Final

from services.operations.glossary.accounts import ACCOUNTS
from services.operations.glossary.aliases import ALIASES
from services.operations.glossary.calls import CALLS
from services.operations.glossary.forum import FORUM
from services.operations.glossary.notifications import NOTIFICATIONS
from services.operations.glossary.people import PEOPLE
from services.operations.glossary.reports import REPORTS
from services.operations.glossary.topics import TOPICS

TALK: Final[dict[str, str]] = {
    "access_token": "Shown with every request, and in hello. Opaque; good for `expires_in` seconds.",
    "after": "Only items above this seq, oldest first.",
    "anonymous": "Whether one is shown under another name where a place permits it.",
    "around": "Items on both sides of this seq, itself included.",
    "attachments": "Files that belong to the message.",
    "author": "Who wrote it, with the username of then; null where the server did.",
    "banner": "Address of the wide picture above a profile; null where there is none.",
    "before": "Only items below this seq, newest last.",
    "by": "Id of the user who did it; null where nobody is to be named.",
    "calls": "Calls that concern the caller.",
    "cid": "The client's own id of what it sends: sent again, nothing is done twice. With `~` in front it is ours.",
    "code": "What went wrong, for programs: match on this.",
    "complete": "Whether nothing more changed up to `head`; else go on from the last item's rev.",
    "count": "How many people put it there.",
    "country": "Two letters of ISO 3166; null where none is told.",
    "created_at": "When it was made.",
    "cursor": "The `next` of the answer before; left out for the first page.",
    "cursors": "The rev up to which each room is known, by room id.",
    "d": "What it tells.",
    "deleted": "Whether it was deleted: it keeps its place, without its text.",
    "delta": "Missed revs that are sent as events after hello; a client that missed more pages `room.changes`.",
    "description": "What the room is for.",
    "detail": "What went wrong, for people.",
    "edited_at": "When its text was last changed; null where it never was.",
    "email": "E-mail address. Nobody else sees it.",
    "email_verified": "Whether the address was shown to be the user's.",
    "emoji": "One grapheme, or `:name:`.",
    "epoch": "Names the database's history: cursors of another epoch mean nothing.",
    "errors": "Each thing that is wrong with the request.",
    "ev": "The kind of event.",
    "expires_in": "Seconds until the access token ends.",
    "features": "What this server can do beyond this document.",
    "for": "Milliseconds that it is to be shown.",
    "frame": "Bytes of a client's frame.",
    "has_more": "Whether there are more in the direction asked.",
    "head": "The stream's newest rev when this was read.",
    "heartbeat": "Seconds of silence after which a client that cannot see pings asks with `ping`.",
    "history": "`all`: members see everything; `joined`: what came from their own join on.",
    "id": "Opaque id.",
    "ids": "Ids with commas between them; the first 100 count.",
    "items": "The entries of this page.",
    "joined_at": "When they joined.",
    "kind": "What it is.",
    "language": "`en` or `pt`: of one's mail, and of the page.",
    "last_seen": "When they were last there; null while they are, and where it is not known.",
    "limit": "How many entries at most.",
    "limits": "What fits.",
    "links": "Addresses that somebody shows of themselves, ten at most.",
    "login": "Username, whatever the case of its letters, or an e-mail address that was proved.",
    "mail_second_step": "Whether a code by mail is asked for after the first proof at a log-in.",
    "member_count": "How many members the room has.",
    "message": "Id of the message.",
    "name": "Name for people to read.",
    "next": "Cursor of the page that follows; null on the last.",
    "node": "Name of the node that answers, for reports of faults.",
    "online": "How many of them are there, on any device.",
    "on": "Whether it is to be there.",
    "open": "Operations that a session may have open at once.",
    "owner": "Id of the user who owns it; null where nobody does.",
    "page": "Entries of a page.",
    "password": "Any characters; they are counted and used as they are.",
    "peer": "The other person of a direct room; oneself where one talks with oneself.",
    "picture": "Address of a picture; null where there is none.",
    "pointer": "Where: a JSON pointer into the request; empty for the whole of it.",
    "preferences": "What one chose for oneself.",
    "q": "Words that all have to be there; the last may be incomplete.",
    "reactions": "What people put on it.",
    "read": "The seq up to which it is read.",
    "reason": "`left`, `removed`, `banned` or `deleted`.",
    "reasons": "What is wrong; empty where nothing is.",
    "refresh_token": "Traded once for a fresh pair; keep it from everybody.",
    "reply_to": "Id of the message that it answers, in the same room; null for none.",
    "retry_after": "Seconds after which trying again can help.",
    "rev": "Rises strictly within a stream with every change; gaps are normal. Keep what has the higher one.",
    "role": "`owner`, `moderator` or `member`; null for who is none.",
    "room": "Id of the room.",
    "rooms": "The caller's own stream first, then rooms by latest activity.",
    "rooms_next": "Cursor for `room.list`, where there are more rooms; null where there are not.",
    "scope": "`mine`: one's own by latest activity; `public`: those to discover.",
    "seq": "Place in the room: the rev that the item began with.",
    "session": "Id of the log-in's session, the same after coming back.",
    "since": "Only what changed above this rev.",
    "spread": "Milliseconds over which clients are to spread: each adds a random part of it.",
    "state": (
        "How the client comes up to date: `new` (no cursor was given), `ok` (nothing missed), `delta` (what was missed "
        "follows as events), `behind` (page `room.changes`), `reset` (forget the room, fetch its newest page)."
    ),
    "status": "The status of the answer, again.",
    "target": "In a person's own stream: id of the room it is about.",
    "text": "What is said, as it was typed.",
    "theme": "`system`, `light` or `dark`.",
    "title": "The status in words.",
    "token": "An access token.",
    "token_type": "How to show the access token: `Authorization: Bearer …`.",
    "type": "What happened.",
    "unread": "Text items of others above `read`; counting stops at 100.",
    "user": "Id of the user.",
    "username": "Unique, whatever the case of its letters.",
    "users": "Ids of users.",
    # Where a type says something of its own.
    "GoAway.after": "Milliseconds to wait before coming back.",
    "Greeting.user": "Who is greeted.",
    "Health.status": "`ok` or `unavailable`.",
    "LogIn.password": "The account's password.",
    "NoticeItem.name": "What the room is called from then on, where it was renamed.",
    "NoticeItem.role": "The role that was given, where one was.",
    "NoticeItem.type": (
        "`joined`, `left`, `removed`, `banned`, `role`, `renamed` or `deleted`; show nothing for one you do not know."
    ),
    "NoticeItem.user": "Id of the user it is about; null where it is about the room.",
    "PresenceView.status": "`online`, `away`, `busy` or `offline`: the last too for people whom one may not watch.",
    "SetPresence.status": "How its user is, as far as this device knows.",
    "WatchPresence.users": "Ids of users, besides those watched already; none ends all watching.",
    "OneMember.user": "Id of the user, or `me`.",
    "OneUser.user": "Id of the user, or `me`.",
    "Join.user": "Id of the user to add, or `me`; left out it is oneself who joins.",
    "instance": "Under what the log of the server has a mistake of its own: to be told to whoever runs it.",
    "Problem.type": "Address of the page that explains the code.",
    "Reaction.users": "Ids of the first who put it there, 20 at most.",
    "RoomState.kind": "`public`, `private`, `direct`, `self` (a person's own stream), `topic`, `page` (of a person) or "
    "`post` (its discussion).",
    "RoomView.kind": "`public`, `private`, `direct`, `self` (a person's own stream), `topic`, `page` (of a person) or "
    "`post` (its discussion).",
    "CreateRoom.kind": "`public`: anybody may find and join it; `private`: members are added.",
    "SetRole.role": "The role to give; `owner` hands the room over.",
    "SetRole.user": "Id of the user, or `me`.",
    "ListMembers.role": "Only members with this role.",
    "SizeLimits.text": "Characters of a text.",
    "Me.role": "`user`, `moderator` or `admin`: of the whole installation.",
}

FIELDS: Final[dict[str, str]] = ACCOUNTS | ALIASES | CALLS | FORUM | NOTIFICATIONS | PEOPLE | REPORTS | TALK | TOPICS
"""The words of every field, by its name or by ``Type.field``."""
"""Words for each field."""

FORMATS: Final[dict[str, str]] = {
    "Choose.last_seen": "",
    "Chosen.last_seen": "",
    "active_at": "date-time",
    "created_at": "date-time",
    "decided_at": "date-time",
    "deadline": "date-time",
    "edited_at": "date-time",
    "ended_at": "date-time",
    "joined_at": "date-time",
    "last_seen": "date-time",
    "muted_until": "date-time",
    "silenced_until": "date-time",
    "started_at": "date-time",
}
"""Fields whose text has a form with a name: times are RFC 3339 in UTC with milliseconds."""
