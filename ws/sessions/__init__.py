"""Sessions: who is connected, what they ask, and how they come up to date."""
