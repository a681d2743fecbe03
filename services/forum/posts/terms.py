"""What a post is made of, as it comes from outside."""

from typing import Annotated

import msgspec

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern="\\S")]
PostText = Annotated[str, msgspec.Meta(max_length=10_000)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern="^[^\\s,#]+(?!\\s)$")]
Tags = Annotated[tuple[Tag, ...], msgspec.Meta(max_length=10)]
PictureAddress = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern="^https://[!-~]+(?![^!-~])$")]
PostId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return tags without those that differ from an earlier one in case alone."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(tag.casefold(), tag)
    return tuple(first.values())
