"""Accounts: people, what proves who they are, and what was decided about them."""

from typing import Any

import msgspec

from store.database import Index, Record, Table
from store.tables.people import Preferences


class User(Record, kw_only=True, omit_defaults=True):
    """An account."""

    name_key: str
    """The username folded: unique regardless of case. Of a deleted account: its id."""
    username: str
    name: str
    picture: str | None = None
    banner: str | None = None
    country: str | None = None
    """Two letters of ISO 3166."""
    links: tuple[str, ...] = ()
    email: str
    email_verified: bool = False
    """Whether the address is proved: then it stands in ``ADDRESSES`` too, which makes it unique."""
    password: str | None = None
    """A bcrypt hash of the peppered password; None where there is none."""
    password_changed_at: int | None = None
    password_mailed: bool = False
    """Whether a letter set it while there were passkeys: then it proves no more than that somebody reads the mail."""
    totp: str | None = None
    """The sealed secret of the authenticator app."""
    totp_step: int = 0
    """The latest step of which a code was used: none is used twice."""
    recovery: str | None = None
    """A bcrypt hash of the recovery code that the person made up."""
    proofs_changed: int = 0
    """How often a proof of it was set, changed or taken away: a change expects what it read."""
    code_sent_at: int | None = None
    """When a code to prove who it is was last sent: the next one has to wait."""
    ways_lost: int = 0
    """How many ways to log in were taken away: two at once would leave none."""
    preferences: Preferences = Preferences()
    digest_due: int | None = None
    """When the next digest is to be written; None where none is wanted."""
    renamed_at: tuple[int, ...] = ()
    """When its username was last changed, as often as the limit counts."""
    revised: int = 0
    """How often its person changed it: a change expects what it read."""
    role: str = "user"
    """user, moderator or admin: of the whole installation."""
    banned_at: int | None = None
    banned_until: int | None = None
    """None where a ban has no end."""
    ban_reason: str | None = None
    deleted_at: int | None = None
    created_at: int
    """Milliseconds since 1970, as all times in records."""


class Address(Record, kw_only=True):
    """Whose a proved e-mail address is; its id is the address folded."""

    user: str


class Login(Record, kw_only=True, omit_defaults=True):
    """A log-in's session: the family of its refresh tokens. Its id is the ``session`` of the protocol."""

    user: str
    live: bool
    name: str | None = None
    """What its person calls it."""
    agent: str = ""
    """The program that logged in, as it told of itself; cut."""
    address: str = ""
    """Where it was last refreshed from."""
    methods: tuple[str, ...] = ()
    """What was proved at the log-in: password, mail, totp, backup, passkey, provider."""
    remembered: bool = True
    """Whether it outlives the browser."""
    created_at: int
    seen_at: int | None = None
    """When it was last refreshed."""
    confirmed_at: int | None = None
    """When its person last proved again who they are; at first: when it was made."""
    expires_at: int
    ended_at: int | None = None
    reason: str | None = None


class Refresh(Record, kw_only=True, omit_defaults=True):
    """A refresh token; its id is the SHA-256 of the token in hexadecimal."""

    login: str
    created_at: int
    expires_at: int
    used_at: int | None = None
    forgiven: bool = False
    """Whether its one second use within the grace was spent."""


class Ticket(Record, kw_only=True, omit_defaults=True):
    """Something that is good once and not for long: a reset, a code by mail, a challenge, the second half of a log-in.

    Its id is the SHA-256 of what its holder was given, in hexadecimal.
    """

    kind: str
    """What it is good for; it is good for nothing else."""
    user: str = ""
    """Empty where it is nobody's in particular."""
    bound: str | None = None
    """What has to be as it was: of a reset the password's hash, of a sign-in the browser."""
    code: str | None = None
    """A keyed hash of the code that has to come with it."""
    tries: int = 0
    """Wrong codes so far."""
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: int
    expires_at: int
    used_at: int | None = None


class Backup(Record, kw_only=True, omit_defaults=True):
    """A backup code; its id is ``user:`` and a keyed hash of the code."""

    user: str
    used_at: int | None = None


class Passkey(Record, kw_only=True, omit_defaults=True):
    """A passkey; its id is the credential's, in base64url."""

    user: str
    key: str
    """The public key, in base64url of COSE."""
    signs: int = 0
    """The authenticator's counter."""
    name: str
    name_key: str
    """The name folded: of one person's passkeys no two have the same."""
    transports: tuple[str, ...] = ()
    """How a browser may reach it, as it told."""
    created_at: int
    used_at: int | None = None


