"""Nobody's mailbox is filled by accounts that claim its address."""

from pathlib import Path

from services.accounts.password.proving import prove_later
from services.operations.limits import MAIL_ACCOUNT_DAY
from store.tables import USERS
from tests.application import running
from tests.peers import until
from tests.postbox import Postbox
from tests.proofs import ask, nothing_to_do


async def test_address_that_many_accounts_claim_gets_no_more_letters_than_one_may_have(
    tmp_path: Path, postbox: Postbox
) -> None:
    email = "victim@example.org"
    async with running(tmp_path, smtp_url=postbox.url) as parley:
        names = [f"claims-{number}" for number in range(MAIL_ACCOUNT_DAY.burst + 3)]
        for name in names:
            (await ask(parley, "register", username=name, email="mine@example.org", password="four good words")).ok()
        await nothing_to_do(parley)
        parley.application.limits.on = True
        for name in names:
            (user,) = await parley.database.find(USERS, {"name_key": name}, limit=1)
            await parley.database.together([prove_later(user, email)])
        parley.application.jobs.wake()
        await until(lambda: len(postbox.letters_to(email)) >= MAIL_ACCOUNT_DAY.burst)
        await nothing_to_do(parley)
        assert len(postbox.letters_to(email)) == MAIL_ACCOUNT_DAY.burst
