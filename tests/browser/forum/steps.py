"""What people do in topics, on the page."""

from playwright.async_api import Locator, expect

from tests.browser.person import Person


def posts(person: Person) -> Locator:
    """Return the posts in the list that somebody looks at."""
    return person.page.locator("ol.cards > li")


def card(person: Person, title: str) -> Locator:
    """Return a post in a list, by its title."""
    return posts(person).filter(has=person.page.get_by_role("heading", name=title))


def comments(person: Person) -> Locator:
    """Return the comments that somebody sees."""
    return person.page.locator("ol.thread > li.comment")


def comment(person: Person, text: str) -> Locator:
    """Return a comment, by what it says."""
    return comments(person).filter(has=person.page.locator(".text", has_text=text))


def score(thing: Locator) -> Locator:
    """Return the score of a post or a comment."""
    return thing.locator(".score")


async def go(person: Person, address: str) -> None:
    """Go to an address of the page, such as ``#/feed``."""
    await person.page.evaluate("(address) => { location.hash = address; }", address)


async def make_topic(person: Person, title: str, *, tags: str = "", open_: bool = True) -> str:
    """Make a topic, and return its id; its maker looks at it."""
    page = person.page
    await go(person, "#/topics")
    await page.get_by_role("button", name="New topic").click()
    dialog = page.get_by_role("dialog", name="New topic")
    await dialog.get_by_label("Title").fill(title)
    await dialog.get_by_label("Tags").fill(tags)
    await dialog.get_by_label("Open: everybody").set_checked(open_)
    await dialog.get_by_role("button", name="Create topic").click()
    await is_at(person, title)
    return page.url.rpartition("#/t/")[2]


async def is_at(person: Person, title: str) -> None:
    """Wait until a topic, a post or another view of that title is open."""
    await expect(person.page.locator(".view h1")).to_have_text(title)


async def post(
    person: Person, title: str, text: str = "Who knows?", *, tags: str = "", hidden: bool | None = None
) -> str:
    """Post where somebody is, and return the id of the post, which they see then."""
    page = person.page
    await page.locator(".view").get_by_role("button", name="Post", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="New post")
    await dialog.get_by_label("Title").fill(title)
    await dialog.get_by_label("Text").fill(text)
    await dialog.get_by_label("Tags").fill(tags)
    if hidden is not None:
        await dialog.get_by_label("Post under another name").set_checked(hidden)
    await dialog.get_by_role("button", name="Post", exact=True).click()
    await is_at(person, title)
    return page.url.rpartition("#/p/")[2]


async def say(person: Person, text: str) -> None:
    """Comment on the post that somebody sees, and wait until it stands there."""
    await person.page.get_by_label("Write a comment").fill(text)
    await person.page.get_by_role("button", name="Comment", exact=True).click()
    await expect(comment(person, text)).to_be_visible()


async def answer(person: Person, text: str, words: str) -> None:
    """Answer a comment."""
    await comment(person, text).get_by_role("button", name="Reply").click()
    form = person.page.locator("li.answering")
    await form.get_by_role("textbox").fill(words)
    await form.get_by_role("button", name="Comment", exact=True).click()
    await expect(comment(person, words)).to_be_visible()


async def act(thing: Locator, menu: str, choice: str) -> None:
    """Choose from the menu of a post, a comment, or what else is open."""
    await thing.get_by_role("button", name=menu).click()
    await thing.page.get_by_role("menuitem", name=choice).click()
