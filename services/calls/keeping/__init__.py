"""Keeping calls: in memory, in the store, and alive when nodes die."""
