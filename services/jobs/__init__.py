"""Work that is done once, by whichever node comes first, and survives all of them."""
