"""Doors for clients of the older systems."""
