"""How often people post, and change what they posted."""

from typing import Final

from services.operations.limits import Limit

POST_USER: Final = Limit("post_user", 10, 30)
"""Each post goes into the feeds of many."""

POST_CHANGE: Final = Limit("post_change", 20, 2)
