"""Ending a node: nobody new comes in, what is under way is finished, and all are sent elsewhere, never all at once."""

import asyncio
import logging
import math
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from services.application import Application
from services.loop import tasks
from store.errors import StoreError
from ws.door import Door
from ws.sessions.session import Session
from ws.wire.codes import CloseCode

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)

NOTICE_S = 1.5
"""Time for a load balancer to see that the node is no longer ready, while everything else is answered as ever: twice
what that of ``deploy/`` takes, which asks every half second, and again after a quarter where the answer is no."""

LINGER_S = 0.1
"""Time for requests that were on their way when the listener closed: they are read, and then waited for."""

PER_S = 180
"""Sessions sent away in a second: the other nodes take them in, each with its rooms and what it missed. With what the
machine adds by its moods it stays under 200."""

WINDOW_S = 5.6
"""Longest until the last session is told to go; over ``PER_S * WINDOW_S`` of them it is more than ``PER_S``."""

SPREAD_S = 1.0
"""Longest spread of a goaway, and so about the longest silence of a client that only begins to wait at its close."""

GRACE_S = 0.25
"""Time between the end of a session's spread and the close, for a client that is just leaving by itself."""

TURN_S = 0.05
"""Pause between two looks at whose turn it is."""

ANSWER_S = 6.0
"""Longest that requests of HTTP are waited for, once no new ones come. An operation takes 5 s at most; whoever is still
sending what they ask by then is cut off."""

FINISH_S = 11.0
"""Longest that people are waited for; then what is there is closed. 1,000 clients are gone after 9.7 s, even deaf."""

WRITES_S = 2.0
"""Longest that writes are waited for afterwards: whoever asked for one was told 503 when it was late. Meanwhile the
last sockets are closed."""

EXIT_S = 14.0
"""Time after which the process ends whatever hangs, a driver that closes for one: who stops nodes kills them after 15 s
or more."""


class Ending:
    """The end of the process, asked for by SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._asked.set)

    async def asked(self) -> None:
        """Return at the first signal. From then on a second one ends the process at once, and ``EXIT_S`` in any case.

        Ended so, a node leaves behind what one does that was killed: nothing that was acknowledged is lost.
        """
        await self._asked.wait()
        for number in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        log.info("draining")
        # A thread: what hangs may be the loop itself, or the wait for a thread of the database after its end.
        last = threading.Timer(EXIT_S, _exit)
        last.daemon = True
        last.start()


def _exit() -> None:
    log.critical("something hangs: the process ends without it")
    os._exit(0)


class Entrance(Protocol):
    """The other door, of HTTP."""

    def last_requests(self) -> None:
        """Answer requests still, and end each connection with its next answer."""

    def shut(self) -> None:
        """Take no new connection."""

    def answered(self) -> Coroutine[Any, Any, None]:
        """Return when no request is being answered."""


class Drain:
    """The end of one node."""

    def __init__(self, application: Application, door: Door, entrance: Entrance, balanced: Callable[[], bool]) -> None:
        """``balanced`` tells whether a load balancer asks from time to time if the node is ready."""
        self._application = application
        self._door = door
        self._entrance = entrance
        self._balanced = balanced

    async def run(self) -> None:
        """Finish what is under way and send everybody away, within ``FINISH_S``, ``WRITES_S`` and the time of closing.

        What hangs longer is given up: then only the store knows what became of it.
        """
        self._door.draining = True
        self._entrance.last_requests()
        # Jobs are for all nodes: what this one has not begun another does.
        both = self._finish(), self._application.jobs.close()
        await asyncio.gather(*(self._within(FINISH_S, work) for work in both))
        self._door.close_all()
        await self._within(WRITES_S, self._decide())
        if self._door.sockets:
            await self._door.empty.wait()  # It ends by itself: every outbox cuts its socket off after 2 s.
        await tasks.end(*self._door.tasks)
        await self._application.lanes.stop()
        self._application.counts.close()
        self._application.reads.close()

    async def _within(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        """Do work that may be given up."""
        try:
            async with asyncio.timeout(seconds):
                await work
        except (TimeoutError, StoreError) as error:
            said = {"sockets": self._door.sockets, "operations": self._application.underway.count}
            log.warning("draining took too long", extra={**said, "cause": type(error).__name__})

    async def _finish(self) -> None:
        """Send everybody away, and let everybody have their answers."""
        # Even without a balancer one turn of the loop: for sockets whose handshake was answered just now.
        await asyncio.sleep(NOTICE_S if self._balanced() else 0)
        self._entrance.shut()
        await asyncio.sleep(LINGER_S)
        await self._send_away()
        await self._within(ANSWER_S, self._entrance.answered())
        # Those too whose caller has left, or whose socket has ended.
        await self._application.underway.none()

    async def _decide(self) -> None:
        """Write what was taken to be written."""
        await self._application.lanes.close()
        await self._application.marks.flush()

    async def _send_away(self) -> None:
        """Tell one session after the other to go, and close each that is still there when its time is over."""
        clock = asyncio.get_running_loop().time
        leaving: set[asyncio.Task[None]] = set()
        told: deque[tuple[float, Session]] = deque()
        untold = deque(self._door.sessions)
        pace = max(PER_S, len(untold) / WINDOW_S)
        spread = min(SPREAD_S, len(untold) / pace)
        # Of a turn, not of the time that has passed: a loop that was held up must not make up for it.
        in_turn = math.ceil(pace * TURN_S)
        try:
            while untold or told:
                now = clock()
                for session in [untold.popleft() for _ in range(min(in_turn, len(untold)))]:
                    if not session.gone:
                        session.go_away(round(spread * 1000))
                        told.append((now + spread + GRACE_S, session))
                closed = 0
                while told and closed < in_turn and (told[0][1].gone or told[0][0] <= now):
                    _, session = told.popleft()
                    if not session.gone:
                        leaving.add(asyncio.create_task(session.leave(CloseCode.GOING_AWAY, "this node is going away")))
                        closed += 1
                await asyncio.sleep(TURN_S)
            if leaving:
                await asyncio.wait(leaving)
        finally:
            await tasks.end(*leaving)
