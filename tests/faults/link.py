"""One websocket of a rig that has thousands: compiled frames, typed decoding, no opinion on what comes."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.faults.history import Seen

HANDSHAKE_S = 10.0
"""Longest wait for the answer to a handshake: the machine may be busy."""

LOST = 1006
"""The code of a connection that ended without a word."""


class Author(msgspec.Struct):
    """Who wrote."""

    id: str


class Reaction(msgspec.Struct):
    """One emoji under a message."""

    emoji: str
    count: int
    users: tuple[str, ...] = ()


class Item(msgspec.Struct):
    """An item, as far as the rig looks at it."""

    id: str
    seq: int
    rev: int
    kind: str
    author: Author | None = None
    cid: str | None = None
    text: str = ""
    reactions: tuple[Reaction, ...] = ()
    type: str = ""
    user: str | None = None

    def seen(self, *, users: bool = False) -> Seen:
        """Return what a history keeps of it; with ``users`` who reacted too."""
        marks = sorted(
            " ".join((r.emoji, str(r.count), *(sorted(r.users) if users else ()))) for r in self.reactions
        )  # fmt: skip
        author = self.author.id if self.author is not None else ""
        notice = "" if self.kind == "text" else self.type or self.kind
        about = (self.user or "") if notice else ""
        cid = "" if notice else self.cid or ""
        return Seen(self.id, self.seq, self.rev, self.text, author, cid, notice, about, tuple(marks))


class RoomLine(msgspec.Struct):
    """A room in the answer of hello, or in ``room.joined``."""

    id: str
    head: int
    state: str = ""


class Hello(msgspec.Struct):
    """The answer of hello."""

    node: str
    epoch: str
    rooms: tuple[RoomLine, ...]


class Items(msgspec.Struct):
    """A page."""

    items: tuple[Item, ...]
    head: int
    complete: bool = True
    has_more: bool = False


class Problem(msgspec.Struct):
    """Why something was refused."""

    code: str
    detail: str = ""
    retry_after: float | None = None


class Frame(msgspec.Struct):
    """What a server says."""

    re: int = 0
    ev: str = ""
    room: str = ""
    rev: int = 0
    ok: msgspec.Raw = msgspec.Raw()
    err: Problem | None = None
    d: msgspec.Raw = msgspec.Raw()


class Refused(Exception):
    """A call was answered with an error."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem


class Gone(Exception):
    """The connection ended before an answer came."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed {code}")
        self.code = code


_frames = msgspec.json.Decoder(Frame)
_encoder = msgspec.json.Encoder()


class Link(WSListener):
    """Calls and their answers; events go to ``heard``. ``Link.open`` makes one."""

    def __init__(self, heard: Callable[[Frame], None]) -> None:
        self._heard = heard
        self._transport: WSTransport | None = None
        self._open: dict[int, tuple[asyncio.Future[msgspec.Raw], Callable[[msgspec.Raw], None] | None]] = {}
        self._last = 0
        self._code = LOST
        self.failure: BaseException | None = None
        """What went wrong in this program while a frame was read."""
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(
        cls,
        address: tuple[str, int],
        heard: Callable[[Frame], None],
        source: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> "Link":
        """Connect and shake hands, from an address of this machine where one is named.

        Raises:
            OSError: If the server cannot be reached, refuses, or takes too long.
        """
        url = f"{'ws' if tls is None else 'wss'}://{address[0]}:{address[1]}/ws"
        try:
            where: dict[str, Any] = {} if source is None else {"local_addr": (source, 0)}
            where |= {} if tls is None else {"ssl_context": tls}
            _, link = await ws_connect(lambda: cls(heard), url, websocket_handshake_timeout=HANDSHAKE_S, **where)
        except OSError:
            raise
        except Exception as error:  # what picows calls a refused handshake
            raise ConnectionError(f"{error}") from error
        assert isinstance(link, cls)
        return link

    def on_ws_connected(self, transport: WSTransport) -> None:
        """See ``WSListener``."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """See ``WSListener``."""
        if frame.msg_type == WSMsgType.TEXT:
            try:
                self._take(_frames.decode(frame.get_payload_as_bytes()))  # parts of it are read later
            except Exception as error:  # noqa: BLE001  what picows would only log ends the run
                self.failure = error
                transport.disconnect()
        elif frame.msg_type == WSMsgType.CLOSE:
            payload = frame.get_payload_as_bytes()
            self._code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """See ``WSListener``."""
        if not self.closed.done():
            self.closed.set_result(self._code)
        for future, _ in self._open.values():
            if not future.done():
                future.set_exception(Gone(self._code))
                future.exception()  # whoever waits for it sees it; nobody has to
        self._open.clear()

    def _take(self, frame: Frame) -> None:
        if frame.ev:
            self._heard(frame)
            return
        future, at_once = self._open.pop(frame.re)
        if frame.err is not None:
            if not future.done():
                future.set_exception(Refused(frame.err))
                future.exception()
            return
        if at_once is not None:
            at_once(frame.ok)
        if not future.done():
            future.set_result(frame.ok)

    def start(
        self, op: str, d: dict[str, object], at_once: Callable[[msgspec.Raw], None] | None = None
    ) -> asyncio.Future[msgspec.Raw]:
        """Send a call now; the future has its answer, ``Refused`` or ``Gone``.

        ``at_once`` is given the answer before the next frame is read.
        """
        self._last += 1
        future: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        if self.closed.done() or self._transport is None:
            future.set_exception(Gone(self._code))
            future.exception()
            return future
        self._open[self._last] = future, at_once
        self._transport.send(WSMsgType.TEXT, _encoder.encode({"op": op, "id": self._last, "d": d}))
        return future

    def deafen(self) -> None:
        """Read nothing more, as a phone in a tunnel: the connection stands, and no ping is answered."""
        if self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def close(self) -> None:
        """Close in order."""
        if self._transport is not None:
            self._transport.send_close(WSCloseCode.OK)

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._transport is not None:
            self._transport.disconnect(False)
