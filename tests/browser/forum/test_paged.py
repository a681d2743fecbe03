"""Lists that are fetched page by page, while several things are asked of them at once."""

from typing import Any

import pytest

from tests.browser.conftest import Come
from tests.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = """
async (steps) => {
  const { Paged } = await import('/page/forum/people/list.js');
  const pages = { '': { items: ['a'], next: '1' }, 1: { items: ['b'], next: '2' }, 2: { items: ['c'], next: null } };
  const asked = [];
  const paged = new Paged({
    label: 'Letters',
    fetch: (cursor) => new Promise((resolve) => asked.push(() => resolve(structuredClone(pages[cursor ?? ''])))),
    draw: (item) => { const row = document.createElement('li'); row.textContent = item; return row; },
    none: 'There are none.',
  });
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  // An answer asks for the next page, or lets begin what waits.
  const answer = async () => { for (await settled(); asked.length; await settled()) asked.shift()(); };
  const acts = {
    load: () => { paged.load(); },
    refresh: () => { paged.refresh(); },
    more: () => paged.more.click(),
    answer,
    empty: () => { pages[''].items = []; },
  };
  for (const step of steps) await acts[step]();
  return [paged.rows.textContent, paged.state.textContent, paged.more.hidden];
}
"""
"""Do ``steps`` with a list of three pages, and give what it shows, what it says, and whether that is all."""


async def shown(person: Person, steps: str) -> Any:
    """Return what a list shows after ``steps``."""
    return await person.page.evaluate(LIST, steps.split())


@pytest.mark.parametrize(
    ("steps", "letters"),
    [
        ("load refresh answer more answer refresh answer", "ab"),
        ("load answer more refresh answer", "ab"),
        ("load answer refresh more answer", "ab"),
        ("load answer more more answer", "ab"),
        ("load answer more answer more answer refresh refresh answer", "abc"),
        ("load answer more answer refresh load answer", "a"),
    ],
)
async def test_nothing_that_was_asked_of_a_list_is_lost(steps: str, letters: str, come: Come) -> None:
    assert await shown(await come(), steps) == [letters, "", letters == "abc"]


async def test_a_page_of_nothing_with_more_behind_it_is_not_said_to_be_all(come: Come) -> None:
    ana = await come()
    assert await shown(ana, "empty load answer") == ["", "", False]
    assert await shown(ana, "empty load answer more answer") == ["b", "", False]
