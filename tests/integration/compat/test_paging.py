"""Pages by number, of more than the store tells at once."""

from pathlib import Path

import pytest

from services.blog.paging import numbered
from services.errors import NotFound
from store.tables import POSTS, Post
from tests.application import running

POSTED = 1_005


async def test_totals_and_the_last_page_are_right_beyond_a_thousand(tmp_path: Path) -> None:
    rows = [
        Post(id=f"{n:04}", place="p", person="u", live="p", by="u", wide="all", paged="all", top=n, hot=n)
        for n in range(POSTED)
    ]
    async with running(tmp_path) as parley:
        for start in range(0, POSTED, 1_000):
            await parley.database.batch(POSTS, rows[start : start + 1_000])
        last = await numbered(parley.database, POSTS, {"paged": "all"}, "id", 101, 10)
        assert (last.meta.page, last.meta.pages, last.meta.total) == (101, 101, POSTED)
        assert [row.id for row in last.records] == ["0004", "0003", "0002", "0001", "0000"]
        with pytest.raises(NotFound):
            await numbered(parley.database, POSTS, {"paged": "all"}, "id", 102, 10)
