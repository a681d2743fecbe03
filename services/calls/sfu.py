"""The seam to a media server that all legs of a call send to, instead of each to every other one.

It is asked as LiveKit is: devices come with a token, and who is no more in a call is removed through its HTTP
interface. The states of calls and legs know nothing of it.
"""

import json
import time
from typing import TYPE_CHECKING, Any, Final

import jwt

from services.calls.machine.looks import in_legs
from services.calls.media import Sfu
from services.jobs.endings import JobFailed, JobRefused
from services.jobs.job import job
from store.database import Insert
from store.tables import ENDED, JOBS, Call
from store.web import Unanswered, Web

if TYPE_CHECKING:
    from services.application import Application

SFU: Final = "sfu"
"""The topology of a call that a media server carries, and the kind of the job that removes somebody there."""

TOKEN_S: Final = 120
"""Time for which a token lets a device in: it is used at once. Who is in stays in."""
EARLY_S: Final = 30
"""How much the media server's clock may be behind ours."""
LATE_S: Final = TOKEN_S + 60 + EARLY_S
"""When somebody is removed once more: by then no token lets them in again. The media server forgives a minute."""


class MediaServer:
    """A media server, as this node asks it."""

    def __init__(self, sfu: Sfu, web: Web) -> None:
        self._sfu = sfu
        self._web = web
        self.url = sfu.url
        """Where devices connect to."""

    def token(self, call: str, leg: str) -> str:
        """Return what lets a leg into the room of its call, to send and to receive."""
        return self._signed({"room": call, "roomJoin": True, "canPublish": True, "canSubscribe": True}, subject=leg)

    async def remove(self, call: str, leg: str) -> None:
        """Have a leg removed; one that is not there is.

        Raises:
            JobFailed: If it is not known to be gone.
        """
        grant = {"room": call, "roomAdmin": True}
        await self._ask("RemoveParticipant", grant, {"room": call, "identity": leg})

    async def close(self, call: str) -> None:
        """Have the room of a call closed, with all who are in it.

        Raises:
            JobFailed: If it is not known to be closed.
        """
        await self._ask("DeleteRoom", {"room": call, "roomCreate": True}, {"room": call})

    async def _ask(self, method: str, grant: dict[str, Any], given: dict[str, str]) -> None:
        url = f"{self._sfu.api}/twirp/livekit.RoomService/{method}"
        headers = {"Authorization": f"Bearer {self._signed(grant)}", "Content-Type": "application/json"}
        try:
            said = await self._web.post(url, self._sfu.bounds, headers, json.dumps(given).encode())
        except Unanswered as error:
            raise JobFailed(f"{method}: {error}") from None
        if said.status not in (200, 404):  # nobody there, or no such room
            raise JobFailed(f"{method}: the media server answers {said.status}")

    def _signed(self, grant: dict[str, Any], subject: str | None = None) -> str:
        now = int(time.time())
        claims = {"iss": self._sfu.key, "nbf": now - EARLY_S, "exp": now + TOKEN_S, "video": grant}
        if subject is not None:
            claims["sub"] = subject
        return jwt.encode(claims, self._sfu.secret, "HS256")


def removals(before: Call, after: Call) -> list[Insert]:
    """Return what is written with a change of a call, so that the media server learns who is no more in it."""
    if after.topology != SFU:
        return []
    if after.state == ENDED:
        gone: list[dict[str, str]] = [{"call": after.id}] if before.state != ENDED else []
    else:
        left = {leg.id for leg in in_legs(before)} - {leg.id for leg in in_legs(after)}
        gone = [{"call": after.id, "leg": leg} for leg in sorted(left)]
    return [Insert(JOBS, job(SFU, work, after_s=after_s)) for work in gone for after_s in (0.0, LATE_S)]


async def remove(application: "Application", work: dict[str, Any]) -> None:
    """Do the job: remove a leg at the media server, or close the room of a call. Done again it changes nothing.

    Raises:
        JobFailed: If it is not known to be done.
        JobRefused: If there is no media server any more.
    """
    server = application.media_server
    if server is None:
        raise JobRefused("no media server is set")
    if "leg" in work:
        await server.remove(work["call"], work["leg"])
    else:
        await server.close(work["call"])
