import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.conftest import Come
from tests.peers import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_people_talk(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.say("Is the boat ready?")
    await ben.sees("Is the boat ready?")
    await ben.say("Nearly. The sail is dry.")
    await ana.sees("Is the boat ready?", "Nearly. The sail is dry.")
    await expect(ana.message("Nearly")).to_contain_text(ben.name)


async def test_writing_is_seen_by_the_others(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.composer.press_sequentially("I think")
    await expect(ana.page.get_by_text(f"{ben.name} is typing…")).to_be_visible()
    await expect(ben.page.get_by_text("is typing…")).to_have_count(0)
    await ben.composer.press("Enter")
    await ana.sees("I think")
    await expect(ana.page.get_by_text("is typing…")).to_have_count(0)


async def test_edits_reactions_replies_and_deletions_are_seen_by_the_others(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.say("We sail at noon")
    await ben.sees("We sail at noon")

    await ana.composer.press("ArrowUp")
    await expect(ana.composer).to_have_value("We sail at noon")
    await ana.say("We sail at one")
    await ben.sees("We sail at one")
    await expect(ben.message("We sail at one")).to_contain_text("edited")

    await ben.act("We sail at one", "React with thumbs up")
    reaction = ana.message("We sail at one").get_by_role("button", name="👍, 1")
    await expect(reaction).to_be_visible()
    await reaction.click()
    both = ben.message("We sail at one").get_by_role("button", name="👍, 2, including you")
    await expect(both).to_have_attribute("aria-pressed", "true")
    await both.click()
    await expect(ana.message("We sail at one").get_by_role("button", name="👍, 1, including you")).to_be_visible()

    await ben.act("We sail at one", "Reply")
    await ben.say("I shall be there")
    await expect(ana.message("I shall be there").locator(".quote")).to_contain_text("We sail at one")

    await ana.act("We sail at one", "Delete…")
    await ana.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await ben.sees("Message deleted", "I shall be there")
    await expect(ben.message("I shall be there").locator(".quote")).to_contain_text("Message deleted")


async def test_unread_messages_are_counted_and_marked_until_they_are_read(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.say("Here I am")
    await ana.sees("Here I am")
    await ana.create_room("Elsewhere")
    for text in ("one", "two", "three"):
        await ben.say(text)
    badge = ana.room("Harbour").locator(".badge")
    await expect(badge).to_contain_text("3")
    await expect(ana.page).to_have_title(re.compile(r"^\(3\) Elsewhere . Parley$"))
    await expect(ana.room("Harbour")).to_contain_text(f"{ben.name}: three")
    await expect(ana.page.locator(".rooms a").first).to_contain_text("Harbour")

    await ana.open("Harbour")
    await ana.sees("Here I am", "one", "two", "three")
    await expect(ana.message("one").locator(".unread-line")).to_be_visible()
    await expect(badge).to_have_count(0)
    await ana.page.reload()
    await ana.sees("Here I am", "one", "two", "three")
    await expect(ana.page.locator(".unread-line")).to_have_count(0)


async def test_message_that_overtakes_the_count_of_what_is_unread_is_counted(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(socket: WebSocketRoute) -> None:
        def pass_on(frame: str | bytes) -> None:
            if str(frame).startswith('{"re":') and '"ok":{"read":' in str(frame):
                held.append((socket, frame))
            else:
                socket.send(frame)

        socket.connect_to_server().on_message(pass_on)

    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.page.route_web_socket("**/ws", hold)
    await ana.page.reload()
    await ana.is_connected()
    await ben.say("Here I am")
    await ana.sees("Here I am")
    await until(lambda: held)
    await ana.create_room("Elsewhere")
    await ben.say("one")
    badge = ana.room("Harbour").locator(".badge")
    await expect(badge).to_contain_text("1")
    while held:
        held[0][0].send(held.pop(0)[1])
    await ana.say("what was held has come")
    await ana.sees("what was held has come")
    await expect(badge).to_contain_text("1")


async def test_a_direct_conversation_starts_from_a_message_and_says_what_was_seen(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ben.say("Anybody here?")
    await ana.message("Anybody here?").get_by_role("button", name=ben.name).click()
    await expect(ana.page.get_by_role("heading", level=1, name=ben.name)).to_be_visible()
    await ana.say("Just between us")
    await expect(ana.message("Just between us").get_by_text("Sent", exact=True)).to_be_attached()
    await ben.open(ana.name)
    await ben.sees("Just between us")
    await expect(ana.message("Just between us").get_by_text("Seen", exact=True)).to_be_attached()


async def test_people_are_found_by_name_among_the_members_of_my_rooms(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.choose("Message somebody")
    await ana.page.get_by_label("Name or user id").fill(ben.name[:4])
    await ana.page.get_by_role("button", name=f"Message {ben.name}").click()
    await expect(ana.page.get_by_role("heading", level=1, name=ben.name)).to_be_visible()
    await ana.say("Found you")
    await ben.open(ana.name)
    await ben.sees("Found you")


async def test_members_are_added_given_roles_and_removed(come: Come) -> None:
    ana, ben, cleo = await come("ana"), await come("ben"), await come("cleo")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await cleo.join("Harbour")
    members = ana.page.get_by_role("complementary", name="Members")
    await expect(members.get_by_role("listitem")).to_have_count(3)

    await members.get_by_role("button", name=f"Actions for {ben.name}").click()
    await ana.page.get_by_role("menuitem", name="Make moderator").click()
    await expect(members.get_by_role("listitem").filter(has_text=ben.name)).to_contain_text("Moderator")
    await expect(ben.page.get_by_text(f"{ana.name} made {ben.name} a moderator")).to_be_visible()

    theirs = ben.page.get_by_role("complementary", name="Members")
    await theirs.get_by_role("button", name=f"Actions for {cleo.name}").click()
    await ben.page.get_by_role("menuitem", name="Remove from room…").click()
    await ben.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(cleo.page.get_by_text("You were removed from Harbour.")).to_be_visible()
    await expect(cleo.room("Harbour")).to_have_count(0)
    await expect(members.get_by_role("listitem")).to_have_count(2)

    await members.get_by_role("button", name=f"Actions for {ben.name}").click()
    await ana.page.get_by_role("menuitem", name="Make owner…").click()
    await ana.page.get_by_role("dialog").get_by_role("button", name="Hand over").click()
    await expect(members.get_by_role("listitem").filter(has_text=ben.name)).to_contain_text("Owner")
    await expect(members.get_by_role("listitem").filter(has_text=ana.name)).to_contain_text("Moderator")


async def test_a_room_is_renamed_left_and_deleted(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.page.get_by_role("button", name="Room actions").click()
    await ana.page.get_by_role("menuitem", name="Room details…").click()
    await ana.page.get_by_role("dialog").get_by_label("Name").fill("Marina")
    await ana.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(ben.page.get_by_role("heading", level=1, name="Marina")).to_be_visible()
    await expect(ben.room("Marina")).to_be_visible()

    await ben.page.get_by_role("button", name="Room actions").click()
    await ben.page.get_by_role("menuitem", name="Leave room…").click()
    await ben.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    await expect(ben.room("Marina")).to_have_count(0)
    await expect(ana.page.get_by_text(f"{ben.name} left")).to_be_visible()

    await ben.join("Marina")
    await ana.page.get_by_role("button", name="Room actions").click()
    await ana.page.get_by_role("menuitem", name="Delete room…").click()
    await ana.page.get_by_role("dialog").get_by_role("button", name="Delete room").click()
    await expect(ben.page.get_by_text("Marina was deleted.")).to_be_visible()
    await expect(ana.room("Marina")).to_have_count(0)


async def test_people_are_added_to_a_private_room(come: Come) -> None:
    ana, ben = await come("ana"), await come("ben")
    await ana.create_room("Harbour")
    await ben.join("Harbour")
    await ana.create_room("Crew", kind="Private")
    await ana.page.get_by_role("button", name="Add people").click()
    await ana.page.get_by_role("button", name=f"Add {ben.name}").click()
    await ben.open("Crew")
    await ben.say("Thanks!")
    await ana.sees("Thanks!")
