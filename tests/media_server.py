"""A media server of our own, as a process: it takes tokens and questions as LiveKit does, and carries no media.

    python -m tests.media_server PORT KEY SECRET

What of LiveKit it holds to, and where that stands:

* Tokens are JWTs of HS256 (RFC 7519) with ``iss`` (the key), ``sub`` (the identity), ``nbf``, ``exp`` and a ``video``
  grant: docs.livekit.io, "Tokens & grants". The secret is found by ``iss``; a minute of skew is forgiven:
  ``auth/verifier.go`` of livekit/protocol, whose library forgives it.
* A device opens a websocket at ``/rtc?access_token=``; without ``roomJoin`` it gets 401, without an identity 400:
  ``pkg/service/rtcservice.go`` of livekit/livekit. A second one of an identity takes the place of the first.
* ``POST /twirp/livekit.RoomService/…`` with JSON and a Bearer token: ``RemoveParticipant`` and ``ListParticipants``
  take ``roomAdmin`` of that very room, ``DeleteRoom`` ``roomCreate``; who is not there is Twirp's ``not_found`` (404),
  who may not ``unauthenticated`` (401): ``pkg/service/roomservice.go``, ``pkg/service/auth.go``, and Twirp's errors.
* A room is there with its first participant. Who was removed comes back in with a token that is still good.
"""

import asyncio
import json
import sys
from typing import Any, Final

import jwt
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

LEEWAY_S: Final = 60

Rooms = dict[str, dict[str, "Rtc"]]


class Denied(Exception):
    """A token that lets nobody do that."""


def grant_of(token: str, keys: dict[str, str]) -> dict[str, Any]:
    """Return the claims of a token.

    Raises:
        Denied: If it is none of ours, or over.
    """
    try:
        key = jwt.decode(token, options={"verify_signature": False}).get("iss", "")
        found: dict[str, Any] = jwt.decode(
            token, keys[key], ["HS256"], leeway=LEEWAY_S, options={"require": ["iss", "exp", "nbf"]}
        )
    except (jwt.InvalidTokenError, KeyError) as error:
        raise Denied(type(error).__name__) from None
    if not isinstance(found.get("video"), dict):
        raise Denied("no grant")
    return found


class Rtc(WebSocketHandler):
    """A device's connection."""

    def initialize(self, rooms: Rooms, keys: dict[str, str]) -> None:
        """Take what all connections share."""
        self.rooms, self.keys = rooms, keys
        self.room = self.identity = ""

    def check_origin(self, origin: str) -> bool:
        """Take any."""
        return True

    async def prepare(self) -> None:
        """Judge the token before anything is opened."""
        try:
            claims = grant_of(self.get_query_argument("access_token", ""), self.keys)
        except Denied:
            self.set_status(401)
            await self.finish("no permission")
            return
        video = claims["video"]
        self.room, self.identity = str(video.get("room", "")), str(claims.get("sub", ""))
        if not video.get("roomJoin") or not self.identity:
            self.set_status(400 if video.get("roomJoin") else 401)
            await self.finish("no permission")

    def open(self, *_: str, **__: str) -> None:
        """Come in, in the place of another one of the same identity."""
        others = self.rooms.setdefault(self.room, {})
        if self.identity in others:
            others.pop(self.identity).close(1000, "DUPLICATE_IDENTITY")
        others[self.identity] = self
        _sent = self.write_message(json.dumps({"joined": self.identity, "room": self.room}))

    def on_message(self, message: str | bytes) -> None:
        """Carry nothing."""

    def on_close(self) -> None:
        """Go, unless somebody has taken the place."""
        others = self.rooms.get(self.room, {})
        if others.get(self.identity) is self:
            del others[self.identity]
        if not others:
            self.rooms.pop(self.room, None)


class RoomService(RequestHandler):
    """The interface for servers."""

    def initialize(self, rooms: Rooms, keys: dict[str, str]) -> None:
        """Take what all connections share."""
        self.rooms, self.keys = rooms, keys

    def post(self, method: str) -> None:
        """Answer one question."""
        given = json.loads(self.request.body)
        room, identity = str(given.get("room", "")), str(given.get("identity", ""))
        if not self._may(method, room):
            self._refuse(401, "unauthenticated", "permissions denied")
        elif method == "ListParticipants":
            self.write({"participants": [{"identity": one} for one in self.rooms.get(room, {})]})
        elif method == "RemoveParticipant" and identity in self.rooms.get(room, {}):
            self.rooms[room].pop(identity).close(1000, "PARTICIPANT_REMOVED")
            self.write({})
        elif method == "DeleteRoom" and room in self.rooms:
            for one in self.rooms.pop(room).values():
                one.close(1000, "ROOM_DELETED")
            self.write({})
        else:
            self._refuse(404, "not_found", "not found")

    def _may(self, method: str, room: str) -> bool:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        try:
            video = grant_of(token if scheme == "Bearer" else "", self.keys)["video"]
        except Denied:
            return False
        if method == "DeleteRoom":
            return bool(video.get("roomCreate"))
        return bool(video.get("roomAdmin")) and video.get("room") == room

    def _refuse(self, status: int, code: str, words: str) -> None:
        self.set_status(status)
        self.write({"code": code, "msg": words})


async def serve(port: int, keys: dict[str, str]) -> None:
    """Serve until the process is ended."""
    shared: dict[str, Any] = {"rooms": {}, "keys": keys}
    routes = [("/rtc", Rtc, shared), (r"/twirp/livekit\.RoomService/(\w+)", RoomService, shared)]
    Application([*routes]).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), {sys.argv[2]: sys.argv[3]}))
