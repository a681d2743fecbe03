"""The hub: which sessions of this node watch which streams, and the fan-out to them."""
