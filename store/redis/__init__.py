"""The Redis side of the seams: addresses, ordinary commands, and the links that carry pub/sub."""
