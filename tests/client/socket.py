"""One websocket session: operations and their answers, events in order."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests import recorder
from tests.client.checks import Json, Order, check_answer, decode, demand
from tests.client.rest import Refused
from tests.client.wire import VIOLATIONS, Closed, Violation, Wire

Listener = Callable[[Json], None]


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # whoever waits for it sees it; nobody has to


class Socket:
    """A websocket that speaks ``parley.v1``. ``Socket.open`` makes one.

    Events go to ``listener``, in order, from the answer of ``hello`` on; the answer itself comes first, as
    ``{"ev": "hello"}``. A *deaf* socket looks at answers alone: for programs that only send.
    """

    def __init__(self, listener: Listener | None, *, deaf: bool) -> None:
        self.wire: Wire
        self.closed: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self.order = Order()
        self.session: Json = {}
        """The answer of hello."""
        self.events: asyncio.Queue[Json] = asyncio.Queue()
        """Events, where no listener was given."""
        self.heard = 0
        """Events that came."""
        self._listener = listener or self.events.put_nowait
        self._deaf = deaf
        self._last_id = 0
        self._open: dict[int, tuple[str, Json, asyncio.Future[Any]]] = {}

    @classmethod
    async def open(
        cls, address: tuple[str, int], listener: Listener | None = None, *, deaf: bool = False, **options: Any
    ) -> "Socket":
        """Connect; ``options`` are those of ``Wire.open``.

        Raises:
            Rejected: If the server refuses the handshake.
            OSError: If it cannot be reached.
        """
        socket = cls(listener, deaf=deaf)
        socket.wire = await Wire.open(address, socket._text, socket._lost, **options)
        return socket

    @property
    def pending(self) -> int:
        """Operations that wait for their answer."""
        return len(self._open)

    def start(self, op: str, d: Json) -> asyncio.Future[Any]:
        """Send an operation now; the future has its answer, ``Refused`` or ``Closed``."""
        self._last_id += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.closed.done():
            _fail(future, self.closed.result())
        else:
            self._open[self._last_id] = (op, d, future)
            self.wire.send(json.dumps({"op": op, "id": self._last_id, "d": d}, separators=(",", ":")))
        return future

    def start_raw(self, text: str, op: str, id_: int) -> asyncio.Future[Any]:
        """Send a frame as it is; the future has the answer that comes for ``id_``."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.closed.done():
            _fail(future, self.closed.result())
        else:
            self._open[id_] = (op, {}, future)  # refused, or else the checks fail
            self.wire.send(text)
        return future

    async def call(self, op: str, d: Json) -> Any:
        """Send an operation and return its answer.

        Raises:
            Refused: If the server refuses.
            Closed: If the connection ends first.
        """
        return await self.start(op, d)

    async def hello(self, token: str, cursors: dict[str, int] | None = None, epoch: str | None = None) -> Json:
        """Begin or resume the session.

        Raises:
            Closed: If the server closes instead.
        """
        d: Json = {"token": token}
        if cursors is not None:
            d["cursors"] = cursors
        if epoch is not None:
            d["epoch"] = epoch
        answer: Json = await self.call("hello", d)
        return answer

    def _text(self, text: str) -> None:
        try:
            if self._deaf and text.startswith('{"ev":'):
                self.heard += 1
                return
            self._frame(text, decode(text))
        except Exception as error:  # noqa: BLE001  what asyncio would swallow fails the test
            VIOLATIONS.append(f"{type(error).__name__}: {error}: {text[:1000]}")
            self.wire.cut()

    def _frame(self, text: str, frame: Json) -> None:
        if "ev" in frame:
            recorder.frame(None, text)
            self.heard += 1
            self.order.event(frame)
            self._listener(frame)
            return
        demand(frame["re"] in self._open, "an answer to nothing", text)
        op, d, future = self._open.pop(frame["re"])
        recorder.frame(op, text)
        demand(("ok" in frame) != ("err" in frame), "either ok or err", text)
        if "ok" in frame:
            self._answer(op, d, frame["ok"])
            if not future.done():
                future.set_result(frame["ok"])
            return
        error = frame["err"]
        demand(isinstance(error["code"], str) and isinstance(error["detail"], str), "code and detail", text)
        if error["code"] in ("rate_limited", "unavailable"):
            demand(error.get("retry_after", -1) >= 0, "retry_after", text)
        errors = tuple(error.get("errors", ()))
        _fail(future, Refused(error["code"], error["detail"], retry_after=error.get("retry_after"), errors=errors))

    def _answer(self, op: str, d: Json, ok: Any) -> None:
        check_answer(op, d, ok)
        if op == "room.watch":
            self.order.left.discard(d["room"])  # seen again, without being in it
        if op != "hello":
            return
        self.session = ok
        for key in ("session", "node", "user", "epoch", "heartbeat", "limits", "features", "rooms", "rooms_next"):
            demand(key in ok, f"hello without {key}", sorted(ok))
        demand(ok["heartbeat"] == 25, "a heartbeat of 25 s", ok["heartbeat"])
        self.order.hello(ok, d.get("cursors") or {})
        if not self._deaf:
            self._listener({"ev": "hello", "d": ok})

    def _lost(self, closed: Closed) -> None:
        if not self.closed.done():
            self.closed.set_result(closed)
        for _, _, future in self._open.values():
            _fail(future, Closed(closed.code, closed.reason))
        self._open.clear()

    def cut(self) -> None:
        """End the connection without a word."""
        self.wire.cut()

    async def close(self) -> Closed:
        """Close in order and return how it was closed."""
        self.wire.close()
        try:
            async with asyncio.timeout(30):
                return await asyncio.shield(self.closed)
        except TimeoutError:
            self.cut()
            raise Violation("no answer to a close frame in 30 s") from None
