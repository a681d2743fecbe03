"""People in front of the page who call each other: what they click, and what their browsers say of the media."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, Locator, expect

from tests.browser.person import Person
from tests.client.account import Account

MEDIA_FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-accelerated-video-decode",
    "--disable-accelerated-video-encode",
]
"""A microphone that beeps and a camera with a clock in it, which the page may use unasked. Pictures are coded without
the process for graphics: there are none here that could help."""

WATCH_MEDIA = """
window.__connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    window.__connections.push(this);
  }
};
// Twelve pictures are encoded and decoded here at once: small ones will do.
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
const SMALL = { width: 160, height: 120, frameRate: 8 };
navigator.mediaDevices.getUserMedia = (what) => ask({ ...what, video: what.video ? SMALL : false });
"""
"""Run before the page's own programs: keeps the page's connections, to be asked for their numbers."""

_LOOK = """
async () => {
  const flows = new Map();
  for (const connection of window.__connections) {
    if (connection.connectionState === "closed") continue;
    const stats = await connection.getStats();
    const all = [...stats.values()];
    const coming = (kind) => all.filter((one) => one.type === "inbound-rtp" && one.kind === kind);
    const packets = coming("audio").reduce((sum, { packetsReceived }) => sum + packetsReceived, 0);
    const pairs = all.filter(({ type }) => type === "transport").map((one) => stats.get(one.selectedCandidatePairId));
    const kinds = pairs.map((pair) => stats.get(pair?.localCandidateId)?.candidateType ?? "none");
    for (const { trackIdentifier, framesDecoded } of coming("video"))
      flows.set(trackIdentifier, { frames: framesDecoded ?? 0, packets, kinds });
  }
  const tiles = {};
  for (const tile of document.querySelectorAll("[data-leg]:not([data-own])")) {
    const video = tile.querySelector("video");
    const track = video.srcObject?.getVideoTracks()[0]?.id ?? "";
    const isShown = !video.hidden && !video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    tiles[tile.dataset.leg] = { track, isShown, ...(flows.get(track) ?? { frames: 0, packets: 0, kinds: [] }) };
  }
  return { own: document.querySelector("[data-own]")?.dataset.leg ?? "", tiles };
}
"""

POLL_S = 0.2
LATE_S = 40.0
"""When a test gives up waiting for what it measures; what is measured is judged by itself."""


@dataclass(frozen=True)
class Flow:
    """What has come in for one tile by now."""

    track: str
    isShown: bool  # noqa: N815  as the page names it
    frames: int
    """Pictures that were decoded."""
    packets: int
    """Of sound."""
    kinds: list[str]
    """What the local end of each way in use is: ``host``, ``srflx``, ``prflx`` or ``relay``."""

    def rises(self, before: "Flow | None") -> bool:
        """Tell whether pictures and sound have come in since, and the picture is shown."""
        old = before if before is not None and before.track == self.track else None
        frames, packets = (old.frames, old.packets) if old else (0, 0)
        return self.isShown and self.frames > frames and self.packets > packets


@dataclass
class View:
    """A page's own leg, and the tiles of the others by their legs."""

    own: str
    tiles: dict[str, Flow] = field(default_factory=dict)


