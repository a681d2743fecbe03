"""Who stands where, and what they might ask for that is not theirs."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from services.ids import new_id, now_ms
from services.operations.operation import Operation
from store.tables import LOGINS, REPORTS, USERS, Report, Said
from tests.application import Parley
from tests.people import Person
from tests.refusals import api_token_of, claims
from tests.things import Things, things_of

ROLES = ("nobody", "stranger", "member", "moderator", "owner", "staff", "admin", "token")
"""Nobody at all; somebody of another room; three of a private room; a moderator and an admin of the installation, who
are in no room of these; and an API token of the owner's, for everything that such a token may be for."""

OF_ACCOUNTS = frozenset({"session", "token", "passkey", "identity", "warning", "notification"})
"""Parameters that name something of somebody's account: whether another has it is nobody's business."""

KNOWN = OF_ACCOUNTS | frozenset(
    {"room", "message", "user", "emoji", "provider", "call", "target", "topic", "alias", "report", "post", "comment"}
)
"""All names of parameters that addresses have."""


@dataclass
class Stage:
    """A private room with its people and what else there is; made anew where something of it has changed."""

    parley: Parley
    people: dict[str, Person] = field(default_factory=dict)
    own: dict[str, Things] = field(default_factory=dict)
    """By role: what is somebody's own."""
    room: Things = field(init=False)
    """A private room with three of the roles in it."""
    foreign: Things = field(init=False)
    """What the victim has, who is in no room of the others."""
    gone: Things = field(init=False)
    """A private room that was deleted, and what was ended and taken away."""
    deleted_message: str = ""
    report: str = ""
    """Of something of the victim's: for the installation's moderators."""
    message: str = ""
    """Of the member, in the room."""
    secret_of_deleted: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    async def make(self) -> None:
        """Make everybody and everything."""
        names = ("stranger", "member", "moderator", "owner", "staff", "admin", "victim", "ghost")
        self.people = dict(zip(names, await self.parley.people(*names), strict=True))
        await self._roles()
        self.room = await things_of(self.parley, self.people["owner"])
        for name in ("member", "moderator"):
            for place in ("room", "topic"):
                await self.people["owner"].do("room.add", room=self.room.ids[place], user=self.people[name].id)
        change = {"room": self.room.ids["room"], "user": self.people["moderator"].id, "role": "moderator"}
        await self.people["owner"].do("room.role", **change)
        await self.people["owner"].do("room.role", **change | {"room": self.room.ids["topic"]})
        self.foreign = await things_of(self.parley, self.people["victim"])
        self.own = {name: await things_of(self.parley, self.people[name]) for name in names if name != "victim"}
        self.own["owner"] = self.room
        self.own["token"] = self.room
        await self._gone()
        await self._report()
        self.tokens = {name: person.account.token for name, person in self.people.items()}
        self.tokens["token"] = await api_token_of(self.parley, self.people["owner"].id, "read", "write")

    async def _roles(self) -> None:
        database = self.parley.database
        for name, role in (("staff", "moderator"), ("admin", "admin")):
            await database.update(USERS, self.people[name].id, {"role": role, "email_verified": True})
        for person in self.people.values():
            login = str(claims(person.account.token)["sid"])
            await database.update(LOGINS, login, {"methods": ("password", "totp"), "confirmed_at": now_ms()})

    async def _report(self) -> None:
        said = Said(self.foreign.ids["message"], "text", f"reported{self.foreign.secret}")
        victim = self.people["victim"].id
        report = Report(
            id=new_id(),
            kind="message",
            target=said.id,
            reporter=victim,
            reason="other",
            said=said,
            created_at=now_ms(),
        )
        await self.parley.database.insert(REPORTS, report)
        self.report = report.id

    async def _gone(self) -> None:
        member, room = self.people["member"], self.room.ids["room"]
        self.message = (await member.say(room, f"of the member {self.room.secret}"))["id"]
        self.secret_of_deleted = f"taken{self.room.secret}"
        self.deleted_message = (await member.say(room, self.secret_of_deleted))["id"]
        await member.do("message.delete", room=room, message=self.deleted_message)
        ghost = self.people["ghost"]
        self.gone = self.own.pop("ghost")
        await ghost.do("room.delete", room=self.gone.ids["room"])
        await ghost.do("room.delete", room=self.gone.ids["topic"])
        await self.parley.database.update(USERS, ghost.id, {"deleted_at": now_ms()})

    # What may be asked for

    def variants(self, parameter: str, role: str) -> dict[str, str]:
        """Return what a parameter may hold, by what it is to who asks."""
        own = self.own.get(role, self.own["stranger"])
        rooms = {"private": self.room, "foreign": self.foreign, "deleted": self.gone, "own": own}
        if parameter in ("room", "topic", "alias", "post", "call"):
            random = secrets.token_hex(16) if parameter == "call" else new_id()
            return {kind: things.ids[parameter] for kind, things in rooms.items()} | {"random": random}
        if parameter == "target":
            ids = {kind: things.ids["room"] for kind, things in rooms.items()}
            return ids | {"message": self.foreign.ids["message"], "random": new_id()}
        if parameter == "message":
            here = {"own": self.message, "another's": self.room.ids["message"], "deleted": self.deleted_message}
            return here | {"foreign": self.foreign.ids["message"], "random": new_id()}
        if parameter == "comment":
            return {"private": self.room.ids["comment"], "foreign": self.foreign.ids["comment"], "random": new_id()}
        if parameter == "user":
            people = {"another's": self.people["victim"], "deleted": self.people["ghost"]}
            ids = {kind: person.id for kind, person in people.items()}
            return ids | {"own": own.owner.id, "member's": self.people["member"].id, "random": new_id()}
        if parameter == "report":
            return {"another's": self.report, "random": new_id()}
        if parameter in OF_ACCOUNTS:
            ids = {"own": own.ids[parameter], "another's": self.foreign.ids[parameter]}
            return ids | {"deleted": self.gone.ids[parameter], "random": new_id()}
        return {"fixed": {"emoji": "👍", "provider": "nowhere"}[parameter]}

    def base(self, role: str) -> dict[str, str]:
        """Return what the parameters hold that are not looked at."""
        own = self.own.get(role, self.own["stranger"])
        places = {name: self.room.ids[name] for name in ("room", "topic", "alias", "post", "comment")}
        return own.ids | places | {"message": self.message, "user": self.people["member"].id}

    def forbidden(self, role: str, operation: Operation[Any]) -> set[str]:
        """Return the words that may not stand in an answer to this role."""
        words = {self.foreign.secret, self.gone.secret, self.secret_of_deleted, f"reported{self.foreign.secret}"}
        if role not in ("member", "moderator", "owner", "token"):
            words.add(self.room.secret)
        words |= {things.secret for name, things in self.own.items() if name != role and things is not self.room}
        if operation.name.startswith(("admin.", "report.")) and role in ("staff", "admin"):
            return set()
        return words
