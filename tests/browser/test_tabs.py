"""What tabs tell each other is believed where it has its form, and nothing that another window says."""

import pytest

from tests.browser.conftest import Come

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAY = """
async () => {
  const open = indexedDB.open("parley");
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const all = database.transaction("account").objectStore("account").getAll();
  const kept = await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); });
  database.close();
  const user = kept.find((entry) => entry.username).id;
  const told = [
    null, 5, "account", [], {}, { kind: "account" }, { kind: "account", user: 5 }, { kind: "gone", user },
    { kind: "token", user, token: 7, endsAt: "soon" }, { kind: "token", user }, { kind: "token", token: "x" },
    { kind: "read", user }, { kind: "read", user, room: {}, seq: "1" }, { kind: "status", user, status: "<b>" },
    { kind: "constructor", user }, { kind: "outbox" },
  ];
  const channel = new BroadcastChannel("parley");
  for (const said of told) channel.postMessage(said);
  for (const said of [...told, { kind: "account", user: null }]) window.postMessage(said, "*");
  channel.close();
  return user.length;
}
"""


async def test_words_without_their_form_change_nothing(come: Come) -> None:
    ana = await come("ana")
    await ana.create_room("Harbour")
    tab = await ana.second_tab()
    assert await ana.page.evaluate(SAY) > 10
    for one, text in ((ana, "from the first tab"), (tab, "from the second")):
        await one.is_connected()
        await one.open("Harbour")
        await one.say(text)
    await ana.sees("from the first tab", "from the second")
    await tab.sees("from the first tab", "from the second")


async def test_word_of_a_tab_that_somebody_logged_out_is_believed(come: Come) -> None:
    """So what the other test says would be heard."""
    ana = await come("ana")
    await ana.page.evaluate("() => new BroadcastChannel('parley').postMessage({ kind: 'account', user: null })")
    await ana.page.get_by_role("button", name="Log in").first.wait_for()
