"""Accounts: people, passwords, tokens and log-ins."""
