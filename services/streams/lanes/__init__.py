"""Lanes: one queue per stream that this node writes to, and the flights by which they write."""
