"""The least that media of a call needs on this machine just now: what the page's own way is measured against."""

import time
from typing import Any

from playwright.async_api import Browser, Page

from tests.browser.calls.calling import LATE_S, WATCH_MEDIA

_BARE = """
async ({ iceServers, others, lateMs }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const shown = [];
  for (let n = 0; n < others; n++) {
    const pair = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" }));
    const [one, two] = pair;
    for (const [from, to] of [[one, two], [two, one]]) {
      const video = document.body.appendChild(document.createElement("video"));
      Object.assign(video, { muted: true, autoplay: true });
      from.addEventListener("icecandidate", ({ candidate }) => candidate && to.addIceCandidate(candidate));
      to.addEventListener("track", ({ track, streams }) => track.kind === "video" && (video.srcObject = streams[0]));
      shown.push(new Promise((resolve) => video.requestVideoFrameCallback(resolve)));
    }
    for (const end of pair) for (const track of stream.getTracks()) end.addTrack(track, stream);
    const offer = await one.createOffer();
    await two.setRemoteDescription(offer);
    await one.setLocalDescription(offer);
    await two.setLocalDescription();
    await one.setRemoteDescription(two.localDescription);
  }
  const late = new Promise((resolve) => setTimeout(resolve, lateMs));
  await Promise.race([Promise.all(shown), late]);
}
"""
"""Both ends of each connection are here: between two pages there would be the same work, on two pages' hands."""


class Bare:
    """A page without a program of ours: it loads, asks for its devices, and connects to itself by relays alone."""

    def __init__(self, page: Page, url: str, servers: list[dict[str, Any]]) -> None:
        self._page = page
        self._url = url
        self._servers = servers

    @classmethod
    async def come(cls, browser: Browser, url: str, servers: list[dict[str, Any]]) -> "Bare":
        """Open it, at an address of the server's for the sake of the devices."""
        context = await browser.new_context()
        await context.add_init_script(WATCH_MEDIA)
        await context.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page = await context.new_page()
        await page.goto(url)
        return cls(page, url, servers)

    async def takes(self, others: int) -> float:
        """Return the seconds from a reload to a picture by each of so many connections, both ways.

        It looks no longer than ``LATE_S``: one of them in a great while brings none, with nothing of ours on the page.
        """
        start = time.monotonic()
        await self._page.reload(wait_until="commit")
        given = {"iceServers": self._servers, "others": others, "lateMs": LATE_S * 1000}
        await self._page.evaluate(_BARE, given)
        took = time.monotonic() - start
        await self._page.goto("about:blank")
        await self._page.goto(self._url)
        return took

    async def close(self) -> None:
        """Close it."""
        await self._page.context.close()
