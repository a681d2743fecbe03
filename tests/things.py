"""What somebody may have, one of each kind that an address may name, with a word in it that nobody else may read."""

import secrets
import uuid
from dataclasses import dataclass, field

from services.accounts.logins import api_tokens
from services.calls.machine.begin import begin
from services.calls.machine.ending import end
from services.calls.machine.terms import Moment, Who
from services.ids import new_id, now_ms
from services.streams.append import Append, Plan, Step, View, notice_entry
from services.streams.inbox import list_notice
from store.tables import (
    API_TOKENS,
    CALLS,
    IDENTITIES,
    LOGINS,
    PASSKEYS,
    USERS,
    WARNINGS,
    ApiToken,
    Identity,
    Login,
    Notice,
    Passkey,
    Warned,
)
from tests.application import Parley
from tests.forum import make_topic, posted
from tests.people import Person

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Things:
    """Ids by the names of parameters, and the words that stand in what they name."""

    owner: Person
    ids: dict[str, str] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: f"canary{uuid.uuid4().hex[:16]}")
    """Stands in everything that is the owner's alone, and in a private room."""


async def things_of(parley: Parley, owner: Person, kind: str = "private") -> Things:
    """Make one of each for somebody; whatever of it is text has the secret in it."""
    made = Things(owner)
    room = await owner.create(f"r {made.secret}", kind, description=made.secret)
    message = await owner.say(room, f"said {made.secret}")
    made.ids.update(room=room, message=message["id"], user=owner.id, call=await _call(parley, owner, room))
    topic = await make_topic(parley, owner, name=f"t {made.secret}", description=made.secret, open=False)
    made.ids.update(topic=topic, alias=(await owner.do("alias.get", topic=topic))["id"])
    made.ids.update(notification=await _notification(parley, owner))
    post = (await posted(owner, topic, f"p {made.secret}", text=made.secret))["id"]
    comment = await owner.do("comment.create", post=post, text=f"said {made.secret}", cid="1")
    made.ids.update(post=post, comment=comment["id"])
    await _records(parley, made)
    return made


async def _call(parley: Parley, owner: Person, room: str) -> str:
    """Keep a call of somebody's in their room, which was some time ago; return its id."""
    who, then = Who(owner.id, owner.account.username, "over"), Moment(now_ms() - 60_000, "gone")
    begun = begin(secrets.token_hex(16), room, "audio", who, then, direct=False, ring=())
    await parley.database.insert(CALLS, end(begun, "completed", Moment(then.now + 30_000, "gone")))
    return begun.id


async def _notification(parley: Parley, owner: Person) -> str:
    """Keep a notification of somebody's; return its id."""
    entry = notice_entry(owner.stream, Notice("warned", owner.id))

    async def plan(view: View) -> Plan:
        planned = Plan([Step(entry)])
        await list_notice(view, planned, entry)
        return planned

    await parley.application.lanes.append(Append((owner.stream,), plan))
    return entry.id


async def _records(parley: Parley, made: Things) -> None:
    database, user, secret, now = parley.database, made.owner.id, made.secret, now_ms()
    later = now + DAY_MS
    login = Login(
        id=new_id(), user=user, live=True, name=secret, agent=secret, address=secret, created_at=now, expires_at=later
    )
    token = api_tokens.make()
    kept = ApiToken(
        id=token.id, user=user, digest=token.digest, name=secret, scopes=("read",), created_at=now, expires_at=later
    )
    key = Passkey(id=new_id(), user=user, key="", name=secret, name_key=secret, created_at=now)
    linked = Identity(
        id=new_id(), user=user, provider="test", issuer=secret, subject=secret, label=secret, created_at=now
    )
    warned = Warned(id=new_id(), user=user, by=user, text=secret, created_at=now)
    await database.insert(LOGINS, login)
    await database.insert(API_TOKENS, kept)
    await database.insert(PASSKEYS, key)
    await database.insert(IDENTITIES, linked)
    await database.insert(WARNINGS, warned)
    await database.update(USERS, user, {"email": f"{secret}@example.org"})
    made.ids.update(session=login.id, token=token.id, passkey=key.id, identity=linked.id, warning=warned.id)
