"""How long the page keeps its thread busy in one go."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

OBSERVE = """
window.__tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.__tasks.push(entry.duration);
}).observe({ type: "longtask", buffered: true });
"""
"""What a page tells of its own long tasks (50 ms and more): in time on the wall."""


@dataclass(frozen=True, slots=True)
class Longest:
    """The longest task of a page's main thread."""

    cpu_ms: float
    """What the page itself took: other programs of the machine do not count."""
    wall_ms: float
    """What the page saw, other programs included; 0 where it was less than 50."""


async def longest_task(browser: Browser, page: Page, act: Callable[[], Awaitable[None]]) -> Longest:
    """Return the longest task that something makes. ``OBSERVE`` has to be set up in the page."""
    await page.evaluate("window.__tasks.splice(0)")
    await browser.start_tracing(page=page, categories=["toplevel"])
    await act()
    events: list[dict[str, Any]] = json.loads(await browser.stop_tracing())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [event["tdur"] for event in events if "tdur" in event and (event["pid"], event["tid"]) in mains]
    assert tasks, "the trace is empty"
    seen: list[float] = await page.evaluate("window.__tasks.splice(0)")
    return Longest(max(tasks) / 1000, max(seen, default=0.0))
