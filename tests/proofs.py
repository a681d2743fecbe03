"""People with second factors: how tests set them up, and prove with them."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import pyotp
import pytest

from services import RECURRING
from services.accounts.second import proofs
from services.accounts.second.proofs import STEP_S
from services.ids import now_ms
from store.tables import ADDRESSES, JOBS, LOGINS, USERS, Address, Login, Preferences, User
from tests.application import Parley
from tests.authenticator import HONEST, Authenticator, Key, Lies
from tests.client.account import PASSWORD, Account
from tests.client.checks import Json
from tests.client.rest import Answer
from tests.client.site import Site
from tests.peers import until
from tests.people import Person
from tests.postbox import Letter, Postbox


class Reached(Protocol):
    """A node, in the process of the test or in its own."""

    @property
    def site(self) -> Site:
        """Its clients."""


class Steps:
    """The clock that authenticator apps go by: it stands in the middle of a step, and is moved by hand."""

    def __init__(self) -> None:
        self.step = now_ms() // 1000 // STEP_S

    def __call__(self) -> int:
        return (self.step * STEP_S + STEP_S // 2) * 1000


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The steps of authenticator apps, as the server sees them."""
    steps = Steps()
    monkeypatch.setattr(proofs, "now_ms", steps)
    return steps


@dataclass
class App:
    """An authenticator app with the secret of one account."""

    secret: str
    steps: Steps
    backup_codes: list[str]

    def code(self, ahead: int = 0) -> str:
        """Return the code of the present step, or of one beside it."""
        return str(pyotp.TOTP(self.secret).generate_otp(self.steps.step + ahead))

    def next(self) -> str:
        """Return a code that was not used: that of the next step, which is the present one from now on."""
        self.steps.step += 1
        return self.code()


async def ask(parley: Reached, what: str, **body: object) -> Answer:
    """Ask at a door that is open to all."""
    return await parley.site.rest.request("POST", f"/api/auth/{what}", body)


async def verified(parley: Parley, name: str = "ann") -> tuple[Person, str]:
    """Make somebody who has proved where their mail goes."""
    (person,) = await parley.people(name)
    email = f"{person.account.username}@example.org"
    await parley.database.insert(ADDRESSES, Address(id=email, user=person.id))
    await parley.database.update(USERS, person.id, {"email_verified": True})
    return person, email


async def user_of(parley: Parley, person: Person) -> User:
    """Return somebody's record."""
    user = await parley.database.get(USERS, person.id)
    assert user is not None
    return user


async def prefer_mail(parley: Parley, person: Person) -> None:
    """Have a code by mail asked for after the first proof."""
    await parley.database.update(USERS, person.id, {"preferences": Preferences(mail_second_step=True)})


async def without_password(parley: Parley, person: Person) -> None:
    """Take somebody's password away."""
    await parley.database.update(USERS, person.id, {"password": None})


async def totp_on(person: Person, steps: Steps) -> App:
    """Turn the authenticator app of somebody on."""
    begun = (await person.account.request("POST", "/api/auth/totp")).ok()
    app = App(begun["secret"], steps, [])
    done = await person.account.request("POST", "/api/auth/totp/finish", {"code": app.code()})
    app.backup_codes = done.ok()["backup_codes"]
    return app


async def passkey_on(parley: Parley, person: Person, name: str = "phone") -> tuple[Authenticator, Key]:
    """Make a passkey for somebody, on an authenticator of its own."""
    return await passkey_at(parley.application.url, person, name)


async def passkey_at(url: str, person: Person, name: str = "phone") -> tuple[Authenticator, Key]:
    """Make a passkey for somebody, on an authenticator whose browser shows a page of this address."""
    authenticator = Authenticator(url)
    asked = await to_make(person.account)
    credential = authenticator.create(asked["options"])
    answer = await add_passkey(person.account, asked, credential, name)
    assert (answer.status, answer.json["id"]) == (201, credential["id"]), answer
    return authenticator, authenticator.keys[-1]


async def to_use(parley: Reached) -> Json:
    """Return what a passkey is to be asked to log in with."""
    found: Json = (await ask(parley, "passkey/options")).ok()
    return found


async def to_make(account: Account) -> Json:
    """Return what an authenticator is to be asked for a new passkey."""
    found: Json = (await account.request("POST", "/api/auth/passkeys/options")).ok()
    return found


async def add_passkey(account: Account, asked: Json, credential: Json, name: str = "phone") -> Answer:
    """Hand over a passkey that was made."""
    body = {"ticket": asked["ticket"], "credential": credential, "name": name}
    return await account.request("POST", "/api/auth/passkeys", body)


async def use_passkey(parley: Parley, authenticator: Authenticator, lies: Lies = HONEST) -> Answer:
    """Log in by a passkey."""
    asked = await to_use(parley)
    credential = authenticator.get(asked["options"], lies)
    return await ask(parley, "passkey", ticket=asked["ticket"], credential=credential)


async def first_proof(parley: Reached, person: Person, password: str = PASSWORD, **more: object) -> Json:
    """Prove by the password; return the problem that asks for the second proof."""
    answer = await ask(parley, "login", login=person.account.username, password=password, **more)
    assert (answer.status, answer.code) == (401, "second_factor"), answer
    found: Json = answer.json
    return found


async def second_proof(parley: Reached, ticket: str, method: str, **proof: object) -> Answer:
    """Give the second proof."""
    return await ask(parley, "login/second", ticket=ticket, method=method, **proof)


async def another_session(parley: Parley, person: Person) -> Account:
    """Begin another session of somebody who needs one proof alone."""
    return await parley.site.log_in(person.account)


async def works(account: Account) -> bool:
    """Tell whether somebody's access token is good."""
    return (await account.request("GET", "/api/users/me")).status == 200


async def login_of(parley: Parley, answer: Answer) -> Login:
    """Return the record of the log-in that an answer began."""
    login = parley.application.tokens.read(answer.ok()["access_token"]).login
    found = await parley.database.get(LOGINS, login)
    assert found is not None
    return found


async def age(parley: Parley, account: Account, ms: int) -> None:
    """Have the latest proof of a session be so long ago."""
    login = parley.application.tokens.read(account.token).login
    await parley.database.update(LOGINS, login, {"confirmed_at": now_ms() - ms})


async def age_code(parley: Parley, person: Person, seconds: int) -> None:
    """Have the latest code by mail be sent so long ago."""
    await parley.database.update(USERS, person.id, {"code_sent_at": now_ms() - seconds * 1000})


async def code_to(postbox: Postbox, email: str, number: int = 1, subject: str = "Your code") -> str:
    """Wait for a letter with just this subject, the first or a later one, and return its code."""

    def found() -> list[Letter]:
        return [letter for letter in postbox.letters_to(email) if letter.subject == subject]

    await until(lambda: len(found()) >= number)
    return found()[number - 1].code


async def nothing_to_do(parley: Parley) -> None:
    """Wait until the letters of before are written and sent."""
    async with asyncio.timeout(10):
        while any(job.kind not in RECURRING for job in await parley.database.find(JOBS, {"state": "waiting"})):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def codes(*answers: Answer) -> list[str]:
    """Return what answers say, ``ok`` where they are no problem, in alphabetical order."""
    return sorted(answer.code or "ok" for answer in answers)
