"""Telling people of what happened that concerns them."""