class Identity(Record, kw_only=True, omit_defaults=True):
    """Somebody at a provider of sign-ins; its id is the SHA-256 of issuer and subject: never of an e-mail address."""

    user: str
    provider: str
    """The name that the settings give it."""
    issuer: str
    subject: str
    label: str
    """What its person knows it by: a name or an address there."""
    created_at: int
    used_at: int | None = None


class ApiToken(Record, kw_only=True, omit_defaults=True):
    """A personal API token; its id is ``t_`` and a name for it, and stands in the token."""

    user: str
    digest: str
    """The SHA-256 of the token in hexadecimal."""
    name: str
    scopes: tuple[str, ...]
    live: bool = True
    reason: str | None = None
    """Why it is live no more."""
    created_at: int
    expires_at: int
    used_at: int | None = None


class Device(Record, kw_only=True):
    """A program that somebody logged in with before; its id is ``user:`` and a hash of what it told of itself."""

    user: str
    created_at: int


class Block(Record, kw_only=True):
    """Somebody whom somebody will not hear from; its id is ``user:other``."""

    user: str
    other: str
    created_at: int


class Warned(Record, kw_only=True, omit_defaults=True):
    """A warning."""

    user: str
    by: str
    text: str
    created_at: int
    dismissed_at: int | None = None


class Act(Record, kw_only=True, omit_defaults=True):
    """A line of the audit log, which is only ever added to."""

    created_at: int
    actor: str
    """The user's id, or ``~`` for the server and whoever runs it."""
    login: str | None = None
    action: str
    subject: str = ""
    """The user or thing that it was done to; empty where there is none."""
    address: str = ""
    details: dict[str, Any] = msgspec.field(default_factory=dict)


class Job(Record, kw_only=True, omit_defaults=True):
    """Work that is to be done once, by whichever node comes first; a done one is removed."""

    kind: str
    """A name in ``services.JOBS``."""
    work: dict[str, Any]
    state: str = "waiting"
    """waiting (also while a node does it), or dead."""
    due_at: int
    """When it may be begun; while a node does it: when its lease ends."""
    holder: str | None = None
    """The lease of who does it now."""
    begun: int = 0
    """How often it was begun and not heard of again."""
    failed: int = 0
    """How often it was tried and refused."""
    reason: str | None = None
    created_at: int


USERS = Table(
    "users",
    User,
    (Index(("name_key",), unique=True), Index(("role", "id")), Index(("digest_due", "id"))),
    words=("username", "name"),
)
ADDRESSES = Table("addresses", Address)
LOGINS = Table("logins", Login, (Index(("user", "live", "created_at")), Index(("id",))))
REFRESHES = Table("refreshes", Refresh, (Index(("login",)), Index(("expires_at",))))
TICKETS = Table(
    "tickets",
    Ticket,
    (Index(("kind", "user", "created_at")), Index(("user", "id")), Index(("expires_at",))),
)
BACKUPS = Table("backups", Backup, (Index(("user", "id")),))
PASSKEYS = Table("passkeys", Passkey, (Index(("user", "id")), Index(("user", "name_key"), unique=True)))
IDENTITIES = Table("identities", Identity, (Index(("user", "id")),))
API_TOKENS = Table("api_tokens", ApiToken, (Index(("user", "live", "created_at")),))
DEVICES = Table("devices", Device, (Index(("user", "id")),))
BLOCKS = Table("blocks", Block, (Index(("user", "other")), Index(("other", "user"))))
WARNINGS = Table("warnings", Warned, (Index(("user", "id")),))
ACTS = Table("acts", Act, (Index(("actor", "id")), Index(("subject", "id")), Index(("id",))))
JOBS = Table(
    "jobs",
    Job,
    (Index(("state", "due_at")), Index(("state", "kind", "due_at")), Index(("state", "kind", "created_at"))),
)

ACCOUNT_TABLES: tuple[Table[Any], ...] = (
    USERS,
    ADDRESSES,
    LOGINS,
    REFRESHES,
    TICKETS,
    BACKUPS,
    PASSKEYS,
    IDENTITIES,
    API_TOKENS,
    DEVICES,
    BLOCKS,
    WARNINGS,
    ACTS,
    JOBS,
)
