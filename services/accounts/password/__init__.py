"""Passwords and e-mail addresses: what may be one, how it is changed, and how it comes back."""
