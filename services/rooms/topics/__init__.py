"""Topics: made, listed and searched, the rooms in them, and what becomes of those when a topic is closed or left."""
