"""Posts: making, listing, changing and removing them."""
