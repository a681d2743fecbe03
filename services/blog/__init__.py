"""The wire of the older blog, by what there is here."""
