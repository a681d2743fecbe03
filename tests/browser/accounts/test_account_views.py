"""Every view around accounts: by the rules of axe, and within the window."""

import pytest

from tests.browser import views
from tests.browser.conftest import Come
from tests.browser.records import age, give_role
from tests.browser.test_accessibility import SIZES, findings
from tests.browser.test_layout import fits
from tests.postbox import Postbox
from tests.processes import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_views_of_accounts_are_accessible_and_fit(
    size: str, scheme: str, come: Come, server: ServerProcess, postbox: Postbox
) -> None:
    ana = await come(viewport=SIZES[size], color_scheme=scheme)

    async def look(view: str) -> None:
        assert await findings(ana.page) == [], view
        await fits(ana, view)

    await views.ways_in(ana, look)
    await ana.register("ana")
    await views.sections(ana, look)
    await views.second_steps(ana, postbox, look)
    await give_role(server, ana, "admin")
    await ana.page.reload()
    await ana.is_connected()
    ben = await come("ben")
    await views.moderation(ana, ben, look)
    await age(server, ana)
    await views.asked_who_it_is(ana, look)
