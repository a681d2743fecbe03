"""Items and the events about them, as they stand on the wire."""
