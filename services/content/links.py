"""Links in a text."""

import re
from typing import Final

_ENDINGS: Final = (
    "app biz br ca cc co com de dev edu es eu fr gg gov info io it ly me mx net nl online org pt ru shop site "
    "store to tv uk us xyz"
).replace(" ", "|")
"""Ends of names of hosts that people write without more; what begins with a scheme or ``www.`` needs none of them."""
_LINK: Final = re.compile(
    r"(?<![\w@.+-])(?:[a-z][a-z0-9+.-]{1,15}://[^\s/]"
    r"|www\d?\.[\w-]"
    rf"|[a-z0-9](?:[\w-]{{0,61}}\.){{1,4}}(?:{_ENDINGS})(?=[/:?#]|[^\w@.-]|[.](?!\w)|$))",
    re.IGNORECASE,
)


def has_link(text: str) -> bool:
    """Tell whether a text has an address in it that one may go to, with a scheme or without."""
    return _LINK.search(text) is not None
