"""Calls: one object for each, owned by the server; clients say what they want to do."""
