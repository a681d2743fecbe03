"""Codes by mail: sent, and what they are for where there is no password."""
