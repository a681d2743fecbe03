"""Secrets: passwords, tickets and codes, and how the store keeps them."""