@dataclass
class Caller:
    """Somebody with an account and a page."""

    account: Account
    person: Person

    @classmethod
    async def come(cls, browser: Browser, url: str, account: Account) -> Self:
        """Open the page in a context of its own, and log in."""
        person = await Person.come(browser, url, viewport={"width": 900, "height": 700})
        await person.context.add_init_script(WATCH_MEDIA)
        await person.page.goto(url)
        await person.log_in(account.username, account.password)
        return cls(account, person)

    async def look(self) -> View:
        """Return what the page shows, and what has come in for it."""
        given: dict[str, Any] = await self.person.page.evaluate(_LOOK)
        return View(given["own"], {leg: Flow(**flow) for leg, flow in given["tiles"].items()})

    async def calls(self) -> list[dict[str, Any]]:
        """Return the calls that they are in or are rung for, as the server says."""
        return list((await self.account.get("calls"))["items"])

    # What they click

    @property
    def ring(self) -> Locator:
        """The card of a call that rings."""
        return self.person.page.get_by_role("alertdialog", name="Incoming call")

    @property
    def call(self) -> Locator:
        """The call that they are in."""
        return self.person.page.get_by_role("region", name="Call", exact=True)

    @property
    def title(self) -> Locator:
        """How the call that they are in is, in words."""
        return self.call.get_by_role("heading")

    @property
    def join_button(self) -> Locator:
        """What leads into the call of the room that is open."""
        return self.person.page.get_by_role("button", name=re.compile("^Join call"))

    async def open(self, room: str) -> None:
        """Open a room by its address."""
        await self.person.page.goto(f"{self.person.url}/#/r/{room}")
        await expect(self.person.composer).to_be_visible()

    async def start(self, room: str) -> None:
        """Begin a video call in a room; in one of several nobody is rung."""
        await self.open(room)
        await self.person.page.get_by_role("button", name="Video call", exact=True).click()
        await expect(self.call.or_(self.person.page.get_by_role("dialog"))).to_be_visible()
        if not await self.call.is_visible():
            await self.person.page.get_by_role("button", name="Start without ringing").click()
        await expect(self.call).to_be_visible()

    async def join(self, room: str) -> None:
        """Come into the call of a room."""
        await self.open(room)
        await self.join_button.click()
        await expect(self.call).to_be_visible()

    async def accept(self) -> None:
        """Answer what rings, with pictures."""
        await self.ring.get_by_role("button", name="Accept with video").click()

    async def hang_up(self) -> None:
        """Leave the call."""
        await self.call.get_by_role("button", name="Hang up").click()
        await expect(self.call).to_have_count(0)


async def look_at(callers: Sequence[Caller]) -> list[View]:
    """Look at all pages at once."""
    return list(await asyncio.gather(*(caller.look() for caller in callers)))


async def flows(callers: Sequence[Caller], *, gone: str = "") -> float:
    """Wait until pictures and sound come in for every tile of every page, and there is a tile for each of the others.

    ``gone``: a leg that must not be seen any more. Returns the seconds that it took.
    """
    start = time.monotonic()
    before = await look_at(callers)
    while True:
        views = await look_at(callers)
        owns = {view.own for view in views}
        if (
            len(owns) == len(views)
            and not owns & {"", gone}
            and all(map(_complete, views, before, [owns] * len(views)))
        ):
            return time.monotonic() - start
        if time.monotonic() - start > LATE_S:
            raise AssertionError(f"before: {before}\nnow: {views}\nthe server says: {await callers[0].calls()}")
        await asyncio.sleep(POLL_S)


def _complete(view: View, before: View, owns: set[str]) -> bool:
    tiles = view.tiles
    return set(tiles) == owns - {view.own} and all(flow.rises(before.tiles.get(leg)) for leg, flow in tiles.items())


def kinds(views: Sequence[View]) -> set[str]:
    """Return what the local ends of all ways in use are."""
    return {kind for view in views for flow in view.tiles.values() for kind in (flow.kinds or ["none"])}


class Standstill:
    """Looks at pages all the while, and keeps the longest time for which any tile that was there stood still.

    ``but``: the leg of somebody whose tile is to stand still.
    """

    def __init__(self, callers: Sequence[Caller], *, but: str = "") -> None:
        self.longest_s = 0.0
        self._but = but
        self._callers = callers
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[tuple[int, str], tuple[float, Flow]] = {}

    async def __aenter__(self) -> Self:
        self._note(await look_at(self._callers))
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if error is None and not self._task.cancelled():
            self._task.result()
        now = time.monotonic()
        self.longest_s = max([self.longest_s, *(now - since for since, _ in self._seen.values())])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            self._note(await look_at(self._callers))

    def _note(self, views: list[View]) -> None:
        now = time.monotonic()
        for page, view in enumerate(views):
            for leg, flow in view.tiles.items():
                since, before = self._seen.get((page, leg), (now, None))
                if leg != self._but and (before is None or flow.rises(before)):
                    self.longest_s = max(self.longest_s, now - since)
                    self._seen[page, leg] = now, flow
