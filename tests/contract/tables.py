"""Tables that only the contract suite knows: each kind of field, and each kind of index."""

from typing import Any

import msgspec

from store.database import Index, Record, Table


class Inner(msgspec.Struct, tag="inner", tag_field="t", omit_defaults=True):
    """A structure within a record."""

    text: str = ""
    numbers: list[int] = msgspec.field(default_factory=list)
    deeper: "Inner | None" = None


class Thing(Record, kw_only=True, omit_defaults=True):
    """A record with a field of each kind."""

    group: str
    number: int
    serial: str | None = None
    rank: int | None = None
    label: str = "none"
    flag: bool = False
    total: int = 0
    least: int | None = None
    inner: Inner | None = None
    names: list[str] = msgspec.field(default_factory=list)
    anything: dict[str, Any] = msgspec.field(default_factory=dict)


class Text(Record, kw_only=True):
    """A record that is searched; it mentions its defaults."""

    title: str
    body: str | None = None
    shelf: str = "a"
    reads: int = 0


class Event(Record, kw_only=True, omit_defaults=True):
    """A record that the store's clock stamps."""

    source: str
    number: int


THINGS = Table(
    "things",
    Thing,
    (
        Index(("group", "number"), unique=True),
        Index(("serial",), unique=True),
        Index(("group", "rank")),
        Index(("group", "label", "rank")),
        Index(("flag", "label")),
        Index(("group", "id")),
        Index(("total",)),
    ),
)
TEXTS = Table("texts", Text, (Index(("shelf", "title")),), words=("title", "body"))
EVENTS = Table("events", Event, (Index(("source", "number"), unique=True),), clock=True)
BARE = Table("bare", Thing)

TABLES: tuple[Table[Any], ...] = (THINGS, TEXTS, EVENTS, BARE)


def thing(number: int, group: str = "g", **fields: Any) -> Thing:
    """Return a thing with an id made of its group and number."""
    values: dict[str, Any] = {"id": f"{group}-{number:04}", "group": group, "number": number}
    return Thing(**values | fields)
