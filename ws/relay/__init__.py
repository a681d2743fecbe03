"""The relay: what this node tells the others and hears of them, and how it finds what never came."""
