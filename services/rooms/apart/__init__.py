"""People who are not to reach each other: blocks, and accounts that are no more."""
