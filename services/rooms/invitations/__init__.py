"""Invitations: to what is not open to all, and rooms that begin with some."""
