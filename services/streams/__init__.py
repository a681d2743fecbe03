"""Streams: lanes, flights, and what is read of them."""
