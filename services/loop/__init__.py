"""Living with one event loop: tasks and their owners, pauses, turns, and reads that many share."""
