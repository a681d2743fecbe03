"""Votes on posts and comments, and their totals."""
