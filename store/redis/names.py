"""What our channels and keys are called, so that several installations can share one Redis."""

import re


def prefix(namespace: str) -> str:
    """Return what all names of an installation begin with.

    It has no braces: in a cluster they would send all that is ours to one server.

    Raises:
        ValueError: If the namespace has more than letters, digits, dots, hyphens and underscores, or over 64 of them.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", namespace):
        raise ValueError(f"{namespace!r} is not 1 to 64 letters, digits, dots, hyphens or underscores")
    return f"parley:{namespace}:"
