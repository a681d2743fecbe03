"""Entries of streams for tests of what is below the operations."""

from services.streams.append import item_entry
from store.tables import Entry, Person, Text


def text_entry(stream: str, author: str, username: str, cid: str, body: Text, digest: str) -> Entry:
    """Return a new message; its rev and seq are given by the lane."""
    return item_entry(stream, "text", body, Person(author, username), cid=cid, digest=digest)
