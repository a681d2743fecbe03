"""Messages: sending, changing, reading."""
