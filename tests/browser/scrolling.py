"""Going through a conversation: to its newest message, and back to its first."""

from playwright.async_api import expect

from tests.browser.person import Person

READ_ALL = """
async () => {
  const found = new Map();
  const scroller = document.querySelector(".scroller");
  const state = document.querySelector(".scroller > .empty");
  for (let frame = 0; frame < 5000; frame++) {
    const drawn = new Map();
    for (const text of document.querySelectorAll("ol.messages > li[data-seq] .text")) {
      const seq = Number(text.closest("li").dataset.seq);
      drawn.set(seq, [...(drawn.get(seq) ?? []), text.textContent]);
    }
    for (const [seq, texts] of drawn) found.set(seq, texts);
    if (state.textContent.startsWith("This is where") && scroller.scrollTop === 0) break;
    scroller.scrollTop = Math.max(0, scroller.scrollTop - 600);
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  }
  return [...found].sort(([a], [b]) => a - b).flatMap(([, texts]) => texts);
}
"""

STILL = """
() => new Promise((still) => {
  const scroller = document.querySelector(".scroller");
  let last = "";
  let frames = 0;
  const look = () => {
    const now = `${scroller.scrollTop} of ${scroller.scrollHeight}`;
    frames = now === last ? frames + 1 : 0;
    last = now;
    if (frames < 10) requestAnimationFrame(look);
    else still();
  };
  look();
})
"""


async def read_all(person: Person) -> list[str]:
    """Scroll to the beginning of a conversation and return its texts, each as often as it is drawn."""
    texts: list[str] = await person.page.evaluate(READ_ALL)
    return texts


async def to_newest(person: Person, text: str) -> None:
    """Go to the newest message, wherever the room was opened."""
    await expect(person.texts).not_to_have_count(0)
    await person.page.evaluate(STILL)
    button = person.page.locator("button.newest")
    # Looked at and clicked in one: it goes by itself where the room comes down to its newest message.
    await button.evaluate("button => button.hidden || button.click()")
    await expect(person.texts.last).to_have_text(text)
    await expect(button).to_be_hidden()
    await person.page.evaluate(STILL)
