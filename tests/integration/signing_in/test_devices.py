"""New devices: whose log-in its person is told of."""

import re

from tests.application import Parley
from tests.client.account import PASSWORD
from tests.people import Person
from tests.postbox import Postbox
from tests.proofs import ask, code_to, verified

ABOUT = "new device"


async def log_in(parley: Parley, person: Person, agent: str) -> None:
    body = {"login": person.account.username, "password": PASSWORD}
    answer = await parley.site.rest.request("POST", "/api/auth/login", body, headers={"User-Agent": agent})
    assert answer.status == 200


def told(postbox: Postbox, email: str) -> list[str]:
    """Return the letters about new devices that have come."""
    return [letter.text for letter in postbox.letters_to(email) if ABOUT in letter.subject]


async def test_log_in_by_a_program_that_is_new_is_told_by_mail(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    await log_in(posting, ann, "Netscape/4.8 (Windows)")
    letter = await postbox.letter_to(email, about=ABOUT)
    assert "Netscape" in letter.text
    assert "127.0.0.1" in letter.text


async def test_program_that_is_known_is_told_of_no_more_whatever_its_version(posting: Parley, postbox: Postbox) -> None:
    ann, email = await verified(posting)
    for agent in ("Netscape/4.8", "Netscape/4.8", "Netscape/5.0", "Mosaic/1.0"):
        await log_in(posting, ann, agent)
    await postbox.letter_to(email, 2, about=ABOUT)
    await posting.without_jobs()
    programs = [re.findall("Netscape|Mosaic", text) for text in told(postbox, email)]
    assert sorted(programs) == [["Mosaic"], ["Netscape"]]


async def test_nobody_is_written_to_at_an_address_that_is_not_proved(posting: Parley, postbox: Postbox) -> None:
    (ann,) = await posting.people("ann")
    await log_in(posting, ann, "Netscape/4.8")
    await posting.without_jobs()
    assert told(postbox, f"{ann.account.username}@example.org") == []


async def test_nobody_is_told_of_their_first_device(posting: Parley, postbox: Postbox) -> None:
    ticket = (await ask(posting, "signup", username="bea", email="bea@example.org")).ok()["ticket"]
    code = await code_to(postbox, "bea@example.org", 1, "Your code to sign up")
    (await ask(posting, "signup/finish", ticket=ticket, code=code)).ok()
    await posting.without_jobs()
    assert told(postbox, "bea@example.org") == []
