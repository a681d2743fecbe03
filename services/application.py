"""The parts that operations work with, put together once by ``server.py``."""

from dataclasses import dataclass, field

from services.accounts.logins.tokens import Tokens
from services.accounts.people.directory import Directory
from services.accounts.secrets.passwords import Passwords
from services.accounts.secrets.sealing import Sealer
from services.accounts.signin.signins import SignIns
from services.calls.calls import Calls
from services.calls.media import MediaServers
from services.calls.sfu import MediaServer
from services.content.filter import Filter
from services.content.lexicon import shipped
from services.forum.votes.folding import Folding
from services.jobs.jobs import Jobs
from services.live import Live
from services.loop.pace import Pace
from services.loop.turns import Turns
from services.messages.marks import ReadMarks
from services.messages.pages import Pages
from services.metrics import Metrics
from services.operations.deadlines import Deadlines
from services.operations.limits import Limits
from services.operations.underway import Underway
from services.presence.seen import LastSeen
from services.presence.statuses import Desk
from services.rooms.rights.facts import Facts
from services.rooms.topics.activity import Activity
from services.rooms.visiting import Visits
from services.streams.lanes.lanes import Lanes
from store.database import Database
from store.mail import Mail


@dataclass(frozen=True, slots=True)
class Application:
    """One node's application."""

    node: str
    database: Database
    directory: Directory
    lanes: Lanes
    facts: Facts
    activity: Activity
    """When something was last said in topics and in their rooms."""
    marks: ReadMarks
    counts: Pace
    """Paces what is told of a room's number of members."""
    reads: Pace
    """Paces what is told of somebody's reading."""
    live: Live
    calls: Calls
    visits: Visits
    passwords: Passwords
    tokens: Tokens
    sealer: Sealer
    sign_ins: SignIns
    """The providers that people can sign in with."""
    media: MediaServers
    """What carries media beside the devices themselves."""
    media_server: MediaServer | None
    """The one that all legs of a call send to, where there is one."""
    url: str
    """Where people reach this installation: of links in letters, of passkeys and of sign-ins elsewhere."""
    limits: Limits
    metrics: Metrics
    presence: Desk
    seen: LastSeen
    mail: Mail
    jobs: Jobs
    filter: Filter = field(default_factory=shipped)
    """What judges texts that are said in topics, and names."""
    folding: Folding = field(default_factory=Folding)
    """Of votes into what they are on."""
    pages: Pages = field(default_factory=Pages)
    """Of history, as many ask for the same."""
    turns: Turns = field(default_factory=Turns)
    """Of those who are heard, through either door."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    underway: Underway = field(default_factory=Underway)
    """The operations that are being done, through either door."""
