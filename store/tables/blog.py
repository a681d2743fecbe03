"""What the wire of the older blog needs beside what there is: whole numbers for ids, and whom it has made."""

from typing import Any

from store.database import Index, Record, Table


class Number(Record, kw_only=True):
    """One direction of a number: ``user:17`` names an id, ``user=<id>`` names the number. Both are made together."""

    target: str


class Tally(Record, kw_only=True):
    """The last number that was given to something of a kind; its id is the kind."""

    last: int


class Blogger(Record, kw_only=True, omit_defaults=True):
    """Somebody as the blog knows them; its id is the user's."""

    address: str | None = None
    """The e-mail address that the blog knows them by, folded: unique there, whoever has proved it elsewhere."""
    from_oauth: bool = False
    image: str = "default.jpg"


NUMBERS = Table("numbers", Number)
TALLIES = Table("tallies", Tally)
BLOGGERS = Table("bloggers", Blogger, (Index(("address",), unique=True),))

BLOG_TABLES: tuple[Table[Any], ...] = (NUMBERS, TALLIES, BLOGGERS)
